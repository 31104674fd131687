namespace ConcurrentTesting.Record;

/// <summary>An exception as the message of a failed test tells of it.</summary>
/// <param name="Type">Its full name; empty where the message names none, as frameworks write their own assertions.</param>
internal sealed partial record ThrownException(string Type, string Message)
{
    // These exceptions only carry the one that happened.
    private static readonly string[] Wrappers =
    [
        "System.AggregateException", "System.Reflection.TargetInvocationException", "System.TypeInitializationException",
        "DbUpdateException", "DbUpdateConcurrencyException",
        "RetryLimitExceededException", "EntityException",
    ];

    private static readonly string[] Assertions =
        ["Xunit.Sdk.", "NUnit.Framework.", "Microsoft.VisualStudio.TestTools.UnitTesting.", "Shouldly.", "FluentAssertions.",
            "AwesomeAssertions."];

    public string Name => Type[(Type.LastIndexOfAny(['.', '+']) + 1)..];

    public bool IsAssertion => Type.Length == 0 || Array.Exists(Assertions, prefix => Type.StartsWith(prefix, StringComparison.Ordinal));

    private bool IsAggregate => Type == Wrappers[0];

    // Entity Framework wraps a cause that might go away in an exception of an ordinary type.
    private bool IsWrapper => Wrappers.Contains(Type) || Wrappers.Contains(Name)
        || Type == "System.InvalidOperationException"
            && Message.StartsWith("An exception has been raised that is likely due to a transient failure.", StringComparison.Ordinal);

    /// <summary>What ended a test: the exception that came out of it, of wrappers what they carry; several where the test and its clean-up
    /// threw, or tasks beside each other did. An inner exception of anything else is not among them, and text that only looks like one is
    /// not either.</summary>
    public static IReadOnlyList<ThrownException> EndingOf(string message) => [.. Failures(message).SelectMany(EndingOfOne)];

    // NUnit writes "Multiple failures or warnings in test:", MSTest "One or more errors occurred." without a type. A text that is cut at
    // the wrong place names no exception.
    private static IEnumerable<string> Failures(string message)
    {
        if (NUnitList().Match(message) is { Success: true } list)
            return NUnitItem().Split(message[list.Length..]).Where(item => item.Trim().Length > 0);
        if (NUnit3List().IsMatch(message))
            return NUnitItem().Split(message);
        return MSTestList().Match(message) is { Success: true } errors ? message[errors.Length..].Split(") (") : [message];
    }

    private static IEnumerable<ThrownException> EndingOfOne(string message)
    {
        string[] parts = Inner().Split(WithoutPlace(message));
        var chain = Array.ConvertAll(parts, Parse);
        var outermost = Array.FindIndex(chain, exception => !exception.IsWrapper || exception.IsAggregate);
        if (outermost < 0)
            return [chain[^1]];
        return chain[outermost].IsAggregate
            && outermost + 1 < chain.Length ? chain[(outermost + 1)..].Where(exception => !exception.IsWrapper) : [chain[outermost]];
    }

    // The beginning says where it was thrown: "SetUp : ", "Test method X threw exception:", "Class fixture type 'X' threw in its
    // constructor".
    private static string WithoutPlace(string message)
    {
        for (var place = Place().Match(message); place.Success; place = Place().Match(message))
            message = message[place.Length..];
        return message;
    }

    private static ThrownException Parse(string part) =>
        Head().Match(part) is { Success: true } head
            ? new ThrownException(head.Groups["type"].Value, part[head.Length..])
            : new ThrownException("", part);

    [GeneratedRegex(@"^Multiple failures or warnings in test:\s*?\n")]
    private static partial Regex NUnitList();

    // The list follows the exception that came last.
    [GeneratedRegex(@"\n\r?\n {2}1\) ")]
    private static partial Regex NUnit3List();

    [GeneratedRegex(@"^ {2}\d+\) ", RegexOptions.Multiline)]
    private static partial Regex NUnitItem();

    [GeneratedRegex(@"^One or more errors occurred\. \(")]
    private static partial Regex MSTestList();

    [GeneratedRegex(
        """
        ^(?:
          (?:OneTimeSetUp|SetUp|TearDown|OneTimeTearDown)\ ?:\ (?!\ )
        | Test\ method\ .+?\ threw\ exception:\s*\n
        | (?:(?:Class|Assembly)\ )?(?:Initialization|Cleanup)\ method\ .+?\ threw\ exception\.\ (?=\S)
        | TestCleanup\ method\ .+?\ threw\ exception\.\ (?=\S)
        | (?:Class|Assembly)\ Cleanup\ method\ .+?\ failed\.\ Error\ Message:\ (?=\S)
        | Error\ calling\ Test\ Cleanup\ method\ for\ test\ class\ .+?:\ (?=\S)
        | Unable\ to\ create\ instance\ of\ class\ .+?\.\ Error:\ (?=\S)
        | (?:Class|Collection|Assembly)\ fixture\ type\ '[^'\n]*'\ threw\ in\ [^\n]*?\r?\n----\ (?=\S)
        )
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Place();

    // xunit and NUnit write "Npgsql.NpgsqlException : …", MSTest "Npgsql.NpgsqlException: …". A "(0x80004005)" in between comes from
    // somebody who made a text of an exception.
    [GeneratedRegex(@"^(?<type>[\p{L}_][\w.+`]*) ?: ?")]
    private static partial Regex Head();

    // Inner exceptions begin with four dashes for each level in xunit, and with an arrow in NUnit (on a line of its own) and in MSTest.
    [GeneratedRegex(@"\r?\n(?:----)+ |\r?\n {2}----> | ---> ")]
    private static partial Regex Inner();
}
