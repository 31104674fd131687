using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>A template's identity: a hash over everything that goes into it. A command counts with its text, the folder that it runs in and
/// the content of the files and folders that it names (build outputs left out), so that changed migrations make a new template.</summary>
internal sealed class TemplateFingerprint : IDisposable
{
    /// <summary>Changes when templates of the same ingredients come out differently.</summary>
    private const string Format = "3";

    private static readonly string[] Uncounted = ["bin", "obj", ".git", ".vs", ".idea", ".nuke", "node_modules"];

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly string _workingDirectory;
    private readonly string[] _ownFolders;
    private readonly string[] _ownFiles;

    private TemplateFingerprint(ConcurrentTestSettings settings)
    {
        _workingDirectory = settings.WorkingDirectory;
        _ownFolders =
        [
            Path.GetFullPath(settings.ResultsDirectory, settings.RootDirectory),
            Path.GetFullPath(settings.TemporaryDirectory, settings.RootDirectory),
        ];
        var timings = Path.GetFullPath(settings.TimingsFile, settings.RootDirectory);
        _ownFiles =
        [
            timings, Path.Combine(Path.GetDirectoryName(timings)!, ConcurrentTestSettings.HistoryFileName),
            Path.GetFullPath(settings.JUnitFile ?? timings, settings.RootDirectory),
        ];
    }

    /// <param name="engine">What the engine adds: its name, version, collation, owner.</param>
    /// <param name="isOfPlace">
    /// Whether the folder that commands run in counts, and the variables that they get. They do for a template: what a command reads
    /// without naming it is that folder's, and other projects may have templates on the same server. Machines of one run compare the
    /// variables by themselves.
    /// </param>
    /// <returns>32 hexadecimal digits.</returns>
    public static async Task<string> ComputeAsync(
        TemplateSource source,
        IEnumerable<string> engine,
        ConcurrentTestSettings settings,
        CancellationToken cancellationToken,
        bool isOfPlace = true)
    {
        using var fingerprint = new TemplateFingerprint(settings);
        fingerprint.Add(Format);
        foreach (var fact in engine)
            fingerprint.Add(fact);
        if (isOfPlace && source.Steps.Any(step => step is CommandStep))
            fingerprint.AddSurroundings(settings);
        var isWatched = source.Steps.Any(step => step is WatchStep);
        foreach (var step in source.Steps)
            await fingerprint.AddStepAsync(step, isWatched, cancellationToken);
        return Convert.ToHexStringLower(fingerprint._hash.GetHashAndReset())[..32];
    }

    /// <summary>Whether what was built is what its fingerprint says. A file that is gone, or may not be read, has changed.</summary>
    /// <param name="compute">Computes the fingerprint again.</param>
    public static async Task<bool> IsStillAsync(
        string fingerprint, Func<CancellationToken, Task<string>> compute, CancellationToken cancellationToken)
    {
        try
        {
            return await compute(cancellationToken) == fingerprint;
        }
        catch (Exception exception) when (exception is IOException or ConcurrentTestException)
        {
            return false;
        }
    }

    public void Dispose() => _hash.Dispose();

    // What the placeholders stand for is another in each run.
    private void AddSurroundings(ConcurrentTestSettings settings)
    {
        Add(settings.WorkingDirectory);
        foreach (var variable in settings.Environment)
            Add($"{variable.Name}={variable.Pattern}");
    }

    private async Task AddStepAsync(TemplateStep step, bool isWatched, CancellationToken cancellationToken)
    {
        Add(step.GetType().Name);
        switch (step)
        {
            case SqlFileStep script:
                Add(Path.GetFileName(script.Path));
                await AddFileAsync(script.Path, cancellationToken);
                break;
            case CommandStep command:
                Add(command.CommandLine);
                foreach (var path in CommandInputs.Of(command.CommandLine, _workingDirectory).Paths)
                    await AddPathAsync(path, isWatched || IsRepository(path), cancellationToken);
                break;
            case ExistingDatabaseStep existing:
                Add(existing.Name);
                break;
            case HookStep { Hook: var hook }:
                AddHook(hook);
                break;
            case WatchStep watch:
                await AddPathAsync(watch.Path, mayLeaveOut: false, cancellationToken);
                break;
            default:
                throw new UnreachableException(step.GetType().Name);
        }
    }

    private void AddHook(TemplateHook hook)
    {
        Add(hook.Version);
        foreach (var assembly in AssemblyIdentities.Of(hook.BuildAsync.Method.Module))
            Add(assembly);
    }

    // A command's repository counts whole where nobody knows which part it reads. A server's data folder in it may not be readable for us.
    private static bool IsRepository(string path) => Path.Exists(Path.Combine(path, ".git"));

    /// <param name="mayLeaveOut">What may not be read does not count, because the user has told what does.</param>
    private async Task AddPathAsync(string path, bool mayLeaveOut, CancellationToken cancellationToken)
    {
        try
        {
            if (File.Exists(path))
            {
                if (IsThere(path))
                    await AddFileAsync(path, cancellationToken);
                return;
            }

            foreach (var file in FilesBelow(path, mayLeaveOut))
            {
                Add(Path.GetRelativePath(path, file).Replace('\\', '/'));
                await AddFileAsync(file, cancellationToken);
            }
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-template: {path} counts for the template, and not all of it may be read: {exception.Message} Name what is read for the template with watch:, then what the command names may be left out",
                exception);
        }
    }

    private IEnumerable<string> FilesBelow(string folder, bool mayLeaveOut)
    {
        var all = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = mayLeaveOut };
        return Directory.EnumerateFiles(folder, "*", all)
            .Where(file => !_ownFiles.Contains(file) && IsThere(file) && (!mayLeaveOut || MayRead(file)))
            .Order(StringComparer.Ordinal).Concat(
                Directory.EnumerateDirectories(folder, "*", all).Where(IsCounted).Order(StringComparer.Ordinal)
                    .SelectMany(below => FilesBelow(below, mayLeaveOut)));
    }

    // An editor's lock is a link to nothing, a socket cannot be opened, and opening a pipe may never end.
    private static bool IsThere(string file)
    {
        var target = new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true);
        return target is not { Exists: false } && (!OperatingSystem.IsLinux() || IsRegular(target?.FullName ?? file));
    }

    private static bool IsRegular(string file) => FileOwner.Of(file) is null or { Kind: FileKind.File };

    private static bool MayRead(string file)
    {
        try
        {
            using var opened = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    // The run's own folders change each time and hold locks; a link may lead back to a folder above it.
    private bool IsCounted(string folder) =>
        !Uncounted.Contains(Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase)
        && !_ownFolders.Contains(folder)
        && new DirectoryInfo(folder).LinkTarget is null;

    private async Task AddFileAsync(string path, CancellationToken cancellationToken)
    {
        await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16, useAsync: false);
        Add(await SHA256.HashDataAsync(content, cancellationToken));
    }

    private void Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    /// <summary>Adds a part with its length in front, so that no two lists of parts run together.</summary>
    private void Add(byte[] part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        _hash.AppendData(length);
        _hash.AppendData(part);
    }
}
