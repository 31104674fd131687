using System.Security.Cryptography;

namespace ConcurrentTesting.VsTest.AheadOfTime;

/// <summary>Assemblies that were compiled ahead, by the content of the original, for one runtime: in a folder of the user's own on this
/// machine, of bounded size. The least recently used go first.</summary>
/// <param name="folder">The folder of one runtime and platform.</param>
/// <param name="mostBytes">What all of it may take.</param>
internal sealed class CompiledCache(string folder, long mostBytes = CompiledCache.MostBytes)
{
    private const long MostBytes = 1L << 30;
    private const string Compiled = ".dll";
    private const string Refused = ".none";
    private const string Ended = ".once";
    private const string Temporary = ".tmp";
    private const string CachesName = "ahead-of-time";

    // A compiler's refusal may have had a passing reason, so it is tried again after this time.
    private static readonly TimeSpan RefusedFor = TimeSpan.FromDays(30);

    // No compilation takes this long, so an older temporary file was left behind.
    private static readonly TimeSpan TemporaryFor = TimeSpan.FromDays(1);
    private static readonly TimeSpan UnusedFor = TimeSpan.FromDays(90);

    /// <summary>Where the compiler and its temporary files are.</summary>
    public string Folder { get; } = folder;

    /// <summary>The user's cache on this machine for a runtime; null where the user has no folder.</summary>
    public static CompiledCache? For(string runtime, string platform)
    {
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.IsPathRooted(data) ? new(Path.Combine(data, "concurrent-test", CachesName, $"{runtime}-{platform}")) : null;
    }

    /// <summary>There is one: some run on this machine has made it.</summary>
    public bool Exists => Directory.Exists(Folder);

    public static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Makes the folder; false where somebody else could put something into it.</summary>
    public bool TryOpen()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(Folder);
        else if (!Exists)
            Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return FileOwner.Of(Folder) is null or { Kind: FileKind.Folder, IsOurs: true, IsWritableByOthers: false };
    }

    /// <summary>The compiled assembly; null where there is none.</summary>
    public string? Find(string hash)
    {
        var file = PathOf(hash, Compiled);
        try
        {
            if (!File.Exists(file))
                return null;
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run may have trimmed the file; where it is still there, only its time could not be set.
            return File.Exists(file) ? file : null;
        }
    }

    /// <summary>The compiler could not make anything of it lately.</summary>
    public bool IsRefused(string hash) => IsYounger(new FileInfo(PathOf(hash, Refused)), RefusedFor);

    /// <summary>Where the compiler puts what it makes of an assembly.</summary>
    public string TemporaryOf(string hash) => PathOf($"{hash}.{Environment.ProcessId}", Temporary);

    /// <summary>Takes what the compiler made of an assembly; null: nothing.</summary>
    public void Add(string hash, string? compiled)
    {
        if (compiled is null)
            File.WriteAllText(PathOf(hash, Refused), "");
        else
            File.Move(compiled, PathOf(hash, Compiled), overwrite: true);
        Trim();
    }

    /// <summary>A signal ended the compiler at an assembly: what does so twice is refused.</summary>
    public void AddEnded(string hash)
    {
        if (IsYounger(new FileInfo(PathOf(hash, Ended)), RefusedFor))
            Add(hash, null);
        else
            File.WriteAllText(PathOf(hash, Ended), "");
    }

    private void Trim()
    {
        try
        {
            var bytes = 0L;
            foreach (var file in Files($"*{Compiled}").OrderByDescending(file => file.LastWriteTimeUtc).ToList())
            {
                bytes += file.Length;
                if (bytes > mostBytes)
                    file.Delete();
            }

            foreach (var file in Files($"*{Refused}").Concat(Files($"*{Ended}")).Where(file => !IsYounger(file, RefusedFor))
                .Concat(Files($"*{Temporary}").Where(file => !IsYounger(file, TemporaryFor))).ToList())
                file.Delete();
            TrimOthers();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run is trimming too; the next one removes the rest.
        }
    }

    // A runtime that nobody uses leaves its cache behind.
    private void TrimOthers()
    {
        if (Directory.GetParent(Folder) is not { Name: CachesName } caches)
            return;
        foreach (var other in caches.EnumerateDirectories("*-*").Where(other => other.FullName != Folder && other.LinkTarget is null))
        {
            if (!other.EnumerateFileSystemInfos().Append(other).Any(entry => IsYounger(entry, UnusedFor)))
                other.Delete(recursive: true);
        }
    }

    private IEnumerable<FileInfo> Files(string pattern) => new DirectoryInfo(Folder).EnumerateFiles(pattern);

    private static bool IsYounger(FileSystemInfo entry, TimeSpan age) => entry.Exists && entry.LastWriteTimeUtc > DateTime.UtcNow - age;

    private string PathOf(string hash, string extension) => Path.Combine(Folder, hash + extension);
}
