using System.Xml;
using System.Xml.Linq;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Settings;

/// <summary>The kinds of values that parameters take.</summary>
internal static partial class ValueKinds
{
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(7);

    private static readonly ImmutableArray<string> Placeholders =
        ["ConnectionString", "Database", "Host", "Port", "Username", "Password", "Worker"];

    public static ValueKind<bool> Flag { get; } = new(
        Arity.Flag,
        "true or false",
        text => text.Values.IsEmpty || text.Values[0].ToUpperInvariant() switch
        {
            "TRUE" or "1" => true,
            "FALSE" or "0" => false,
            _ => throw new UnreadableValueException(),
        },
        NoFlaw);

    public static ValueKind<string> Word { get; } = new(
        Arity.One,
        "a name without spaces",
        Single,
        value => value.Any(char.IsWhiteSpace) || value.Length == 0 ? string.Empty : null);

    public static ValueKind<string> Secret { get; } = new(Arity.One, "a connection string", Single, NoFlaw);

    public static ValueKind<string> Path { get; } = new(Arity.One, "a path", text => text.ToAbsolutePath(Single(text)), NoFlaw);

    public static ValueKind<string> TestName { get; } = new(Arity.One, "the name of a test", Single, NoFlaw);

    public static ValueKind<string> ExistingFile { get; } = new(
        Arity.One,
        "the path of a file",
        text => text.ToAbsolutePath(Single(text)),
        file => File.Exists(file) ? null : $"no such file: {file}");

    public static ValueKind<ImmutableArray<string>> Journals { get; } = new(
        Arity.Many,
        "results folders of earlier runs, or files run.events.jsonl",
        text => [.. Several(text).Select(text.ToAbsolutePath)],
        paths => paths.FirstOrDefault(path => !Directory.Exists(path) && !File.Exists(path)) is { } missing
            ? $"no such folder or file: {missing}"
            : null);

    public static ValueKind<string> RunSettings { get; } = new(
        Arity.One,
        "the path of a .runsettings file",
        text => text.ToAbsolutePath(Single(text)),
        XmlFlaw);

    public static ValueKind<string> Filter { get; } = new(
        Arity.One,
        "conditions like Name~Order or Category!=Slow (= != ~ !~), joined by & and |, grouped by ( ), with \\ before a special character in a value",
        Single,
        FilterFlaw);

    public static ValueKind<DatabaseEngine> Engine { get; } = new(
        Arity.One,
        "none, sqlite, postgresql or mysql",
        text => Enum.GetValues<DatabaseEngine>().Cast<DatabaseEngine?>()
                    .FirstOrDefault(engine => string.Equals($"{engine}", Single(text), StringComparison.OrdinalIgnoreCase))
                ?? throw new UnreadableValueException(),
        engine => Enum.IsDefined(engine) ? null : string.Empty);

    public static ValueKind<TimeSpan> Duration { get; } = new(
        Arity.One,
        "a duration above zero and up to 168h, like 500ms, 30s, 5m or 1h; a bare number is seconds",
        text => ToDuration(Single(text)),
        value => value > TimeSpan.Zero && value <= LongestDuration ? null : string.Empty);

    public static ValueKind<TimeSpan> Delay { get; } = new(
        Arity.One,
        "a duration from 0 to 168h, like 500ms, 30s or 5m; a bare number is seconds",
        text => ToDuration(Single(text)),
        value => value >= TimeSpan.Zero && value <= LongestDuration ? null : string.Empty);

    public static ValueKind<TimeSpan?> Limit { get; } = new(
        Arity.One,
        "off, or a duration up to 168h, like 500ms, 30s, 5m or 1h; a bare number is seconds",
        text => string.Equals(Single(text), "off", StringComparison.OrdinalIgnoreCase) ? null : ToDuration(Single(text)),
        value => value is null || (value > TimeSpan.Zero && value <= LongestDuration) ? null : string.Empty);

    public static ValueKind<ImmutableArray<string>> Projects { get; } = new(
        Arity.Many,
        "paths and globs of projects, solutions, assemblies and folders, with ! before what is left out",
        text => [.. Several(text).Select(pattern => SettingsPaths.Pattern(pattern, text.ToAbsolutePath))],
        projects => projects.IsEmpty
            ? "there is nothing to test: name projects with --test-projects, or in the build class with "
              + "IEnumerable<AbsolutePath> IConcurrentTest.ConcurrentTestProjects"
            : null);

    public static ValueKind<ImmutableArray<string>> Template { get; } = new(
        Arity.Many,
        "SQL files, folders of them, cmd:COMMAND, db:NAME of an existing database, watch:PATH, or none",
        text => IsNone(text) ? [] : [.. Several(text).Select(entry => TemplateEntry.Split(entry).WithPath(text.ToAbsolutePath))],
        entries => entries.Select(TemplateFlaw).FirstOrDefault(flaw => flaw is not null));

