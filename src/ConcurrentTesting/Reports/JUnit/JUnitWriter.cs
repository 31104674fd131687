using System.Xml;
using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.JUnit;

/// <summary>Writes JUnit XML: flat suites, one a class of an assembly; one case a test with its final outcome; earlier attempts in the
/// elements of the Surefire schema (<see href="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd"/>)
/// that Jenkins reads.</summary>
internal sealed partial class JUnitWriter : IDisposable
{
    private const double ShortestTime = 0.001;

    // GitLab refuses a file of more than 30 MB. The bytes of a case beside its texts are a guess on the safe side.
    private const long MostBytes = 28_000_000;
    private const long BytesOfCase = 900;
    private const int ShortText = 2048;
    private const int ShortestText = 200;

    private readonly RunRecord _record;
    private readonly bool _isStrict;
    private readonly ImmutableArray<TestRecord> _entries;
    private readonly AttachmentFolder _attachments;
    private readonly ReportText _text;
    private readonly JUnitNames _names;
    private readonly XmlWriter _xml;
    private long _room;
    private long _roomForPassed;

    private JUnitWriter(RunRecord record, Stream output, AttachmentFolder attachments, ReportText text)
    {
        _record = record;
        _isStrict = record.Settings.JUnitFormat == JUnitFormat.Strict;
        _attachments = attachments;
        _text = text;
        _names = new JUnitNames(_entries = record.Entries, text);
        _room = Math.Max(MostBytes / 10, MostBytes - BytesOfCase * _entries.Length);
        _roomForPassed = _room / 2;
        _xml = LegalXml.Writer(output);
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
        var suites = _entries
            .GroupBy(test => (test.Assembly.Source, test.ClassName))
            .OrderBy(suite => suite.Key.Source, StringComparer.Ordinal)
            .ThenBy(suite => suite.Key.ClassName, StringComparer.Ordinal);

        _xml.WriteStartDocument();
        _xml.WriteStartElement("testsuites");
        Attribute("name", "ConcurrentTest");
        Totals(_entries, isSuite: false);
        if (NeedsRunItself)
            RunItself();

        foreach (var suite in suites)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Suite(suite.Key.Source, suite.Key.ClassName, [.. suite.OrderBy(test => _names[test], StringComparer.Ordinal)]);
        }

