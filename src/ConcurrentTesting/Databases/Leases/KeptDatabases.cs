namespace ConcurrentTesting.Databases.Leases;

/// <summary>
/// The folder for databases that are files, or servers' directories, and that outlive their run because tests failed in them.
/// </summary>
internal static class KeptDatabases
{
    /// <summary>How many databases one run keeps at most: where many tests fail, they mostly fail in the same way.</summary>
    public const int Limit = 10;

    public static string Folder(ConcurrentTestSettings settings) => Path.Combine(settings.TemporaryDirectory, "kept");
}
