using ConcurrentTesting.Results;

namespace ConcurrentTesting.Execution;

/// <summary>The run's hold on its results directory: one run at a time, and nothing of an earlier run in it.</summary>
internal sealed class ResultsDirectory : IDisposable
{
    private const string LockName = ".concurrent-test.lock";

    // What a run writes there; everything else in the folder is the user's and stays.
    private static readonly string[] OwnFiles =
        ["test-results.trx", "junit.xml", "metrics.prom", "timings.json", "run.json", "summary.md", "report.html", CoverageRecord.FileName];

    private readonly FileStream _lock;

    private ResultsDirectory(FileStream @lock) => _lock = @lock;

    /// <exception cref="ConcurrentTestException">The folder cannot be written, or another run is using it.</exception>
    public static ResultsDirectory Claim(ConcurrentTestSettings settings)
    {
        var directory = settings.ResultsDirectory;
        try
        {
            Directory.CreateDirectory(directory);
            var claimed = new ResultsDirectory(new FileStream(Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose));
            Clean(directory);
            return claimed;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Unwritable(directory, exception);
        }
        catch (IOException exception)
        {
            throw File.Exists(Path.Combine(directory, LockName))
                ? new ConcurrentTestException(ConcurrentTestExitCode.BadSettings, $"Another run is writing to {directory}. Wait for it, or give this one its own --test-results-directory.", exception)
                : Unwritable(directory, exception);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static void Clean(string directory)
    {
        foreach (var file in OwnFiles)
            File.Delete(Path.Combine(directory, file));
        foreach (var worker in Directory.EnumerateDirectories(directory, "worker-*").Where(path => int.TryParse(Path.GetFileName(path)["worker-".Length..], out _)))
            Directory.Delete(worker, recursive: true);
    }

    private static ConcurrentTestException Unwritable(string directory, Exception cause) =>
        new(ConcurrentTestExitCode.BadSettings, $"The results directory {directory} cannot be written ({cause.Message}). Mend its permissions or give another --test-results-directory.", cause);
}
