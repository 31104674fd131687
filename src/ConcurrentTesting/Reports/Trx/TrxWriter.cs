using System.Xml.Linq;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>Writes the merged file from front to end, in VSTest's own order of elements and attributes.</summary>
internal sealed class TrxWriter : TrxXml
{
    // A duration that exceeds the recorded one by more than this was told by a test host, and not believed by the run.
    private static readonly TimeSpan ImpossibleBeyond = TimeSpan.FromMinutes(1);

    private readonly ReportText _text;
    private readonly TrxDefinitions _definitions = new();
    private readonly List<(Guid Test, Guid Execution)> _entries = [];

    public TrxWriter(Stream output, ReportText text)
        : base(LegalXml.Writer(output)) => _text = text;

    public void Begin(RunRecord record)
    {
        Xml.WriteStartDocument();
        Start("TestRun");
        Id("id", StableGuid.Of(record.RunId));
        Attribute("name", $"ConcurrentTest {record.RunId}");
        Start("Times");
        Attribute("creation", TrxFormat.Time(record.StartedAt));
        Attribute("queuing", TrxFormat.Time(record.StartedAt));
        Attribute("start", TrxFormat.Time(record.StartedAt));
        Attribute("finish", TrxFormat.Time(record.FinishedAt));
        End();
        Start("TestSettings");
        Attribute("name", "default");
        Id("id", StableGuid.Of(record.RunId, "settings"));
        Only("Deployment", "runDeploymentRoot", AttachmentFolder.Name);
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
        Lists();
        Summary(record, summary);
        End();
        Xml.WriteEndDocument();
        Xml.Flush();
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

        Each("TextMessages", output.TextMessages, message => Text("Message", message));
        End();
    }

    private void Files(IReadOnlyList<string> files) => Each("ResultFiles", files, file => Only("ResultFile", "path", file));

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

    private void Summary(RunRecord record, TrxSummary summary)
    {
        Start("ResultSummary");
        Attribute("outcome", record.Failed > 0 || record.ExitCode != ConcurrentTestExitCode.Success ? "Failed" : "Completed");
        Counters(record.Passed + record.Failed + record.Skipped, record.Passed, record.Failed, record.Skipped);
        if (summary.StdOut is { } output)
        {
            Start("Output");
            Text("StdOut", output);
            End();
        }

        RunInfos(record, summary);
        Files(summary.Files);
        Each("CollectorDataEntries", summary.Collectors, Copy);
        End();
    }

    private void RunInfos(RunRecord record, TrxSummary summary)
    {
        if (summary.RunInfos.Count == 0 && record.Incidents.Length == 0)
            return;

        Start("RunInfos");
        summary.RunInfos.ForEach(Copy);
        foreach (var incident in record.Incidents)
            RunInfo(record.Machine, "Warning", TrxFormat.Time(incident.At), $"{incident.Kind}: {incident.Message}");
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
            Xml.WriteString(_text.Whole(text.Value));
    }

    protected override void Attribute(string name, string value) => Xml.WriteAttributeString(name, LegalXml.Clean(value));

    private void Name(string name, string value) => Xml.WriteAttributeString(name, _text.Whole(value));

    protected override void Text(string name, string? value)
    {
        if (value is not null)
            Xml.WriteElementString(name, TrxText.Namespace, _text.Whole(value));
    }

    private static string RestoreName(string written, TestRecord test) =>
        TrxOutput.Restore(written, test.Name) is var name
            && name != written ? name : TrxOutput.Restore(written, TestNames.Full(test.ClassName, test.Name));

    private static string NameLikeItsAdapter(TestRecord test) => test.AdapterName
        ?? (test.IsOutside ? test.Name : TestNames.LikeAdapter(test.Assembly.Framework, test.ClassName, test.Name));
}
