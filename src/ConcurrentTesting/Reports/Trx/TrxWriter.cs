using System.Xml.Linq;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>Writes the merged file from front to end, in VSTest's own order of elements and attributes.</summary>
internal sealed class TrxWriter : IDisposable
{
    // What a test host told and the run did not believe is longer than what it recorded by more than this.
    private static readonly TimeSpan ImpossibleBeyond = TimeSpan.FromMinutes(1);

    private readonly IndentedXml _xml;
    private readonly ReportText _text;
    private readonly TrxDefinitions _definitions = new();
    private readonly List<(Guid Test, Guid Execution)> _entries = [];

    public TrxWriter(Stream output, ReportText text)
    {
        _text = text;
        _xml = new IndentedXml(output, TrxText.Namespace);
    }

    public void Dispose() => _xml.Dispose();

    public void Begin(RunRecord record)
    {
        _xml.WriteStartDocument();
        Start("TestRun");
        Attribute("id", StableGuid.Of(record.RunId).ToString());
        Attribute("name", $"ConcurrentTest {record.RunId}");
        Start("Times");
        Attribute("creation", TrxFormat.Time(record.StartedAt));
        Attribute("queuing", TrxFormat.Time(record.StartedAt));
        Attribute("start", TrxFormat.Time(record.StartedAt));
        Attribute("finish", TrxFormat.Time(record.FinishedAt));
        End();
        Start("TestSettings");
        Attribute("name", "default");
        Attribute("id", StableGuid.Of(record.RunId, "settings").ToString());
        Start("Deployment");
        Attribute("runDeploymentRoot", AttachmentFolder.Name);
        End();
        End();
        Start("Results");
    }

    /// <summary>Writes the row of a test's final attempt and returns its definition, which can still be described.</summary>
    public TrxDefinition Row(
        RecordedAttempt recorded, TrxRow? row, Guid executionId, string machine, TrxOutput output, IReadOnlyList<string> files,
        XElement? collectors)
    {
        var test = recorded.Test;
        var name = row is null || TestNames.IsUnknown(row.Name) ? NameLikeItsAdapter(test) : RestoreName(row.Name, test);
        var definition = _definitions.Of(test, name, executionId);
        _entries.Add((definition.Id, executionId));

        Start("UnitTestResult");
        Id("executionId", executionId);
        Id("testId", definition.Id);
        Name("testName", name);
        Attribute("computerName", row?["computerName"] ?? machine);
        RowTimes(recorded.Attempt, row);
        Attribute("testType", TrxText.UnitTestType);
        Attribute("outcome", TrxFormat.Outcome(test.Outcome));
        Attribute("testListId", TrxText.UncategorizedList);
        Id("relativeResultsDirectory", executionId);
        Output(output);
        Files(files);
        Copy(collectors);
        End();
        return definition;
    }

    /// <summary>Everything after the results.</summary>
    public void Finish(RunRecord record, TrxSummary summary)
    {
        End();
        Start("TestDefinitions");
        foreach (var definition in _definitions.All)
            Definition(definition);

        End();
        Start("TestEntries");
        foreach (var (test, execution) in _entries)
            Entry(test, execution);

        End();
        Start("TestLists");
        List("Results Not in a List", TrxText.UncategorizedList);
        List("All Loaded Results", TrxText.AllLoadedList);
        End();
        Summary(record, summary);
        End();
        _xml.WriteEndDocument();
        _xml.Flush();
    }

    private void RowTimes(TestAttempt attempt, TrxRow? row)
    {
        if (row?.Duration > attempt.Duration + ImpossibleBeyond)
            row = null;
        Attribute("duration", row?["duration"] ?? TrxFormat.Duration(attempt.Duration));
        Attribute("startTime", row?["startTime"] ?? TrxFormat.Time(attempt.StartedAt));
        Attribute("endTime", row?["endTime"] ?? TrxFormat.Time(attempt.StartedAt + attempt.Duration));
    }

    private void Output(TrxOutput output)
    {
        if (output.IsEmpty)
            return;

        Start("Output");
        Text("StdOut", output.StdOut);
        Text("StdErr", output.StdErr);
        Text("DebugTrace", output.DebugTrace);
        if ((output.Message ?? output.StackTrace) is not null)
        {
            Start("ErrorInfo");
            Text("Message", output.Message);
            Text("StackTrace", output.StackTrace);
            End();
        }

        TextMessages(output.TextMessages);
        End();
    }

    private void TextMessages(IReadOnlyList<string> messages)
    {
        if (messages.Count == 0)
            return;

        Start("TextMessages");
        foreach (var message in messages)
            Text("Message", message);

        End();
    }

    private void Files(IReadOnlyList<string> files)
    {
        if (files.Count == 0)
            return;

        Start("ResultFiles");
        foreach (var file in files)
        {
            Start("ResultFile");
            Attribute("path", file);
            End();
        }

        End();
    }

