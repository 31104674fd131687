using System.Xml;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;
using TestResult = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult;
using VsOutcome = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestOutcome;

namespace ConcurrentTesting.VsTest;

/// <summary>Writes the TRX of a batch as the SDK's logger does, which first builds the whole document in memory and asks it for each place
/// by XPath.</summary>
/// <remarks>https://github.com/microsoft/vstest/tree/main/src/Microsoft.TestPlatform.Extensions.TrxLogger</remarks>
internal sealed class BatchTrxWriter : TrxXml
{
    private const string TimeFormat = "yyyy'-'MM'-'ddTHH':'mm':'ss'.'fffffffzzz";

    private readonly XmlWriter _xml;
    private readonly char[] _id = new char[36];

    private BatchTrxWriter(Stream output) =>
        _xml = XmlWriter.Create(output, new XmlWriterSettings { NewLineHandling = NewLineHandling.Entitize, Indent = true });

    public static void Write(string file, BatchTrx trx)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var output = File.Create(file);
        using var writer = new BatchTrxWriter(output);
        writer.Write(trx);
    }

    public override void Dispose() => _xml.Dispose();

    private void Write(BatchTrx trx)
    {
        _xml.WriteStartDocument();
        Start("TestRun");
        Head(trx.Begun);
        Each("Results", trx.Rows, Result);
        Each("TestDefinitions", trx.Tests, Definition);
        Each("TestEntries", trx.Rows, row => Entry(row.Result.TestCase.Id, row.ExecutionId));
        Lists();
        Summary(trx);
        End();
        _xml.WriteEndDocument();
    }

    private void Head(DateTime begun)
    {
        var now = DateTime.UtcNow;
        Id("id", Guid.NewGuid());
        var moment = now.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        var name = $"{Environment.GetEnvironmentVariable("UserName")}@{Environment.MachineName} {moment}";
        Attribute("name", name);
        if (OperatingSystem.IsWindows())
            Attribute("runUser", $"{Environment.UserDomainName}\\{Environment.UserName}");
        Start("Times");
        Time("creation", now);
        Time("queuing", now);
        Time("start", begun);
        Time("finish", now);
        End();
        Start("TestSettings");
        Attribute("name", "default");
        Id("id", Guid.NewGuid());
        Only("Deployment", "runDeploymentRoot", string.Concat(name.Select(letter => IsOfFileName(letter) ? letter : '_')));
        End();
    }

    private static bool IsOfFileName(char letter) => char.IsLetterOrDigit(letter) || letter is '-' or '.';

    private void Result(BatchTrxRow row)
    {
        var result = row.Result;
        Start("UnitTestResult");
        Id("executionId", row.ExecutionId);
        Id("testId", result.TestCase.Id);
        Attribute("testName", string.IsNullOrEmpty(result.DisplayName) ? row.Test.Case.DisplayName : result.DisplayName);
        Attribute("computerName", Environment.MachineName);
        Times(result);
        Attribute("testType", TrxText.UnitTestType);
        Attribute("outcome", OutcomeOf(result.Outcome));
        Attribute("testListId", TrxText.UncategorizedList);
        Id("relativeResultsDirectory", row.ExecutionId);
        Output(result);
        End();
    }

    private void Times(TestResult result)
    {
        if (result.Duration > TimeSpan.Zero)
            Attribute("duration", result.Duration.ToString("c", CultureInfo.InvariantCulture));
        if (result.StartTime != default)
            Time("startTime", result.StartTime.UtcDateTime);
        if (result.EndTime != default)
            Time("endTime", result.EndTime.UtcDateTime);
    }

    private void Output(TestResult result)
    {
        var hasFailed = (result.ErrorMessage ?? result.ErrorStackTrace) is not null;
        if (result.Messages.Count == 0 && !hasFailed)
            return;
        var output = Said(result, TestResultMessage.StandardOutCategory).Trim();
        var error = Said(result, TestResultMessage.StandardErrorCategory).Trim();
        var trace = Said(result, TestResultMessage.DebugTraceCategory);
        string[] further = [.. Of(result, TestResultMessage.AdditionalInfoCategory)];
        if (!hasFailed && output.Length + error.Length + trace.Length + further.Length == 0)
            return;
        Start("Output");
        Text("StdOut", output);
        Text("StdErr", error);
        Text("DebugTrace", trace);
        ErrorInfo(result);
        Each("TextMessages", further, message => Text("Message", message));
        End();
    }

    private void ErrorInfo(TestResult result)
    {
        if (!string.IsNullOrEmpty(result.ErrorMessage) || !string.IsNullOrEmpty(result.ErrorStackTrace))
        {
            Start("ErrorInfo");
            Text("Message", result.ErrorMessage);
            Text("StackTrace", result.ErrorStackTrace);
            End();
        }
    }

    private static IEnumerable<string> Of(TestResult result, string category) =>
        result.Messages
            .Where(message => category.Equals(message.Category, StringComparison.OrdinalIgnoreCase)).Select(message => message.Text!);

    private static string Said(TestResult result, string category) =>
        string.Concat(Of(result, category).Select(text => text + Environment.NewLine));

    private static string OutcomeOf(VsOutcome outcome) => outcome switch
    {
        VsOutcome.Passed => "Passed",
        VsOutcome.Failed => "Failed",
        _ => "NotExecuted",
    };

    private void Definition(BatchTrxTest test)
    {
        Start("UnitTest");
        _xml.WriteAttributeString("name", TrxText.Escape(test.Case.DisplayName));
        Attribute("storage", test.Case.Source.ToLowerInvariant());
        if (test.Priority is { } priority)
            Attribute("priority", priority.ToString(CultureInfo.InvariantCulture));
        Id("id", test.Case.Id);
        if (test.Owner is { } owner)
        {
            Start("Owners");
            Only("Owner", "name", owner);
            End();
        }

        Each("TestCategory", [.. test.Categories], category => Only("TestCategoryItem", "TestCategory", category));
        Start("Execution");
        Id("id", test.ExecutionId);
        End();
        Start("TestMethod");
        Attribute("codeBase", test.Case.Source);
        Attribute("adapterTypeName", test.Case.ExecutorUri.ToString());
        Attribute("className", test.ClassName);
        Attribute("name", test.MethodName);
        End();
        End();
    }

    private void Summary(BatchTrx trx)
    {
        Start("ResultSummary");
        Attribute("outcome", trx.HasFailed ? "Failed" : "Completed");
        Counters(
            trx.Rows.Count, trx.Rows.Count(row => row.Result.Outcome == VsOutcome.Passed),
            trx.Rows.Count(row => row.Result.Outcome == VsOutcome.Failed), notExecuted: 0);
        if (trx.Said.Length > 0)
        {
            Start("Output");
            Text("StdOut", trx.Said);
            End();
        }

        Each("RunInfos", trx.Troubles, Trouble);
        End();
    }

    private void Trouble(BatchTrxMessage message) =>
        RunInfo(
            Environment.MachineName, message.Level == TestMessageLevel.Error ? "Error" : "Warning", TimeOf(message.At), message.Text);

    protected override void Start(string name) => _xml.WriteStartElement(name, TrxText.Namespace);

    protected override void End() => _xml.WriteEndElement();

    // A file has several of them a test.
    protected override void Id(string name, Guid id)
    {
        id.TryFormat(_id, out var length);
        _xml.WriteStartAttribute(name);
        _xml.WriteChars(_id, 0, length);
        _xml.WriteEndAttribute();
    }

    protected override void Attribute(string name, string value)
    {
        if (value.Length > 0)
            _xml.WriteAttributeString(name, TrxText.Escape(value));
    }

    private void Time(string name, DateTime time) => _xml.WriteAttributeString(name, TimeOf(time));

    private static string TimeOf(DateTime time) => time.ToLocalTime().ToString(TimeFormat, CultureInfo.InvariantCulture);

    protected override void Text(string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
            _xml.WriteElementString(name, TrxText.Namespace, TrxText.Escape(text));
    }
}
