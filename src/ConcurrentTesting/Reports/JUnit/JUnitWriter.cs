using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.JUnit;

/// <summary>Writes JUnit XML: flat suites, one a class of an assembly; one case a test with its final outcome; earlier attempts in the
/// elements of the Surefire schema (<see href="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd"/>)
/// that Jenkins reads.</summary>
internal sealed partial class JUnitWriter : IDisposable
{
    // GitLab refuses a file of more than 30 MB. The bytes of a case beside its texts are a guess on the safe side.
    private const long MostBytes = 28_000_000;
    private const long BytesOfCase = 900;
    private const int ShortText = 2048;
    private const int ShortestText = 200;

    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    private readonly RunRecord _record;
    private readonly bool _isStrict;
    private readonly ImmutableArray<TestRecord> _entries;
    private readonly AttachmentFolder _attachments;
    private readonly ReportText _text;
    private readonly ReportXml _xml;
    private readonly Action<string, string> _property;
    private readonly string _machine;
    private readonly string _run;
    private (string File, string Path) _relative = ("", "");
    private long _room;
    private long _roomForPassed;

    private JUnitWriter(RunRecord record, Stream output, AttachmentFolder attachments, ReportText text)
    {
        _record = record;
        _isStrict = record.Settings.JUnitFormat == JUnitFormat.Strict;
        _attachments = attachments;
        _text = text;
        _entries = record.Entries;
        _machine = text.Redacted(record.Machine);
        _run = text.Redacted(record.RunId);
        _room = Math.Max(MostBytes / 10, MostBytes - BytesOfCase * _entries.Length);
        _roomForPassed = _room / 2;
        _xml = new ReportXml(output);
        _property = Property;
    }

