using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>Reads what a test host says beside its results. An error that does not repeat a test's own result makes <c>dotnet test</c>
/// fail. xunit writes the details of an error in indented lines after it; NUnit and VSTest write everything in one message.</summary>
internal sealed partial class AdapterErrors(string assembly)
{
    private const string StackTraceHeading = "Stack Trace:";

    private readonly List<AdapterError> _errors = [];
    private readonly List<string> _details = [];
    private AdapterError? _told;
    private int _indentation;

    /// <summary>What was told so far, each as often as it was told.</summary>
    public ImmutableArray<AdapterError> All => _told is { } last ? [.. _errors, WithDetails(last)] : [.. _errors];

    /// <param name="at">When it was told.</param>
    public void Add(HostMessageLevel level, string text, DateTimeOffset? at = null)
    {
        var line = XUnitLine().Match(text);
        if (level == HostMessageLevel.Error && _told is { Fixture: not null, Message: "" } fixture)
            _told = WithRest(fixture, text);
        else if (level == HostMessageLevel.Error)
            Begin(Of(line, text, at), line.Groups["indentation"].Length);
        else if (line.Success && line.Groups["indentation"].Length > _indentation && _told is not null)
            _details.Add(line.Groups["text"].Value);
        else
            Begin(null, 0);
    }

    /// <summary>MSTest reports a failed clean-up as a second, failed result of a test; null where a result's message is not such a
    /// report.</summary>
    public static AdapterError? OfResult(string? message, string? stackTrace) =>
        message is not null && MSTestCleanUp().Match(message) is { Success: true } cleanUp
            ? new AdapterError(
                AdapterErrorKind.CleanUp, $"{cleanUp.Groups["scope"].Value} clean-up {cleanUp.Groups["method"].Value}", null,
                message.Trim(), stackTrace)
            : null;

    /// <summary>xunit's adapters report the failed clean-up of a single test as an error and as one more result of it. What the error is
    /// about, as <see cref="All"/> tells it; null where a result's message is not such a report.</summary>
    public static string? SubjectOfResult(string? message) =>
        message is not null && XUnitCleanUpResult().Match(message) is { Success: true } cleanUp
            ? SubjectOf(cleanUp.Groups["scope"].Value, cleanUp.Groups["name"].Value)
            : null;

    private static string SubjectOf(string scope, string name) => $"{(scope.Length > 0 ? scope : "Test")} clean-up {name}";

    private void Begin(AdapterError? error, int indentation)
    {
        if (_told is { } last)
            _errors.Add(WithDetails(last));
        _details.Clear();
        (_told, _indentation) = (error, indentation);
    }

    private AdapterError? Of(Match line, string text, DateTimeOffset? at)
    {
        var error = line.Success ? OfXUnit(line.Groups["text"].Value) : OfOthers(text.Trim());
        return error is null ? null : error with { At = at };
    }

    private AdapterError? OfXUnit(string text)
    {
        if (HarmlessErrors.IsEcho(text))
            return null;
        if (XUnitCleanUp().Match(text) is not { Success: true } cleanUp)
            return new AdapterError(AdapterErrorKind.Other, "", null, text, null);
        var scope = cleanUp.Groups["scope"].Value;
        var fixture = scope == "Assembly" ? assembly : cleanUp.Groups["name"].Value;
        return new AdapterError(AdapterErrorKind.CleanUp, SubjectOf(scope, fixture), fixture, cleanUp.Groups["type"].Value, null);
    }

    private static AdapterError OfOthers(string text)
    {
        if (NUnitFixture().Match(text) is not { Success: true } fixture)
            return new AdapterError(AdapterErrorKind.Other, "", null, text, null);
        var name = fixture.Groups["name"].Value.Trim();
        return WithRest(
            fixture.Groups["what"].Value == "TearDown"
                ? new AdapterError(AdapterErrorKind.CleanUp, $"Tear-down {name}", name, "", null)
                : new AdapterError(AdapterErrorKind.SetUp, $"Set-up {name}", name, "", null),
            fixture.Groups["rest"].Value);
    }

    // NUnit names the fixture in one message and says what happened in the next.
    private static AdapterError WithRest(AdapterError fixture, string text)
    {
        var parts = text.Split("StackTrace:", 2);
        var message = parts[0].Trim();
        var tearDown = message.IndexOf("TearDown : ", StringComparison.Ordinal);
        return fixture with
        {
            Message = tearDown > 0
            ? message[tearDown..]
            : message,
            StackTrace = parts.Length > 1 ? parts[1].Trim() : null
        };
    }

    private AdapterError WithDetails(AdapterError error)
    {
        if (_details.Count == 0)
            return error;
        var heading = _details.IndexOf(StackTraceHeading);
        var message = string.Join('\n', heading < 0 ? _details : _details[..heading]).Trim();
        return error with
        {
            Message = message.Length == 0 ? error.Message : message,
            StackTrace = heading < 0 ? null : string.Join('\n', _details[(heading + 1)..]).Trim(),
        };
    }

    [GeneratedRegex(@"\A\[xUnit\.net \d+:\d+:\d+\.\d+\](?<indentation> +)(?<text>.*)\z", RegexOptions.Singleline)]
    private static partial Regex XUnitLine();

    [GeneratedRegex(
        @"\A\[Test (?<scope>Assembly|Collection|Class|Method|Case)? ?Cleanup Failure \((?<name>.*)\)\] (?<type>.*)\z",
        RegexOptions.Singleline)]
    private static partial Regex XUnitCleanUp();

    [GeneratedRegex(@"\A\[Test (?<scope>Case)? ?Cleanup Failure \((?<name>.*?)\)\]: ", RegexOptions.Singleline)]
    private static partial Regex XUnitCleanUpResult();

    [GeneratedRegex(
        @"\A(?<what>TearDown|Setup) failed for test fixture (?<name>[^\n]*)\n?(?<rest>.*)\z",
        RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex NUnitFixture();

    [GeneratedRegex(@"\A(?<scope>Class|Assembly) Cleanup method (?<method>\S+) failed\.")]
    private static partial Regex MSTestCleanUp();
}