    public static ValueKind<ImmutableArray<string>> DatabaseNames { get; } = new(
        Arity.Many,
        "names of letters, digits and underscores, each once",
        text => [.. Several(text).SelectMany(
            entry => entry.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
        names => names.IsEmpty || !names.All(DatabaseName().IsMatch)
            || names.Distinct(StringComparer.OrdinalIgnoreCase).Count() < names.Length
            ? string.Empty
            : null);

    public static ValueKind<ImmutableArray<string>> DatabaseSettings { get; } = new(
        Arity.Many,
        "NAME=VALUE",
        Several,
        entries => entries.Any(entry => entry.IndexOf('=', StringComparison.Ordinal) <= 0) ? string.Empty : null);

    public static ValueKind<ImmutableArray<string>> Guards { get; } = new(
        Arity.Many,
        string.Join(", ", GuardName.All.Select(guard => guard.Name)),
        Several,
        names => names.All(name => GuardName.All.Any(guard => guard.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            ? null
            : string.Empty);

    public static ValueKind<ImmutableArray<string>> Hosts { get; } = new(
        Arity.Many, "host names or addresses, in which * stands for anything", Several, NoFlaw);

    public static ValueKind<ImmutableArray<string>> Names { get; } = new(
        Arity.Many, "names of collections, classes or namespaces", Several, NoFlaw);

    public static ValueKind<ImmutableArray<string>> ExtensionNames { get; } = new(
        Arity.Many, "names of PostgreSQL extensions", Several, NoFlaw);

    public static ValueKind<ImmutableArray<EnvironmentPattern>> Patterns { get; } = new(
        Arity.Many,
        $"NAME=PATTERN with {string.Join(", ", Placeholders.Select(name => $"{{{name}}}"))}",
        text => [.. Several(text).Select(ToPattern)],
        patterns => patterns.Select(PatternFlaw).FirstOrDefault(flaw => flaw is not null) ?? DuplicateFlaw(patterns));

    public static ValueKind<int> WholeNumber(int least, int most) => new(
        Arity.One,
        most == int.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}",
        ToInteger,
        value => value >= least && value <= most ? null : string.Empty);

    public static ValueKind<int?> OptionalNumber(int least) => new(
        Arity.One,
        $"a whole number from {least}",
        text => ToInteger(text),
        value => value is null || value >= least ? null : string.Empty);

    public static ValueKind<ImmutableArray<string>> Folders { get; } = new(
        Arity.Many, "paths of folders", text => [.. Several(text).Select(text.ToAbsolutePath)], NoFlaw);

    public static ValueKind<string> Shard { get; } = new(
        Arity.One,
        $"i/n with i from 1 to n and n up to {Scheduling.Sharding.Shard.Most}, or auto",
        Single,
        value => Scheduling.Sharding.Shard.IsAuto(value) || Scheduling.Sharding.Shard.Read(value) is not null ? null : string.Empty);

    public static ValueKind<TestOrder> Order { get; } = new(
        Arity.One,
        "failed-first, longest-first or random",
        text => Enum.GetValues<TestOrder>().Cast<TestOrder?>()
                    .FirstOrDefault(order => PlainName.Same($"{order}", Single(text)))
                ?? throw new UnreadableValueException(),
        order => Enum.IsDefined(order) ? null : string.Empty);

    public static ValueKind<string?> Stress { get; } = new(
        Arity.One,
        $"off, a number of times from 1 to {Scheduling.StressGoal.Most.ToString(CultureInfo.InvariantCulture)}, or a duration up to 168h with its unit, like 30s, 10m or 1h",
        text => string.Equals(Single(text), "off", StringComparison.OrdinalIgnoreCase) ? null : Single(text),
        value => Scheduling.StressGoal.Read(value) is null ? string.Empty : null);

    public static ValueKind<int?> ShardCount { get; } = new(
        Arity.One,
        $"a whole number from 1 to {Scheduling.Sharding.Shard.Most}",
        text => ToInteger(text),
        value => value is null or (>= 1 and <= Scheduling.Sharding.Shard.Most) ? null : string.Empty);

    public static ValueKind<int?> Port { get; } = new(
        Arity.One,
        "a port from 1 to 65535",
        text => ToInteger(text),
        value => value is null or (>= 1 and <= ushort.MaxValue) ? null : string.Empty);

    /// <summary>A port as <see cref="Port"/> has it, or 0 for one that is free.</summary>
    public static ValueKind<int?> FreePort { get; } = new(
        Arity.One,
        "auto, or a port from 1 to 65535",
        text => string.Equals(Single(text), "auto", StringComparison.OrdinalIgnoreCase) ? 0
            : ToInteger(text) is var port and not 0 ? port
            : throw new UnreadableValueException(),
        value => value is null or (>= 0 and <= ushort.MaxValue) ? null : string.Empty);

    public static ValueKind<string> WebAddress { get; } = new(
        Arity.One,
        "an address that begins with http:// or https://",
        Single,
        value => Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? null : string.Empty);

    /// <summary>The words of an enumeration, in any case.</summary>
    public static ValueKind<T> OneOf<T>()
        where T : struct, Enum => new(
            Arity.One,
            string.Join(" or ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant())),
            text => Enum.GetNames<T>().Contains(Single(text), StringComparer.OrdinalIgnoreCase)
                ? Enum.Parse<T>(Single(text), ignoreCase: true)
                : throw new UnreadableValueException(),
            value => Enum.IsDefined(value) ? null : string.Empty);

    private static string? NoFlaw<T>(T value) => null;

    private static string Single(ParameterText text) => text.Values.Length switch
    {
        1 when text.Values[0].Length > 0 => text.Values[0],
        0 or 1 => throw new UnreadableValueException("a value is missing"),
        var count => throw new UnreadableValueException($"these are {count} values (quote one that has spaces)"),
    };

    private static ImmutableArray<string> Several(ParameterText text) =>
        text.Values.IsEmpty || text.Values.Contains(string.Empty) ? throw new UnreadableValueException("a value is missing") : text.Values;

    private static bool IsNone(ParameterText text) => text.Values is [var only] && only.Equals("none", StringComparison.OrdinalIgnoreCase);

    private static int ToInteger(ParameterText text) =>
        int.TryParse(Single(text), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new UnreadableValueException();

    private static TimeSpan ToDuration(string text)
    {
        var match = DurationPattern().Match(text);
        if (!match.Success
            || !double.TryParse(match.Groups["number"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            throw new UnreadableValueException();

        var milliseconds = number * match.Groups["unit"].Value.ToUpperInvariant() switch
        {
            "MS" => 1,
            "M" => 60_000,
            "H" => 3_600_000,
            _ => 1_000,
        };
        return milliseconds <= LongestDuration.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new UnreadableValueException();
    }

    private static string? FilterFlaw(string filter)
    {
        const string Boilerplate = ". Specify the correct format";
        if (filter.Length == 0)
            return "a value is missing";

        // VSTest's own parser checks the filter, so that nothing gets through that VSTest would refuse later.
        var error = TestFilter.FlawOf(filter);
        return string.IsNullOrEmpty(error)
            ? null
            : error.Split(Boilerplate)[0].Replace("Incorrect format for TestCaseFilter ", string.Empty, StringComparison.Ordinal)
                .Replace("Error: ", string.Empty, StringComparison.Ordinal).TrimEnd('.');
    }

    private static string? XmlFlaw(string file)
    {
        if (!File.Exists(file))
            return $"no such file: {file}";

        try
        {
            using var reader = XmlReader.Create(file);
            XDocument.Load(reader);
            return null;
        }
        catch (Exception exception) when (exception is XmlException or IOException or UnauthorizedAccessException)
        {
            return $"{file} cannot be read: {exception.Message}";
        }
    }

    private static string? TemplateFlaw(string templateEntry)
    {
        var entry = TemplateEntry.Split(templateEntry);
        if (entry.IsPath)
            return File.Exists(entry.Value) || Directory.Exists(entry.Value) ? null : $"no such file or folder: {entry.Value}";
        return string.IsNullOrWhiteSpace(entry.Value) ? $"nothing after {templateEntry}" : null;
    }

    private static EnvironmentPattern ToPattern(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is var equals && equals > 0
            ? new EnvironmentPattern(text[..equals], text[(equals + 1)..])
            : throw new UnreadableValueException($"{text} has no name before the =");

    private static string? PatternFlaw(EnvironmentPattern pattern)
    {
        if (!VariableName().IsMatch(pattern.Name))
        {
            return $"{pattern.Name} is not a variable's name"
                + (pattern.Name.Contains(':', StringComparison.Ordinal)
                    ? $"; .NET's configuration reads {pattern.Name.Replace(":", "__", StringComparison.Ordinal)} as it"
                    : "");
        }

        if (!RunSettingsDocument.CanHold(pattern.Name, pattern.Pattern))
            return $"the value of {pattern.Name} cannot be passed on: it is blank, or has a character that XML does not allow";

        // Other names in braces are text, such as ODBC's Driver={MariaDB}, unless they may be meant for a placeholder.
        var unknown = Placeholder().Matches(pattern.Pattern).Select(match => match.Groups[1].Value.Split(':')).FirstOrDefault(
            parts => !Placeholders.Contains(parts[0], StringComparer.OrdinalIgnoreCase)
                && (parts.Length > 1 || NearestName.IsNear(parts[0], Placeholders)))?[0];
        return unknown is null
            ? null
            : $"{pattern.Name} has the unknown placeholder {{{unknown}}}; did you mean {{{NearestName.Of(unknown, Placeholders)}}}?";
    }

    private static string? DuplicateFlaw(ImmutableArray<EnvironmentPattern> patterns) =>
        patterns.GroupBy(pattern => pattern.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? $"{twice.Key} is given twice"
            : null;

    [GeneratedRegex(@"^(?<number>\d+(\.\d+)?)(?<unit>ms|s|m|h)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_.-]*\z")]
    private static partial Regex VariableName();

    [GeneratedRegex(@"^[A-Za-z0-9_]+\z")]
    private static partial Regex DatabaseName();

    [GeneratedRegex(@"\{([A-Za-z][A-Za-z0-9_:.-]*)\}")]
    private static partial Regex Placeholder();
}
