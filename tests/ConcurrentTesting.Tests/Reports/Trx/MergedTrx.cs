using System.Xml.Linq;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Reports.Trx;
using ConcurrentTesting.Safety;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Trx;

/// <summary>A merged file, read back with nothing of ours.</summary>
internal sealed class MergedTrx
{
    private static readonly XNamespace Namespace = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    public required XDocument Document { get; init; }
    public required IReadOnlyList<Incident> Incidents { get; init; }

    public IReadOnlyList<XElement> Results => [.. All("UnitTestResult")];
    public IReadOnlyList<XElement> Definitions => [.. All("UnitTest")];
    public IReadOnlyList<XElement> Entries => [.. All("TestEntry")];
    public string SummaryOutcome => All("ResultSummary").Single().Attribute("outcome")!.Value;

    public static MergedTrx Of(RunRecord record, AttachmentFolder? attachments = null)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString(record.Settings.ConnectionString);
        using var stream = new MemoryStream();
        var incidents = TrxMerger.Merge(record, stream, attachments ?? new AttachmentFolder(record.Settings.ResultsDirectory), new ReportText(redactor), TestContext.Current.CancellationToken);
        stream.Position = 0;
        return new MergedTrx { Document = XDocument.Load(stream), Incidents = incidents };
    }

    public IEnumerable<XElement> All(string name) => Document.Descendants(Namespace + name);

    public int Counter(string name) => (int)All("Counters").Single().Attribute(name)!;

    public XElement Result(string name) => Results.Single(row => row.Attribute("testName")!.Value == name);

    public static string Text(XElement element, string descendant) => element.Descendants(Namespace + descendant).First().Value;
}
