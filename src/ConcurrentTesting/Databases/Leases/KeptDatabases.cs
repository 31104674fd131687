namespace ConcurrentTesting.Databases.Leases;

/// <summary>The folder for databases that are files, or servers' directories, and that outlive their run because tests failed in them. Of
/// those that stay on a server of the user's, which others may share, it has a note each, by which the checkout knows its own.</summary>
internal static partial class KeptDatabases
{
    /// <summary>How many databases one run keeps at most: where many tests fail, they mostly fail in the same way.</summary>
    public const int Limit = 10;

    public static string Folder(ConcurrentTestSettings settings) => Path.Combine(settings.TemporaryDirectory, "kept");

    /// <summary>Whether a file or folder there is called as runs call theirs: what else lies there is somebody's.</summary>
    public static bool IsOwn(string path) => OwnName().IsMatch(Path.GetFileName(path));

    /// <summary>Notes that this checkout's run has kept a database on a server.</summary>
    public static void Note(ConcurrentTestSettings settings, string database)
    {
        Directory.CreateDirectory(Folder(settings));
        File.WriteAllText(NoteOf(settings, database), "");
    }

    public static bool IsNoted(ConcurrentTestSettings settings, string database) => File.Exists(NoteOf(settings, database));

    /// <summary>The database is gone.</summary>
    public static void Forget(ConcurrentTestSettings settings, string database)
    {
        if (IsNoted(settings, database))
            File.Delete(NoteOf(settings, database));
    }

    private static string NoteOf(ConcurrentTestSettings settings, string database) => Path.Combine(Folder(settings), database);

    // A run's id is ten hexadecimal digits.
    [GeneratedRegex(@"\A[0-9a-f]{10}-.")]
    private static partial Regex OwnName();
}
