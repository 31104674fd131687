using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Run;

/// <summary>The run's hold on its results directory: one run at a time, nothing of an earlier run in it once this one has something of its
/// own to say, and nothing of anybody else's touched. The list that each run leaves behind tells whose a file is; see
/// <see cref="ArtifactList"/>.</summary>
internal sealed class ResultsDirectory : IAsyncDisposable
{
    private const string LockName = ".concurrent-test.lock";

    private readonly ConcurrentTestSettings _settings;
    private readonly string _directory;
    private readonly FileStream _lock;
    private readonly ArtifactList? _earlier;

    /// <summary>The last run's files that are as it left them, or that their content gives away, with the time of their last
    /// change.</summary>
    private readonly Dictionary<string, DateTime> _own;

    /// <summary>What others have put into folders that the run writes to.</summary>
    private readonly HashSet<string> _foreign;

    private ArtifactList? _sealed;

    private ResultsDirectory(ConcurrentTestSettings settings, FileStream @lock, ArtifactList? earlier)
    {
        _settings = settings;
        _directory = settings.ResultsDirectory;
        _lock = @lock;
        _earlier = earlier;
        var names = earlier is { IsFinished: true }
            ? earlier.Files.Where(IsUnchanged).Select(file => file.Key)
            : UnlistedArtifacts.Find(_directory);
        _own = names.Concat(FileNames.Where(name => OwnContent.Matches(name, PathOf(name)))).Distinct(StringComparer.Ordinal)
            .ToDictionary(name => name, name => File.GetLastWriteTimeUtc(PathOf(name)), StringComparer.Ordinal);
        _foreign = [.. Folders.SelectMany(Below).Where(name => !_own.ContainsKey(name) && earlier?.Folders.Contains(name) != true)];
    }

    /// <summary>What a part says of itself once everything else is written; null: the run is no part, or did not come to its end.</summary>
    public PartSeal? Seal { get; set; }

    /// <summary>The last run's artifacts are gone, this run's take their place.</summary>
    public bool HasBegun { get; private set; }

    private string? JUnitName => DirectoryContents.NameOf(_directory, _settings.JUnitFile ?? PathOf(ArtifactNames.JUnit));

    private IEnumerable<string> FileNames => JUnitName is { } junit ? ArtifactNames.Files.Append(junit) : ArtifactNames.Files;

    // Run settings may ask for coverage too, which shows only when it is written.
    private IEnumerable<string> NamesToWrite =>
        FileNames.Where(
            name => (name != ArtifactNames.Coverage || _settings.Coverage)
                && (name is not (ArtifactNames.Plan or ArtifactNames.Part) || _settings.Shard is not null));

    private IEnumerable<string> Folders =>
        Enumerable.Range(0, _settings.Workers).Select(ArtifactNames.Worker).Concat(
            [AttachmentFolder.Name, ArtifactNames.Diagnostics, ArtifactNames.Previous]);

    /// <summary>Changes nothing yet but the lock.</summary>
    /// <exception cref="ConcurrentTestException">
    /// The folder cannot be written, another run is using it, or a name that this run has to write is taken by a file that no run wrote.
    /// </exception>
    public static ResultsDirectory Claim(ConcurrentTestSettings settings)
    {
        var directory = settings.ResultsDirectory;
        var held = Lock(directory);
        try
        {
            var claimed = new ResultsDirectory(settings, held, ArtifactList.Read(directory));
            return claimed.Obstacle is { } obstacle ? throw BadSettings(obstacle) : claimed;
        }
        catch (Exception exception)
        {
            held.Dispose();
            throw exception switch
            {
                JsonException => BadSettings(
                    $"{Path.Combine(directory, ArtifactList.FileName)} is not a list of a run's artifacts ({exception.Message}). Remove it, or give another --test-results-directory.",
                    exception),
                IOException or UnauthorizedAccessException => Unwritable(directory, exception),
                _ => exception,
            };
        }
    }

    /// <summary>Removes what the last run left, as far as nobody has changed it since; the run has something of its own to put in its
    /// place.</summary>
    /// <param name="comesToNothing">
    /// The run ends without having come to any test: what the last one knew of them is kept for <c>--test-only-failed</c>.
    /// </param>
    public async Task BeginAsync(ILogger log, bool comesToNothing = false)
    {
        if (HasBegun)
            return;
        HasBegun = true;
        try
        {
            var kept = comesToNothing ? KeepLastRun() : null;
            foreach (var name in _own.Keys.Where(name => name != kept && name != ArtifactNames.Log && IsAsFound(name)))
                File.Delete(PathOf(name));
            RemoveEmptyFolders();
            _foreign.RemoveWhere(name => !DirectoryContents.IsTaken(_directory, name));
            await new ArtifactList(ImmutableSortedDictionary<string, string>.Empty, [], IsFinished: false).WriteAsync(_directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("Artifacts of an earlier run could not be removed from {Directory}: {Reason}", _directory, exception.Message);
        }
    }

    /// <summary>Removes what is made again from the run's journal, as far as nobody has changed it since; the journal and what test hosts
    /// wrote stay.</summary>
    public async Task BeginAgainAsync(ILogger log)
    {
        HasBegun = true;
        try
        {
            foreach (var name in _own.Keys.Where(ArtifactNames.IsMadeAgain))
                File.Delete(PathOf(name));
            await new ArtifactList(ImmutableSortedDictionary<string, string>.Empty, [], IsFinished: false).WriteAsync(_directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("Earlier artifacts could not be removed from {Directory}: {Reason}", _directory, exception.Message);
        }
    }

    /// <summary>Writes down what the run has left here.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if ((_sealed ?? ListOfNow()) is { } list)
                await list.WriteAsync(_directory);
        }
        catch (Exception exception) when (Cause(exception) is IOException or UnauthorizedAccessException)
        {
            // The next run compares the files' content instead.
        }

        await _lock.DisposeAsync();
    }

