using System.Security.Cryptography;
using ConcurrentTesting.Safety;

namespace ConcurrentTesting.VsTest.AheadOfTime;

/// <summary>
/// Assemblies that were compiled ahead, by the content of the original, for one runtime: in a folder of the user's own on this machine, of
/// bounded size. What is used least lately goes first.
/// </summary>
/// <param name="folder">Of one runtime and platform.</param>
/// <param name="mostBytes">What all of it may take.</param>
internal sealed class CompiledCache(string folder, long mostBytes = CompiledCache.MostBytes)
{
    private const long MostBytes = 1L << 30;
    private const string Compiled = ".dll";
    private const string Refused = ".none";

    /// <summary>Where the compiler and its temporary files are.</summary>
    public string Folder { get; } = folder;

    /// <summary>The user's cache on this machine for a runtime.</summary>
    public static CompiledCache For(string runtime, string platform) => new(Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "concurrent-test", "ahead-of-time", $"{runtime}-{platform}"));

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
        if (!File.Exists(file))
            return null;
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow);
        return file;
    }

    /// <summary>The compiler could not make anything of it.</summary>
    public bool IsRefused(string hash) => File.Exists(PathOf(hash, Refused));

    /// <summary>Takes what the compiler made of an assembly; null: nothing.</summary>
    public void Add(string hash, string? compiled)
    {
        if (compiled is null)
            File.WriteAllText(PathOf(hash, Refused), "");
        else
            File.Move(compiled, PathOf(hash, Compiled), overwrite: true);
        Trim();
    }

    private void Trim()
    {
        var files = new DirectoryInfo(Folder).EnumerateFiles($"*{Compiled}").OrderByDescending(file => file.LastWriteTimeUtc).ToList();
        var bytes = 0L;
        foreach (var file in files)
        {
            bytes += file.Length;
            if (bytes > mostBytes)
                file.Delete();
        }
    }

    private string PathOf(string hash, string extension) => Path.Combine(Folder, hash + extension);
}
