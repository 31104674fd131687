using System.Xml.Linq;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>Writes the merged file from front to end, in VSTest's own order of elements and attributes.</summary>
internal sealed class TrxWriter : TrxXml
{
    // A duration that exceeds the recorded one by more than this was told by a test host, and not believed by the run.
    private static readonly TimeSpan ImpossibleBeyond = TimeSpan.FromMinutes(1);

    private readonly ReportXml _xml;
    private readonly ReportText _text;
    private readonly TrxDefinitions _definitions;
    private readonly List<(Guid Test, Guid Execution)> _entries;
    private (string Path, string Storage) _assembly = ("", "");

    /// <param name="rows">How many there are about.</param>
    public TrxWriter(Stream output, ReportText text, int rows)
    {
        (_xml, _text) = (new ReportXml(output), text);
        (_definitions, _entries) = (new TrxDefinitions(rows), new(rows));
    }

    public override void Dispose() => _xml.Dispose();

    public void Begin(RunRecord record)
    {
        _xml.Begin();
        Start("TestRun");
        Id("id", StableGuid.Of(record.RunId));
        Attribute("name", $"ConcurrentTest {record.RunId}");
        Attribute("xmlns", TrxText.Namespace);
        Start("Times");
        Attribute("creation", TrxFormat.Of(record.StartedAt));
        Attribute("queuing", TrxFormat.Of(record.StartedAt));
        Attribute("start", TrxFormat.Of(record.StartedAt));
        Attribute("finish", TrxFormat.Of(record.FinishedAt));
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
    }

    private void RowTimes(TestAttempt attempt, TrxRow? row)
    {
        if (row?.Duration > attempt.Duration + ImpossibleBeyond)
            row = null;
        if (row?["duration"] is { } duration)
            Attribute("duration", duration);
        else
            _xml.Attribute("duration", attempt.Duration < TimeSpan.Zero ? TimeSpan.Zero : attempt.Duration, TrxFormat.Duration);
        Time("startTime", row, attempt.StartedAt);
        Time("endTime", row, attempt.StartedAt + attempt.Duration);
    }

    private void Time(string name, TrxRow? row, DateTimeOffset recorded)
    {
        if (row?[name] is { } written)
            Attribute(name, written);
        else
            _xml.Attribute(name, recorded.ToUniversalTime(), TrxFormat.Time);
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

    private void Files(IReadOnlyList<string> files)
    {
        if (files.Count > 0)
            Each("ResultFiles", files, file => Only("ResultFile", "path", file));
    }

    private void Definition(TrxDefinition definition)
    {
        Start("UnitTest");
        Name("name", definition.Name);
        Attribute("storage", Storage(definition.Path));
        if (definition.Priority is { } priority)
            Attribute("priority", priority);

        Id("id", definition.Id);
        foreach (var detail in definition.Details)
            Copy(detail);

        Start("Execution");
        Id("id", definition.ExecutionId);
        End();
        Start("TestMethod");
        Attribute("codeBase", definition.Path);
        Attribute("adapterTypeName", definition.AdapterType);
        Name("className", definition.ClassName);
        Name("name", definition.MethodName);
        End();
        End();
    }

    // Thousands of tests in a row are of one assembly.
    private string Storage(string path)
    {
        if (_assembly.Path != path)
            _assembly = (path, path.ToLowerInvariant());
        return _assembly.Storage;
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
            RunInfo(record.Machine, "Warning", TrxFormat.Of(incident.At), $"{incident.Kind}: {incident.Message}");
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
            _xml.Text(_text.Redacted(text.Value));
    }

    protected override void Start(string name) => _xml.Start(name);

    protected override void End() => _xml.End();

    protected override void Attribute(string name, string value) => _xml.Attribute(name, value);

    protected override void Id(string name, Guid id) => _xml.Attribute(name, id);

    private void Name(string name, string value) => _xml.Attribute(name, _text.Redacted(value));

    protected override void Text(string name, string? value)
    {
        if (value is not null)
            _xml.Element(name, _text.Redacted(value));
    }

    private static string RestoreName(string written, TestRecord test) =>
        TrxOutput.Restore(written, test.Name) is var name
            && name != written ? name : TrxOutput.Restore(written, TestNames.Full(test.ClassName, test.Name));

    private static string NameLikeItsAdapter(TestRecord test) => test.AdapterName
        ?? (test.IsOutside ? test.Name : TestNames.LikeAdapter(test.Assembly.Framework, test.ClassName, test.Name));
}
