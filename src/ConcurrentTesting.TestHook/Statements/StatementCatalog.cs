using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Statements;

/// <summary>Reads each text once: programs send the same ones again and again. What it remembers is bounded.</summary>
internal static class StatementCatalog
{
    private const int MostTexts = 2000;
    private const int LongestText = 4000;
    private const int MostQueries = 2000;

    // There is one for each dialect, because keys of value types would have to be compiled in each test process.
    private static readonly ConcurrentDictionary<string, Statement>[] Texts = [NewTexts(), NewTexts(), NewTexts()];
    private static readonly ConcurrentDictionary<string, RepeatableQuery> Queries = new(StringComparer.Ordinal);

    public static Statement Of(string text, SqlDialect dialect)
    {
        var texts = Texts[(int)dialect];
        if (texts.TryGetValue(text, out var known))
            return known;
        var read = Read(text, dialect, StatementReader.Count(text, dialect));
        if (text.Length <= LongestText)
            Remember(texts, text, read);
        return read;
    }

    /// <summary>The same of a text that the native SQLite holds, one statement, whose kind the library helps to tell.</summary>
    public static unsafe Statement OfSqlite(byte* text, nint statement, Func<nint, nint, StatementKind> kindOf)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        var hash = Hash(bytes);
        if (Native.Texts.TryGetValue(hash, out var known))
            return known;
        var read = Read(
            Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, LongestText)]), SqlDialect.Sqlite,
            default(StatementCounts).Plus(kindOf(statement, (nint)text)));
        Remember(Native.Texts, hash, read);
        return read;
    }

    private static ConcurrentDictionary<string, Statement> NewTexts() => new(StringComparer.Ordinal);

    private static Statement Read(string text, SqlDialect dialect, StatementCounts counts) =>
        new(counts, counts is { Reads: > 0, Writes: 0, Others: 0 } ? QueryOf(text, dialect) : null);

    private static RepeatableQuery QueryOf(string text, SqlDialect dialect)
    {
        var normal = StatementText.Whole(text, dialect);
        if (Queries.TryGetValue(normal.Text, out var query))
            return query;
        if (Queries.Count >= MostQueries)
            ForgetQueries();
        return Queries.GetOrAdd(normal.Text, new RepeatableQuery(normal.Cut()));
    }

    // Tests that name their tables anew make new queries for ever. Texts hold their queries, and would keep the old ones, so texts go too.
    private static void ForgetQueries()
    {
        Queries.Clear();
        foreach (var texts in Texts)
            texts.Clear();
        Native.Texts.Clear();
    }

    // Texts with values in them are new ones for ever, so nothing better is known than to begin again.
    private static void Remember<T>(ConcurrentDictionary<T, Statement> statements, T text, Statement statement)
        where T : notnull
    {
        if (statements.Count >= MostTexts)
            statements.Clear();
        statements[text] = statement;
    }

    // With 64 bits, two of some thousand texts hardly ever have the same hash. The shared framework has no hash that is as fast and as
    // long.
    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        const ulong factor = 0x9E3779B97F4A7C15;
        var hash = (ulong)bytes.Length * factor;
        while (bytes.Length >= 8)
        {
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(bytes), factor);
            bytes = bytes[8..];
        }

        foreach (var last in bytes)
            hash = Mix(hash ^ last, factor);
        return hash;
    }

    private static ulong Mix(ulong value, ulong factor)
    {
        value *= factor;
        return value ^ (value >> 29);
    }

    // The field is made only where there is SQLite.
    private static class Native
    {
        public static readonly ConcurrentDictionary<ulong, Statement> Texts = new();
    }
}