    private void Definition(TrxDefinition definition)
    {
        Start("UnitTest");
        Name("name", definition.Name);
        Attribute("storage", definition.Assembly.Path.ToLowerInvariant());
        if (definition.Priority is { } priority)
            Attribute("priority", priority);

        Id("id", definition.Id);
        foreach (var detail in definition.Details)
            Copy(detail);

        Start("Execution");
        Id("id", definition.ExecutionId);
        End();
        Start("TestMethod");
        Attribute("codeBase", definition.Assembly.Path);
        Attribute("adapterTypeName", definition.AdapterType);
        Name("className", definition.ClassName);
        Name("name", definition.MethodName);
        End();
        End();
    }

    private void Entry(Guid test, Guid execution)
    {
        Start("TestEntry");
        Id("testId", test);
        Id("executionId", execution);
        Attribute("testListId", TrxText.UncategorizedList);
        End();
    }

    private void List(string name, string id)
    {
        Start("TestList");
        Attribute("name", name);
        Attribute("id", id);
        End();
    }

    private void Summary(RunRecord record, TrxSummary summary)
    {
        Start("ResultSummary");
        Attribute("outcome", record.Failed > 0 || record.ExitCode != ConcurrentTestExitCode.Success ? "Failed" : "Completed");
        Counters(record);
        if (summary.StdOut is { } output)
        {
            Start("Output");
            Text("StdOut", output);
            End();
        }

        RunInfos(record, summary);
        Files(summary.Files);
        if (summary.Collectors.Count > 0)
        {
            Start("CollectorDataEntries");
            summary.Collectors.ForEach(Copy);
            End();
        }

        End();
    }

    private void Counters(RunRecord record)
    {
        var (passed, failed, skipped) = (record.Passed, record.Failed, record.Skipped);
        Start("Counters");
        Number("total", passed + failed + skipped);
        Number("executed", passed + failed);
        Number("passed", passed);
        Number("failed", failed);
        foreach (var unused in (ReadOnlySpan<string>)["error", "timeout", "aborted", "inconclusive", "passedButRunAborted", "notRunnable"])
            Number(unused, 0);

        Number("notExecuted", skipped);
        foreach (var unused in (ReadOnlySpan<string>)["disconnected", "warning", "completed", "inProgress", "pending"])
            Number(unused, 0);

        End();
    }

    private void RunInfos(RunRecord record, TrxSummary summary)
    {
        if (summary.RunInfos.Count == 0 && record.Incidents.Length == 0)
            return;

        Start("RunInfos");
        summary.RunInfos.ForEach(Copy);
        foreach (var incident in record.Incidents)
        {
            Start("RunInfo");
            Attribute("computerName", record.Machine);
            Attribute("outcome", "Warning");
            Attribute("timestamp", TrxFormat.Time(incident.At));
            Text("Text", $"{incident.Kind}: {incident.Message}");
            End();
        }

        End();
    }

    private void Copy(XElement? element)
    {
        if (element is null)
            return;

        Start(element.Name.LocalName);
        foreach (var attribute in element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration)
            .DistinctBy(attribute => attribute.Name.LocalName))
            Attribute(attribute.Name.LocalName, attribute.Value);

        foreach (var node in element.Nodes())
            CopyNode(node);

        End();
    }

    private void CopyNode(XNode node)
    {
        if (node is XElement child)
            Copy(child);
        else if (node is XText text)
            _xml.WriteString(_text.Whole(text.Value));
    }

    private void Start(string name) => _xml.WriteStartElement(name);

    private void End() => _xml.WriteEndElement();

    private void Attribute(string name, string value) => _xml.WriteAttributeString(name, LegalXml.Clean(value));

    private void Id(string name, Guid value)
    {
        Span<char> text = stackalloc char[36];
        value.TryFormat(text, out _);
        _xml.WriteAttributeString(name, text);
    }

    private void Name(string name, string value) => _xml.WriteAttributeString(name, _text.Whole(value));

    private void Number(string name, int value) => _xml.WriteAttributeString(name, value.ToString(CultureInfo.InvariantCulture));

    private void Text(string name, string? value)
    {
        if (value is not null)
            _xml.WriteElementString(name, _text.Whole(value));
    }

    private static string RestoreName(string written, TestRecord test) =>
        TrxOutput.Restore(written, test.Name) is var name
            && name != written ? name : TrxOutput.Restore(written, TestNames.Full(test.ClassName, test.Name));

    private static string NameLikeItsAdapter(TestRecord test) => test.AdapterName
        ?? (test.IsOutside ? test.Name : TestNames.LikeAdapter(test.Assembly.Framework, test.ClassName, test.Name));
}