    /// <summary>Seals a part whose files have all been written. One that cannot be sealed is not complete: no merge would take
    /// it.</summary>
    public async Task<ConcurrentTestResult> SealAsync(ConcurrentTestResult result, ILogger log)
    {
        if (Seal is not { } seal)
            return result;
        try
        {
            if (ListOfNow() is { } list)
                _sealed = await SealAsync(list, seal);
            return result;
        }
        catch (Exception exception) when (Cause(exception) is IOException or UnauthorizedAccessException)
        {
            var reason = $"The part could not be sealed, so it would be missing in the merge: {Cause(exception).Message} Run it again.";
            log.LogError("{Reason}", reason);
            return result.ExitCode is not (ConcurrentTestExitCode.Success or ConcurrentTestExitCode.TestsFailed)
                ? result
                : result with
                {
                    ExitCode = ConcurrentTestExitCode.Incomplete,
                    Reason = reason,
                    ClosingLines = [reason, .. result.ClosingLines],
                };
        }
    }

    /// <summary>Lets a part that lies in the folder, sealed as a success, be judged by what its results came to. It is not complete until
    /// that has ended: its process may be killed meanwhile.</summary>
    /// <param name="judge">Gives what fails it, which is written as it is; null: nothing.</param>
    /// <returns>What it gave.</returns>
    /// <exception cref="ConcurrentTestException">The part could not be sealed again.</exception>
    public static async Task<string?> JudgeAsync(string directory, Func<string?> judge)
    {
        var path = Path.Combine(directory, ArtifactNames.Part);
        if (await ReadSealAsync(path) is not { } seal)
            return judge();
        var isOpen = await TryUnsealAsync(directory, path);
        var failure = judge();
        if (isOpen || failure is not null)
            await SealAgainAsync(directory, path, seal, failure);
        return failure;
    }

