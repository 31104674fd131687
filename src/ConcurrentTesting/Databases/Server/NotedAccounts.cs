namespace ConcurrentTesting.Databases.Server;

/// <summary>Notes of the accounts that build templates, for servers that do not let everybody list accounts: by them the next run of this
/// checkout finds what a killed one left. A file each, whose name is the account's, in a folder of the server's.</summary>
internal static class NotedAccounts
{
    private static readonly char[] NoNames = [.. Path.GetInvalidFileNameChars().Append(':').Distinct()];

    /// <summary>Notes an account before it is made: a note of an account that is not there does no harm.</summary>
    public static void Note(ServerContext context, string server, string account)
    {
        // A throwaway server takes its accounts with it, so they need no note.
        if (!context.IsOurs)
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(FolderOf(context, server)).FullName, account), "");
    }

    public static IReadOnlyList<string> Of(ServerContext context, string server)
    {
        var folder = FolderOf(context, server);
        return !context.IsOurs && Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>The account is gone.</summary>
    public static void Forget(ServerContext context, string server, string account)
    {
        var note = Path.Combine(FolderOf(context, server), account);
        if (!context.IsOurs && File.Exists(note))
            File.Delete(note);
    }

    private static string FolderOf(ServerContext context, string server) =>
        Path.Combine(context.Settings.TemporaryDirectory, "accounts", string.Join('-', server.Split(NoNames)));
}