        _xml.WriteEndElement();
        _xml.WriteEndDocument();
    }

    // Readers take a file without tests, or with good ones only, for "all is well", so a run that ended otherwise is a failing case itself.
    private bool NeedsRunItself =>
        _record.ExitCode is not (ConcurrentTestExitCode.Success or ConcurrentTestExitCode.TestsFailed)
        && _entries.All(test => test.Outcome is TestOutcome.Passed or TestOutcome.Skipped);

    private void RunItself()
    {
        _xml.WriteStartElement("testsuite");
        Attribute("name", "ConcurrentTest");
        Attribute("tests", "1");
        Attribute("failures", "0");
        Attribute("errors", "1");
        Attribute("skipped", "0");
        Attribute("time", Seconds(ShortestTime));
        Attribute("timestamp", Time(_record.StartedAt));
        Attribute("hostname", _record.Machine);
        Attribute("package", "ConcurrentTest");
        RunProperties();
        _xml.WriteStartElement("testcase");
        Attribute("classname", "ConcurrentTest");
        Attribute("name", "Run");
        Attribute("time", Seconds(ShortestTime));
        if (!_isStrict)
            RunProperties();

        _xml.WriteStartElement("error");
        var reason = _text.Message(_record.Reason);
        _xml.WriteAttributeString("message", reason);
        Attribute("type", _record.ExitCode.ToString());
        _xml.WriteString(reason);
        _xml.WriteEndElement();
        _xml.WriteElementString("system-out", reason);
        _xml.WriteEndElement();
        _xml.WriteEndElement();
    }

    private void RunProperties()
    {
        _xml.WriteStartElement("properties");
        Property("run", _record.RunId);
        Property("seed", Invariant($"{_record.Seed}"));
        _xml.WriteEndElement();
    }

    private void Suite(string source, string className, List<TestRecord> tests)
    {
        _xml.WriteStartElement("testsuite");
        Attribute("name", className);
        Totals(tests, isSuite: true);
        Attribute("timestamp", Time(tests.Min(test => test.Attempts[0].StartedAt)));
        Attribute("hostname", _record.Machine);
        Attribute("package", source);
        _xml.WriteStartElement("properties");
        Property("assembly", tests[0].Assembly.Name);
        Property("framework", tests[0].Assembly.TargetFramework);
        Property("run", _record.RunId);
        Property("seed", Invariant($"{_record.Seed}"));
        _xml.WriteEndElement();
        foreach (var test in tests)
            Case(test);

        _xml.WriteEndElement();
    }

    private void Totals(IReadOnlyCollection<TestRecord> tests, bool isSuite)
    {
        var beside = !isSuite && NeedsRunItself ? 1 : 0;
        Attribute("tests", Number(tests.Count + beside));
        Attribute("failures", Number(tests.Count(test => test.Outcome is TestOutcome.Failed or TestOutcome.TimedOut)));
        Attribute("errors", Number(tests.Count(test => test.Outcome == TestOutcome.Error) + beside));
        if (isSuite || !_isStrict)
            Attribute("skipped", Number(tests.Count(test => test.Outcome == TestOutcome.Skipped)));

        var seconds = tests.Sum(test => Math.Round(Math.Max(test.Final.Duration.TotalSeconds, ShortestTime), 3));
        Attribute("time", Seconds(seconds + beside * ShortestTime));
    }

    private void Case(TestRecord test)
    {
        _xml.WriteStartElement("testcase");
        Attribute("classname", test.ClassName);
        Attribute("name", _names[test]);
        Attribute("time", Seconds(test.Final.Duration.TotalSeconds));
        if (!_isStrict)
        {
            Place(test);
            Properties(CaseProperties(test));
        }

        Outcome(test);
        Streams(test);
        _xml.WriteEndElement();
    }

    private void Place(TestRecord test)
    {
        if (test.SourceFile is { } file)
            Attribute("file", RelativePath(file));

        if (test.Line is { } line)
            Attribute("line", Number(line));
    }

    private void Properties(IEnumerable<(string Name, string Value)> properties)
    {
        _xml.WriteStartElement("properties");
        foreach (var (name, value) in properties)
            Property(name, value);

        _xml.WriteEndElement();
    }

    private IEnumerable<(string Name, string Value)> CaseProperties(TestRecord test)
    {
        var final = test.Final;
        if (final.Worker >= 0)
            yield return ("worker", Number(final.Worker));

        if (final.Database is { } database)
            yield return ("database", database);

        yield return ("attempt", Number(final.Number));
        yield return ("attempts", Number(test.Attempts.Length));
        yield return ("batch", Number(final.Batch));
        yield return ("started", Time(final.StartedAt));
        if (_names[test] != _text.Redacted(test.Name))
            yield return ("original-name", test.Name);

        foreach (var (name, value) in test.Traits)
            yield return ($"trait.{name}", value);
    }

    /// <summary>What the strict format has no place for, in words: Jenkins shows it with the test.</summary>
    private string InWords(TestRecord test)
    {
        var lines = CaseProperties(test).Where(property => property.Name != "worker").Select(
            property => $"{property.Name}: {property.Value}");
        if (test.SourceFile is { } file)
            lines = lines.Prepend($"file: {RelativePath(file)}{(test.Line is { } line ? Invariant($":{line}") : "")}");

        return string.Join('\n', lines.Select(line => _text.Whole(line.ReplaceLineEndings(" "))));
    }

    /// <summary>The elements in the order of the Surefire schema: failure and its reruns, skipped, error and its reruns.</summary>
    private void Outcome(TestRecord test)
    {
        var earlier = test.Others.Where(attempt => attempt.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped))
            .ToLookup(IsError);
        var prefix = test.Outcome is TestOutcome.Passed or TestOutcome.Skipped ? "flaky" : "rerun";
        if (test.Outcome is TestOutcome.Failed or TestOutcome.TimedOut)
            Failure("failure", test.Final);

        EarlierAttempts(prefix, "Failure", earlier[false]);
        if (test.Outcome == TestOutcome.Skipped)
            Skipped(test);

        if (test.Outcome == TestOutcome.Error)
            Failure("error", test.Final);

        EarlierAttempts(prefix, "Error", earlier[true]);
    }

    private void Failure(string element, TestAttempt attempt)
    {
        _xml.WriteStartElement(element);
        Describe(attempt);
        _xml.WriteString(Body(attempt));
        _xml.WriteEndElement();
    }

    /// <summary>Skipped, or failed with its failure muted: then the reason of that comes first and the failure after it.</summary>
    private void Skipped(TestRecord test)
    {
        var reason = _text.Message((test.IsMuted ? test.Quarantine : test.Final.Message) ?? "");
        _xml.WriteStartElement("skipped");
        _xml.WriteAttributeString("message", reason);
        _xml.WriteString(test.IsMuted ? $"{reason}\n{Body(test.Final)}" : reason);
        _xml.WriteEndElement();
    }

    private void EarlierAttempts(string prefix, string element, IEnumerable<TestAttempt> attempts)
    {
        foreach (var attempt in attempts)
        {
            _xml.WriteStartElement(prefix + element);
            Describe(attempt);
            _xml.WriteElementString("stackTrace", Body(attempt));
            _xml.WriteElementString("system-out", StandardOutput(attempt));
            StandardError(attempt);
            _xml.WriteEndElement();
        }
    }

    private void Describe(TestAttempt attempt)
    {
        _xml.WriteAttributeString("message", Bounded(_text.Message(attempt.Message ?? Fallback(attempt)), attempt));
        Attribute("type", FailureType(attempt));
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

    private void Streams(TestRecord test)
    {
        var output = StandardOutput(test.Final);
        _xml.WriteElementString("system-out", _isStrict ? $"{output}\n{InWords(test)}" : output);
        StandardError(test.Final);
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
            _xml.WriteElementString("system-err", Bounded(_text.Stream(attempt.StandardError), attempt));
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
        _xml.WriteStartElement("property");
        Attribute("name", name);
        Attribute("value", value);
        _xml.WriteEndElement();
    }

    private void Attribute(string name, string value) => _xml.WriteAttributeString(name, _text.Whole(value));

    /// <summary>Relative to the repository where the file is in it, with forward slashes.</summary>
    private string RelativePath(string file) => StackTraceText.RelativePath(file, _record.Settings.RootDirectory).Replace('\\', '/');

    private static bool IsError(TestAttempt attempt) => attempt.Outcome == TestOutcome.Error;

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

    /// <summary>No separators, never negative, and above zero: to some readers zero means that there is no time.</summary>
    private static string Seconds(double seconds) => Math.Max(seconds, ShortestTime).ToString("0.000", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"\A(?:Test method \S+ threw exception:\s+|(?:OneTime)?SetUp : |(?:OneTime)?TearDown : |OneTimeSetUp: SetUp : )?(?<type>[A-Za-z_][\w.+`]*Exception)\s?:", RegexOptions.CultureInvariant)]
    private static partial Regex ExceptionType();
}