    // Somebody else's file may have that name where the run was no part.
    private static async Task<PartSeal?> ReadSealAsync(string path)
    {
        try
        {
            return File.Exists(path) ? PartSeal.Parse(await File.ReadAllBytesAsync(path)) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException
            or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // A part that stays sealed meanwhile is still judged, and sealed again where that fails it.
    private static async Task<bool> TryUnsealAsync(string directory, string path)
    {
        try
        {
            await using var held = Lock(directory);
            File.Delete(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ConcurrentTestException)
        {
            return false;
        }
    }

    private static async Task SealAgainAsync(string directory, string path, PartSeal seal, string? failure)
    {
        try
        {
            await using var held = Lock(directory);
            var judged = failure is null ? seal : seal with { ExitCode = (int)ConcurrentTestExitCode.TestsFailed, Failure = failure };
            var content = judged.Close(seal.Files);
            await ArtifactFile.WriteAsync(path, stream => stream.WriteAsync(content).AsTask(), CancellationToken.None);
            await ListAgainAsync(directory, content);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ConcurrentTestException)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                (failure is null ? "" : $"{failure}, and ")
                    + $"{path} could not be written again, so it must not be merged: {exception.Message}",
                exception);
        }
    }

    private static async Task ListAgainAsync(string directory, byte[] seal)
    {
        try
        {
            if (ArtifactList.Read(directory) is { } list)
                await (list with { Files = list.Files.SetItem(ArtifactNames.Part, ArtifactList.HashOf(seal)) }).WriteAsync(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            // The next run compares the files' content instead.
        }
    }

    private static Exception Cause(Exception exception) => (exception as AggregateException)?.InnerException ?? exception;

    // The seal is written last: what is missing or changed after it is not what the part left.
    private async Task<ArtifactList> SealAsync(ArtifactList list, PartSeal seal)
    {
        var content = seal.Close(list.Files.RemoveRange(list.Files.Keys.Where(name => !PartSeal.IsInput(name))));
        await ArtifactFile.WriteAsync(
            PathOf(ArtifactNames.Part), stream => stream.WriteAsync(content).AsTask(), CancellationToken.None);
        return list with { Files = list.Files.SetItem(ArtifactNames.Part, ArtifactList.HashOf(content)) };
    }

    private string? Obstacle
    {
        get
        {
            var taken = (_settings.List ? [ArtifactNames.Log] : NamesToWrite).Where(
                name => DirectoryContents.IsTaken(_directory, name) && !_own.ContainsKey(name))
                .Concat(_settings.List ? [] : TakenInFolders()).FirstOrDefault();
            return taken is not null
                ? $"{PathOf(taken)} is where this run has to write, and no run wrote it. Move it away, or give another --test-results-directory."
                : JUnitName is null && File.Exists(_settings.JUnitFile) && !OwnContent.IsAnyJUnit(_settings.JUnitFile)
                    ? $"{_settings.JUnitFile} is no JUnit file. Move it away, or give another --test-junit-file."
                    : null;
        }
    }

    private IEnumerable<string> TakenInFolders() =>
        Folders.Append($"{AttachmentFolder.Name}/In").Where(
            folder => DirectoryContents.IsTaken(_directory, folder) && !DirectoryContents.IsFolder(_directory, folder))
            .Concat(_foreign.Where(name => OwnContent.IsNameOfBatch(name) && !OwnContent.Matches(name, PathOf(name))));

    private static FileStream Lock(string directory)
    {
        var path = Path.Combine(directory, LockName);
        try
        {
            Directory.CreateDirectory(directory);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw BadSettings(
                $"Another run is writing to {directory}. Wait for it, or give this one its own --test-results-directory.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(directory, exception);
        }
    }

    /// <summary>Moves the last run.json that knows tests aside, unless that was done before.</summary>
    /// <returns>The name of what is kept and not this run's; null: nothing.</returns>
    private string? KeepLastRun()
    {
        if (_own.ContainsKey(ArtifactNames.Run) && LastFailures.KnowsTests(PathOf(ArtifactNames.Run)))
        {
            Directory.CreateDirectory(PathOf(ArtifactNames.Previous));
            File.Move(PathOf(ArtifactNames.Run), PathOf(ArtifactNames.PreviousRun), overwrite: true);
        }

        return ArtifactNames.PreviousRun;
    }

    private void RemoveEmptyFolders()
    {
        var folders = _earlier is { IsFinished: true } ? _earlier.Folders : _own.Keys.SelectMany(Parents);
        foreach (var folder in folders.Distinct(StringComparer.Ordinal).OrderByDescending(name => name.Length))
        {
            if (DirectoryContents.IsFolder(_directory, folder) && !Directory.EnumerateFileSystemEntries(PathOf(folder)).Any())
                Directory.Delete(PathOf(folder));
        }
    }

    private static IEnumerable<string> Parents(string name)
    {
        for (var end = name.LastIndexOf('/'); end > 0; end = name.LastIndexOf('/', end - 1))
            yield return name[..end];
    }

    private ArtifactList? ListOfNow()
    {
        if (!HasBegun)
        {
            return _earlier is { IsFinished: true } && DirectoryContents.IsFile(_directory, ArtifactNames.Log)
                ? _earlier with { Files = _earlier.Files.SetItem(ArtifactNames.Log, HashOf(ArtifactNames.Log)) }
                : null;
        }

        var files = FileNames.Concat(
            Folders.SelectMany(folder => DirectoryContents.FilesBelow(_directory, folder)).Where(name => !_foreign.Contains(name)))
            .Distinct(StringComparer.Ordinal).Where(name => DirectoryContents.IsFile(_directory, name)).ToList();
        var folders = Folders.SelectMany(folder => DirectoryContents.FoldersBelow(_directory, folder)).Where(
            name => !_foreign.Contains(name));
        // Most of the time goes into a few large files, each of which takes a core.
        var hashes = new string[files.Count];
        Parallel.For(0, files.Count, index => hashes[index] = HashOf(files[index]));
        return new ArtifactList(
            files.Zip(hashes).ToImmutableSortedDictionary(file => file.First, file => file.Second, StringComparer.Ordinal),
            [.. folders], IsFinished: true);
    }

    private IEnumerable<string> Below(string folder) =>
        DirectoryContents.FoldersBelow(_directory, folder).Concat(DirectoryContents.FilesBelow(_directory, folder));

    private bool IsUnchanged(KeyValuePair<string, string> file) =>
        DirectoryContents.IsFile(_directory, file.Key) && HashOf(file.Key) == file.Value;

    // Diagnostic logs are written anew before anything is removed, so their time tells.
    private bool IsAsFound(string name) =>
        DirectoryContents.IsFile(_directory, name) && File.GetLastWriteTimeUtc(PathOf(name)) == _own[name];

    private string HashOf(string name) => ArtifactList.HashOf(PathOf(name));

    private string PathOf(string name) => Path.Combine(_directory, name);

    private static ConcurrentTestException Unwritable(string directory, Exception cause) =>
        BadSettings(
            $"The results directory {directory} cannot be written ({cause.Message}). Make it writable, or give another --test-results-directory.", cause);

    private static ConcurrentTestException BadSettings(string message, Exception? cause = null) =>
        new(ConcurrentTestExitCode.BadSettings, message, cause);
}
