using System.Diagnostics.Tracing;

namespace ConcurrentTesting.Reports.Export;

/// <summary>Hears what OpenTelemetry's exporter complains of: it tells nobody else, and calls a flush that sent nothing a
/// success.</summary>
internal sealed class ExporterFailures : EventListener
{
    private const string SourceName = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    private volatile string? _first;

    /// <summary>The first complaint, in one line; null where there was none.</summary>
    public string? First => _first;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == SourceName)
            EnableEvents(eventSource, EventLevel.Warning);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventSource.Name != SourceName)
            return;
        var text = string.Format(
            CultureInfo.InvariantCulture, eventData.Message ?? eventData.EventName ?? "it failed",
            [.. eventData.Payload ?? Enumerable.Empty<object?>()]);
        _first ??= FirstLine.Of(text);
    }
}
