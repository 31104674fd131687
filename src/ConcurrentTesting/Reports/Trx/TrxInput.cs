using System.Xml.Linq;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>One batch's own TRX file on its way into the merged one.</summary>
internal sealed class TrxInput(
    BatchRecord batch, IEnumerable<RecordedAttempt> attempts, TrxRows rows, TrxSummary summary, AttachmentFolder attachments,
    ReportText text)
{
    private readonly BatchAttempts _attempts = new(attempts, text.Redacted);
    private readonly Dictionary<Guid, List<TrxDefinition>> _definitions = [];
    private readonly string _folder = Path.GetDirectoryName(batch.TrxFile) ?? "";
    private string _deploymentRoot = "";
    private string _outcome = "Completed";
    private bool _hasFailedTests;

    /// <summary>The file says that its run failed, although all its tests passed and its host ended well.</summary>
    public bool HasUnexplainedFailure => _outcome is not ("Completed" or "Passed") && !_hasFailedTests && batch.Error is null;

    /// <summary>The first error that the file reports of its run as a whole.</summary>
    public string? FirstError { get; private set; }

    /// <summary>Takes in the next part of the file, as <see cref="TrxReader"/> gives them.</summary>
    public void Take(XElement part)
    {
        switch (part.Name.LocalName)
        {
            case "Deployment":
                _deploymentRoot = part.Text("runDeploymentRoot") ?? "";
                break;
            case "UnitTest":
                TakeDefinition(part);
                break;
            case "ResultSummary":
                _outcome = part.Text("outcome") ?? "";
                break;
            default:
                TakeResultOrSummary(part);
                break;
        }
    }

    /// <summary>Writes what is left, with or without a row; to be called when the file has been read as far as it goes.</summary>
    public void WriteLeft()
    {
        foreach (var (attempt, row) in _attempts.TakeLeft())
            Write(attempt, row);

        foreach (var attempt in _attempts.Left)
            rows.Write(attempt);
    }

    private void TakeResultOrSummary(XElement part)
    {
        switch (part.Name.LocalName)
        {
            case "Output":
                AddOutput(part);
                break;
            case "RunInfos":
                AddRunInfos(part);
                break;
            case "ResultFiles":
                summary.Files.AddRange(part.Elements().Select(file => AdoptOfRun(file.Text("path"))).OfType<string>());
                break;
            case "CollectorDataEntries":
                AddCollectors(part);
                break;
            default:
                TakeResult(new TrxRow(part));
                break;
        }
    }

    private void TakeResult(TrxRow row)
    {
        _hasFailedTests |= row.Outcome is not ("Passed" or "NotExecuted");
        if (_attempts.Take(row) is { } attempt)
            Write(attempt, row);
    }

    private void TakeDefinition(XElement unitTest)
    {
        if (!Guid.TryParse(unitTest.Text("id"), out var id) || !_definitions.TryGetValue(id, out var definitions))
            return;

        foreach (var definition in definitions.Where(definition => !definition.IsDescribed))
            definition.Describe(unitTest);
    }

    private void Write(RecordedAttempt recorded, TrxRow row)
    {
        var executionId = rows.ExecutionId(row.ExecutionId);
        var files = row.Element.Child("ResultFiles")?.Elements()
            .Select(file => Adopt(recorded.Attempt, row, file.Text("path"), executionId))
            .OfType<string>()
            .ToList();
        var collectors = row.Element.Child("CollectorDataEntries");
        Redirect(collectors, path => Adopt(recorded.Attempt, row, path, executionId));
        if (rows.Write(recorded, row, executionId, files ?? [], collectors) is { } definition)
            Remember(row.TestId, definition);
    }

    private void Remember(Guid id, TrxDefinition definition)
    {
        if (!_definitions.TryGetValue(id, out var definitions))
            _definitions.Add(id, definitions = []);

        if (!definitions.Contains(definition))
            definitions.Add(definition);
    }

    private string? Adopt(TestAttempt attempt, TrxRow row, string? path, Guid executionId) => string.IsNullOrEmpty(path)
        ? null
        : attachments.AdoptNamedByTrx(attempt, Path.Combine(_folder, _deploymentRoot, "In", row.FilesFolder, path), executionId.ToString());

    private string? AdoptOfRun(string? path)
    {
        var folder = $"batch-{batch.Number}";
        return !string.IsNullOrEmpty(path)
            && attachments.AdoptNamedByTrx(null, Path.Combine(_folder, _deploymentRoot, "In", path), folder) is { } file
            ? $"{folder}/{file}"
            : null;
    }

    private void AddOutput(XElement part)
    {
        if (part.Child("StdOut")?.Value is { Length: > 0 } text)
            summary.AddStdOut(text);
    }

    private void AddCollectors(XElement part)
    {
        // A batch's coverage is a part of the run's, which has a file of its own.
        foreach (var collector in part.Elements().Where(
            collector => collector.Text("uri")?.Contains("CodeCoverage", StringComparison.OrdinalIgnoreCase) != true))
        {
            Redirect(collector, AdoptOfRun);
            summary.Collectors.Add(collector);
        }
    }

    private void AddRunInfos(XElement part)
    {
        foreach (var info in part.Elements())
        {
            if (info.Text("outcome") is "Error" or "Failed")
                FirstError ??= info.Child("Text")?.Value;

            summary.RunInfos.Add(info);
        }
    }

    private static void Redirect(XElement? collectors, Func<string?, string?> adopt)
    {
        foreach (var link in collectors?.Descendants().Where(element => element.Name.LocalName == "A").ToList() ?? [])
        {
            if (adopt(link.Text("href")) is { } path)
                link.SetAttributeValue("href", path);
            else
                link.Parent?.Remove();
        }
    }
}
