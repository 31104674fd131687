using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace ConcurrentTesting.VsTest;

/// <summary>Writes what a test host told as VSTest itself does: like the SDK's own TRX logger as long as nothing in it is unusual, and by
/// that logger itself from the first result on that has files or is nested in another. Not thread-safe.</summary>
internal sealed class TrxLog
{
    private readonly VsTestLocation _location;
    private readonly string _folder;
    private readonly string _fileName;
    private readonly ILogger _log;
    private readonly BatchTrx _usual = new(SdkTrxLogger.Skipped);
    private SdkTrxLogger? _logger;
    private bool _isBroken;

    private TrxLog(VsTestLocation location, string folder, string fileName, ILogger log)
    {
        _location = location;
        _folder = folder;
        _fileName = fileName;
        _log = log;
    }

    /// <param name="folder">Where the file and the attachments go.</param>
    /// <exception cref="NotSupportedException">This SDK's logger is another.</exception>
    public static TrxLog Begin(VsTestLocation location, string folder, string fileName, ILogger log)
    {
        try
        {
            SdkTrxLogger.Load(location);
            return new TrxLog(location, folder, fileName, log);
        }
        catch (Exception exception) when (exception is not NotSupportedException)
        {
            throw new NotSupportedException($"the SDK's TRX logger cannot be used here: {exception.Message}", exception);
        }
    }

    public void Add(TestResult result) => Try(() =>
    {
        if (_logger is not null || !_usual.Add(result))
            Logger().Add(result);
    });

    public void Add(TestMessageLevel level, string message) => Try(() =>
    {
        // The logger refuses blank messages.
        if (string.IsNullOrWhiteSpace(message))
            return;
        if (_logger is null)
            _usual.Add(level, message);
        else
            _logger.Add(level, message);
    });

    /// <summary>Writes the file.</summary>
    public void End(TestRunCompleteEventArgs end) => Try(() =>
    {
        if (_logger is null && end.AttachmentSets is not { Count: > 0 })
            BatchTrxWriter.Write(Path.Combine(_folder, _fileName), _usual);
        else
            Logger().End(end);
    });

    // The logger is told first what was told before it was made.
    private SdkTrxLogger Logger()
    {
        if (_logger is not null)
            return _logger;
        _logger = new SdkTrxLogger(_location, _folder, _fileName);
        foreach (var told in _usual.Events)
        {
            if (told.Result is { } result)
                _logger.Add(result);
            else if (told.Message is { } message)
                _logger.Add(message.Level, message.Text);
        }

        return _logger;
    }

    // A logger's failure is no failure of a test or its host: the run then has no such file, as after a console that died.
    private void Try(Action tell)
    {
        if (_isBroken)
            return;
        try
        {
            tell();
        }
        catch (Exception exception)
        {
            _isBroken = true;
            _log.LogWarning("The TRX of a batch is not written: {Reason}", exception.Message);
        }
    }
}
