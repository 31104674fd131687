using System.Xml.Linq;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>A result row of one of VSTest's own TRX files.</summary>
internal sealed class TrxRow(XElement element)
{
    public XElement Element { get; } = element;

    public string Name { get; } = element.Text("testName") ?? "";

    public Guid TestId { get; } = Id(element, "testId");

    public Guid ExecutionId { get; } = Id(element, "executionId");

    public string Outcome { get; } = element.Text("outcome") ?? "";

    public DateTimeOffset? StartTime { get; } =
        DateTimeOffset.TryParse(element.Text("startTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    public TimeSpan? Duration { get; } =
        TimeSpan.TryParse(element.Text("duration"), CultureInfo.InvariantCulture, out var duration) ? duration : null;

    /// <summary>Where its files are, below <c>In</c> of the deployment root.</summary>
    public string FilesFolder { get; } = element.Text("relativeResultsDirectory") ?? "";

    public string? this[string attribute] => Element.Text(attribute);

    private static Guid Id(XElement element, string name) => Guid.TryParse(element.Text(name), out var id) ? id : Guid.Empty;
}
