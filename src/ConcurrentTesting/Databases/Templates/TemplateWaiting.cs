namespace ConcurrentTesting.Databases.Templates;

/// <summary>Tells that the run waits for another one's build: at once, and each minute, because that run may be stopped.</summary>
internal sealed class TemplateWaiting(string template, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private long? _began;
    private int _told;

    public void Tell()
    {
        _began ??= time.GetTimestamp();
        var waited = time.GetElapsedTime(_began.Value);
        if (waited < _told * Interval)
            return;
        if (_told++ == 0)
            logger.LogInformation("Another run is building the template {Template}: waiting for it", template);
        else
            logger.LogWarning("Still waiting for another run that builds the template {Template}, for {Minutes:0} min by now: does it go on?", template, waited.TotalMinutes);
    }
}
