using System.Diagnostics;
using System.IO.Enumeration;
using System.IO.Hashing;

namespace ConcurrentTesting.Discovery;

/// <summary>A short text that is another one where any file below a folder is added, removed, renamed or written: what builds and runs
/// themselves write is left out.</summary>
internal sealed class FolderPrint
{
    // Nobody builds from these folders, or they only repeat what other files say.
    private static readonly string[] Ignored = [".git", ".vs", ".idea", "node_modules"];

    private static readonly string[] OutputFolders = ["bin", "obj"];

    /// <summary>Whether files in this folder may be left out by their folders' names.</summary>
    /// <param name="path">Relative to the folder that is looked at.</param>
    public static bool MayLeaveOut(string path) => Path.GetDirectoryName(path)!.Split(Path.DirectorySeparatorChar)
        .Any(name => Ignored.Contains(name, StringComparer.Ordinal) || OutputFolders.Contains(name, StringComparer.OrdinalIgnoreCase));

    private readonly IReadOnlyCollection<string> _left;
    private readonly TimeSpan _limit;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Dictionary<string, bool> _projectFolders = new(StringComparer.Ordinal);
    private UInt128 _sum;
    private long _files;
    private bool _isInDoubt;

    private FolderPrint(IReadOnlyCollection<string> left, TimeSpan limit)
    {
        _left = left;
        _limit = limit;
    }

    /// <summary>When the youngest of the files was written.</summary>
    public DateTime Youngest { get; private set; } = DateTime.MinValue;

    public string Text => string.Create(CultureInfo.InvariantCulture, $"{_files}:{_sum:x}");

    /// <param name="left">Folders and files, absolute, that do not count.</param>
    /// <param name="limit">Null is the answer where it takes longer.</param>
    /// <returns>Null where a folder cannot be read, or leads elsewhere.</returns>
    public static FolderPrint? Of(string folder, IReadOnlyCollection<string> left, TimeSpan limit)
    {
        var print = new FolderPrint(left, limit);
        try
        {
            print.Add(folder);
            return print._isInDoubt ? null : print;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Add(string folder)
    {
        foreach (var (path, written, length, isLink) in FilesIn(folder))
        {
            if (!_left.Contains(path))
                Add(path, written, length);
            _isInDoubt |= (isLink && !AddTarget(path)) || _watch.Elapsed > _limit;
            if (_isInDoubt)
                return;
        }
    }

    private FileSystemEnumerable<(string Path, DateTime Written, long Length, bool IsLink)> FilesIn(string folder) =>
        new(
            folder,
            (ref FileSystemEntry entry) => (
                entry.ToFullPath(), entry.LastWriteTimeUtc.UtcDateTime, entry.IsDirectory ? -1 : entry.Length,
                IsLink(ref entry)),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory || (IsLink(ref entry) && !IsLeft(ref entry)),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry) && !IsLeft(ref entry),
        };

    private static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private bool IsLeft(ref FileSystemEntry entry)
    {
        var name = entry.FileName.ToString();
        return Ignored.Contains(name, StringComparer.Ordinal)
            || _left.Contains(entry.ToFullPath())
            || (OutputFolders.Contains(name, StringComparer.OrdinalIgnoreCase) && IsOfProject(entry.Directory.ToString()));
    }

    // A folder named bin or obj that belongs to no project may hold anything.
    private bool IsOfProject(string folder)
    {
        if (!_projectFolders.TryGetValue(folder, out var isOfProject))
            _projectFolders[folder] = isOfProject = Directory.EnumerateFiles(folder, "*.*proj").Any();
        return isOfProject;
    }

    // A link counts as the file that it leads to. A link to a folder is not followed.
    private bool AddTarget(string link)
    {
        if (File.ResolveLinkTarget(link, returnFinalTarget: true) is not FileInfo { Exists: true } target)
            return false;
        Add(link + ">", target.LastWriteTimeUtc, target.Length);
        return true;
    }

    private void Add(string path, DateTime written, long length)
    {
        _files++;
        if (written > Youngest)
            Youngest = written;
        _sum += XxHash128.HashToUInt128(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{path}|{written.Ticks}|{length}")));
    }
}
