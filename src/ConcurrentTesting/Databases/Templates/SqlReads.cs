using System.Buffers;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>Whether a file of SQL reads other files, which nobody looks at then. It goes by lines, without a parser: in doubt the file
/// does, and the template is built anew.</summary>
internal static partial class SqlReads
{
    // Each line that counts has one of these, so all other lines are skipped quickly.
    private static readonly SearchValues<string> Beginnings = SearchValues.Create(
        ["from", "load", "pg_read", "lo_import", "\\", "source", ".read", ".import", "`"], StringComparison.OrdinalIgnoreCase);

    /// <summary>The server reads them, by their paths: <c>COPY book FROM '/books.csv'</c>.</summary>
    public static bool OthersByServer(string path) => Any(path, line => ServersWords().IsMatch(line));

    /// <summary>The server or its client, psql, mysql or sqlite3, reads them: <c>\ir books.sql</c>.</summary>
    public static bool OthersByClient(string path) => Any(path, line => ServersWords().IsMatch(line) || ClientsWords().IsMatch(line));

    private static bool Any(string path, Func<string, bool> isReading)
    {
        try
        {
            return File.ReadLines(path, Encoding.Latin1).Any(line => line.AsSpan().ContainsAny(Beginnings) && isReading(line));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whoever executes the file will say what is wrong with it.
            return true;
        }
    }

    [GeneratedRegex(
        @"(^|\bCOPY\b.*|\))\s*\bFROM\s+(PROGRAM\s+)?E?'|\bLOAD\s+(DATA|XML)\b|\b(pg_read_(binary_)?file|pg_ls_dir|lo_import|LOAD_FILE)\s*\(",
        RegexOptions.IgnoreCase)]
    private static partial Regex ServersWords();

    [GeneratedRegex(@"\\(i|ir|include|include_relative|copy|!)(\W|$)|^\s*(source\s|\\\.\s*\S|\.(read|import)\s)|`\w+\s", RegexOptions.IgnoreCase)]
    private static partial Regex ClientsWords();
}