    /// <param name="attachments">Where the attachments lie; see <see cref="Trx.TrxMerger"/>, which gathers them.</param>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static void Write(
        RunRecord record, Stream output, AttachmentFolder attachments, ReportText text, CancellationToken cancellationToken)
    {
        using var writer = new JUnitWriter(record, output, attachments, text);
        writer.Write(cancellationToken);
    }

    public void Dispose() => _xml.Dispose();

    private void Write(CancellationToken cancellationToken)
    {
        _xml.Begin();
        _xml.Start("testsuites");
        _xml.Attribute("name", "ConcurrentTest");
        var needsRunItself = NeedsRunItself;
        var totals = new JUnitTotals();
        foreach (var test in _entries)
            totals.Add(test);

        if (needsRunItself)
            totals.AddRun();

        Totals(totals, hasSkipped: !_isStrict);
        if (needsRunItself)
            RunItself();

        foreach (var suite in JUnitSuite.Of(_entries, _text))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Suite(suite);
        }

        _xml.End();
    }

    // Readers take a file without tests, or with good ones only, for "all is well", so a run that ended otherwise is a failing case itself.
    private bool NeedsRunItself =>
        _record.ExitCode is not (ConcurrentTestExitCode.Success or ConcurrentTestExitCode.TestsFailed)
        && _entries.All(test => test.Outcome is TestOutcome.Passed or TestOutcome.Skipped);

    private void RunItself()
    {
        _xml.Start("testsuite");
        _xml.Attribute("name", "ConcurrentTest");
        _xml.Attribute("tests", 1);
        _xml.Attribute("failures", 0);
        _xml.Attribute("errors", 1);
        _xml.Attribute("skipped", 0);
        Seconds(0);
        Time("timestamp", _record.StartedAt);
        _xml.Attribute("hostname", _machine);
        _xml.Attribute("package", "ConcurrentTest");
        _xml.Start("properties");
        RunProperties();
        _xml.End();
        _xml.Start("testcase");
        _xml.Attribute("classname", "ConcurrentTest");
        _xml.Attribute("name", "Run");
        Seconds(0);
        if (!_isStrict)
        {
            _xml.Start("properties");
            RunProperties();
            _xml.End();
        }

        _xml.Start("error");
        var reason = _text.Message(_record.Reason);
        _xml.Attribute("message", reason);
        _xml.Attribute("type", _record.ExitCode.ToString());
        _xml.Text(reason);
        _xml.End();
        _xml.Element("system-out", reason);
        _xml.End();
        _xml.End();
    }

    private void RunProperties()
    {
        Property("run", _run);
        Property("seed", Number(_record.Seed));
    }

    private void Suite(JUnitSuite suite)
    {
        var totals = new JUnitTotals();
        foreach (var (test, _) in suite.Cases)
            totals.Add(test);

        var className = _text.Redacted(suite.ClassName);
        var assembly = suite.Cases[0].Test.Assembly;
        _xml.Start("testsuite");
        _xml.Attribute("name", className);
        Totals(totals, hasSkipped: true);
        Time("timestamp", totals.StartedAt);
        _xml.Attribute("hostname", _machine);
        _xml.Attribute("package", _text.Redacted(suite.Source));
        _xml.Start("properties");
        Property("assembly", _text.Redacted(assembly.Name));
        Property("framework", _text.Redacted(assembly.TargetFramework));
        RunProperties();
        _xml.End();
        foreach (var one in suite.Cases)
            Case(one, className);

        _xml.End();
    }

    private void Totals(JUnitTotals totals, bool hasSkipped)
    {
        _xml.Attribute("tests", totals.Tests);
        _xml.Attribute("failures", totals.Failures);
        _xml.Attribute("errors", totals.Errors);
        if (hasSkipped)
            _xml.Attribute("skipped", totals.Skipped);

        Seconds(totals.Seconds);
    }

    private void Case(JUnitCase one, string className)
    {
        var test = one.Test;
        _xml.Start("testcase");
        _xml.Attribute("classname", className);
        _xml.Attribute("name", _text.Redacted(one.Name));
        Seconds(test.Final.Duration.TotalSeconds);
        if (!_isStrict)
        {
            Place(test);
            _xml.Start("properties");
            CaseProperties(one, _property);
            _xml.End();
        }

        Outcome(test);
        Streams(one);
        _xml.End();
    }

    private void Place(TestRecord test)
    {
        if (test.SourceFile is { } file)
            _xml.Attribute("file", _text.Redacted(RelativePath(file)));

        if (test.Line is { } line)
            _xml.Attribute("line", line);
    }

    private void CaseProperties(JUnitCase one, Action<string, string> tell)
    {
        var (test, final) = (one.Test, one.Test.Final);
        if (final.Worker >= 0)
            tell("worker", Number(final.Worker));

        if (final.Database is { } database)
            tell("database", _text.Redacted(database));

        tell("attempt", Number(final.Number));
        tell("attempts", Number(test.Attempts.Length));
        tell("batch", Number(final.Batch));
        tell("started", final.StartedAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
        if (one.Name != test.Name && one.Name != _text.Redacted(test.Name))
            tell("original-name", _text.Redacted(test.Name));

        foreach (var (name, value) in test.Traits)
            tell(_text.Redacted($"trait.{name}"), _text.Redacted(value));
    }

    /// <summary>What the strict format has no place for, in words: Jenkins shows it with the test.</summary>
    private string InWords(JUnitCase one)
    {
        var lines = new List<string>();
        if (one.Test.SourceFile is { } file)
            lines.Add($"file: {RelativePath(file)}{(one.Test.Line is { } line ? Invariant($":{line}") : "")}");

        CaseProperties(one, (name, value) =>
        {
            if (name != "worker")
                lines.Add($"{name}: {value}");
        });
        return string.Join('\n', lines.Select(line => _text.Whole(line.ReplaceLineEndings(" "))));
    }

    /// <summary>The elements in the order of the Surefire schema: failure and its reruns, skipped, error and its reruns.</summary>
    private void Outcome(TestRecord test)
    {
        TestAttempt[] earlier = test.Attempts.Length == 1 ? [] : [.. test.Others.Where(DecidingAttempt.IsFailure)];
        if (test.Outcome is TestOutcome.Failed or TestOutcome.TimedOut)
            Failure("failure", test.Final);

        EarlierAttempts(test, earlier, areErrors: false);
        if (test.Outcome == TestOutcome.Skipped)
            Skipped(test);

        if (test.Outcome == TestOutcome.Error)
            Failure("error", test.Final);

        EarlierAttempts(test, earlier, areErrors: true);
    }

    private void Failure(string element, TestAttempt attempt)
    {
        _xml.Start(element);
        Describe(attempt);
        _xml.Text(Body(attempt));
        _xml.End();
    }

    /// <summary>Skipped, or failed with its failure muted: then the reason of that comes first and the failure after it.</summary>
    private void Skipped(TestRecord test)
    {
        var reason = _text.Message((test.IsMuted ? test.Quarantine : test.Final.Message) ?? "");
        _xml.Start("skipped");
        _xml.Attribute("message", reason);
        _xml.Text(test.IsMuted ? $"{reason}\n{Body(test.Final)}" : reason);
        _xml.End();
    }

    private void EarlierAttempts(TestRecord test, TestAttempt[] earlier, bool areErrors)
    {
        var prefix = FailureKinds.IsFailure(test) ? "rerun" : "flaky";
        foreach (var attempt in earlier.Where(attempt => attempt.Outcome == TestOutcome.Error == areErrors))
        {
            _xml.Start(prefix + (areErrors ? "Error" : "Failure"));
            Describe(attempt);
            _xml.Element("stackTrace", Body(attempt));
            _xml.Element("system-out", StandardOutput(attempt));
            StandardError(attempt);
            _xml.End();
        }
    }

    private void Describe(TestAttempt attempt)
    {
        _xml.Attribute("message", Bounded(_text.Message(attempt.Message ?? Fallback(attempt)), attempt));
        _xml.Attribute("type", _text.Redacted(FailureType(attempt)));
    }

    /// <summary>Type, message and stack: some readers show the body and nothing else.</summary>
    private string Body(TestAttempt attempt)
    {
        var message = _text.Message(attempt.Message ?? Fallback(attempt));
        var type = FailureType(attempt);
        var head = message.StartsWith(type, StringComparison.Ordinal) ? message : $"{type}: {message}";
        return Bounded(
            string.IsNullOrWhiteSpace(attempt.StackTrace) ? head : $"{head}\n{_text.Stream(attempt.StackTrace)}", attempt);
    }

    private void Streams(JUnitCase one)
    {
        var output = StandardOutput(one.Test.Final);
        _xml.Element("system-out", _isStrict ? $"{output}\n{InWords(one)}" : output);
        StandardError(one.Test.Final);
    }

    private string StandardOutput(TestAttempt attempt)
    {
        var worker = attempt.Worker < 0 ? "not run" : $"Worker ID: {Number(attempt.Worker)}";
        var files = _attachments.Of(attempt);
        if (string.IsNullOrEmpty(attempt.StandardOutput) && files.Count == 0)
            return worker;
        var output = new StringBuilder(worker);
        if (!string.IsNullOrEmpty(attempt.StandardOutput))
            output.Append('\n').Append(Bounded(_text.Stream(attempt.StandardOutput), attempt));

        foreach (var file in files)
            output.Append(CultureInfo.InvariantCulture, $"\n[[ATTACHMENT|{LegalXml.Clean(RelativePath(file))}]]");

        return output.ToString();
    }

    private void StandardError(TestAttempt attempt)
    {
        if (!string.IsNullOrEmpty(attempt.StandardError))
            _xml.Element("system-err", Bounded(_text.Stream(attempt.StandardError), attempt));
    }

    /// <summary>A text as far as the file has room for it: first that of tests which passed is left out, then that of failures is
    /// cut.</summary>
    private string Bounded(string text, TestAttempt attempt)
    {
        var size = Size(text);
        if (attempt.Outcome is TestOutcome.Passed or TestOutcome.Skipped)
        {
            if (size > ShortestText && size > _roomForPassed)
                return Invariant($"[{text.Length} characters are left out here, because readers refuse a larger junit.xml; test-results.trx has them]");
            _roomForPassed -= size;
        }
        else if (size > _room)
        {
            text = TextCap.Apply(text, _room > -MostBytes / 10 ? ShortText : ShortestText);
            size = Size(text);
        }

        _room -= size;
        return text;
    }

    // This is the size after escaping, with the longest form of each entity.
    private static long Size(string text) => Encoding.UTF8.GetByteCount(text) + 5L * text.AsSpan().Count('<')
        + 5L * text.AsSpan().Count('>') + 5L * text.AsSpan().Count('&') + 5L * text.AsSpan().Count('"') + 5L * text.AsSpan().Count('\n');

    private void Property(string name, string value)
    {
        _xml.Start("property");
        _xml.Attribute("name", name);
        _xml.Attribute("value", value);
        _xml.End();
    }

    /// <summary>No separators, never negative, and above zero.</summary>
    private void Seconds(double seconds) => _xml.Attribute("time", Math.Max(seconds, JUnitTotals.ShortestTime), "0.000");

    private void Time(string name, DateTimeOffset time) => _xml.Attribute(name, time.UtcDateTime, TimeFormat);

    /// <summary>Relative to the repository where the file is in it, with forward slashes.</summary>
    private string RelativePath(string file)
    {
        // The tests of a class lie in one file.
        if (file != _relative.File)
            _relative = (file, StackTraceText.RelativePath(file, _record.Settings.RootDirectory).Replace('\\', '/'));
        return _relative.Path;
    }

    private static string Fallback(TestAttempt attempt) => attempt.Outcome switch
    {
        TestOutcome.TimedOut => "The test did not end in time.",
        TestOutcome.Error => "The test gave no result.",
        _ => "The test failed without a message.",
    };

    /// <summary>The exception's type where the message begins with it, as all four frameworks do unless an assertion failed; else the
    /// outcome.</summary>
    private static string FailureType(TestAttempt attempt)
    {
        var match = ExceptionType().Match(attempt.Message ?? "");
        return match.Success && attempt.Outcome == TestOutcome.Failed ? match.Groups["type"].Value : FailureKinds.Of(attempt).ToString();
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"\A(?:Test method \S+ threw exception:\s+|(?:OneTime)?SetUp : |(?:OneTime)?TearDown : |OneTimeSetUp: SetUp : )?(?<type>[A-Za-z_][\w.+`]*Exception)\s?:", RegexOptions.CultureInvariant)]
    private static partial Regex ExceptionType();
}
