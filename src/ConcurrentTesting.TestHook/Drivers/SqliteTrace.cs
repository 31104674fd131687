using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ConcurrentTesting.TestHook.Measuring;
using ConcurrentTesting.TestHook.Statements;

namespace ConcurrentTesting.TestHook.Drivers;

/// <summary>SQLite, by the tracing of its native library: Microsoft.Data.Sqlite tells nothing itself. Every connection opened after
/// <see cref="Attach"/> is traced, whoever opens it. One library is traced in a process, the first.</summary>
/// <remarks>https://sqlite.org/c3ref/trace_v2.html, https://sqlite.org/c3ref/auto_extension.html,
/// https://sqlite.org/c3ref/stmt_readonly.html, https://sqlite.org/c3ref/expanded_sql.html</remarks>
internal static unsafe class SqliteTrace
{
    private const uint StatementBegins = 0x01;
    private const uint StatementEnds = 0x02;
    private const string NotThere = "it was not found or has no sqlite3_trace_v2.";

    private static readonly Dictionary<nint, Running> RunningStatements = [];
    private static nint _library;
    private static Func<Tally>? _currentTally;
    private static Action<string, Exception>? _reportFailure;
    private static delegate* unmanaged[Cdecl]<nint, uint, delegate* unmanaged[Cdecl]<uint, nint, nint, nint, int>, nint, int> _traceV2;
    private static delegate* unmanaged[Cdecl]<nint, int> _isReadOnly;
    private static delegate* unmanaged[Cdecl]<nint, byte*, byte*> _fileName;
    private static delegate* unmanaged[Cdecl]<nint, byte*> _textOf;
    private static OpenedDatabases? _openedDatabases;

    private readonly record struct Running(Tally Tally, long Since);

    /// <summary>Begins to trace the library that a provider of SQLitePCLRaw calls.</summary>
    /// <param name="provider">The provider's assembly, whose place decides which file the library is.</param>
    /// <returns>Why it is not traced; null where it is.</returns>
    public static string? Attach(
        Assembly provider, string library, Func<Tally> current, OpenedDatabases opened, Action<string, Exception> report)
    {
        if (!NativeLibrary.TryLoad(library, provider, null, out var handle))
            return NotThere;
        if (_library != 0)
            return handle == _library ? null : "another native library of SQLite is measured in the process already, and one can be.";
        return Register(handle, current, opened, report);
    }

    private static string? Register(nint handle, Func<Tally> current, OpenedDatabases opened, Action<string, Exception> report)
    {
        if (!NativeLibrary.TryGetExport(handle, "sqlite3_auto_extension", out var autoExtension)
            || !NativeLibrary.TryGetExport(handle, "sqlite3_trace_v2", out var trace)
            || !NativeLibrary.TryGetExport(handle, "sqlite3_stmt_readonly", out var readOnly))
            return NotThere;

        _library = handle;
        _currentTally = current;
        _openedDatabases = opened;
        if (NativeLibrary.TryGetExport(handle, "sqlite3_db_filename", out var name))
            _fileName = (delegate* unmanaged[Cdecl]<nint, byte*, byte*>)name;
        if (NativeLibrary.TryGetExport(handle, "sqlite3_sql", out var text))
            _textOf = (delegate* unmanaged[Cdecl]<nint, byte*>)text;
        _reportFailure = report;
        _isReadOnly = (delegate* unmanaged[Cdecl]<nint, int>)readOnly;
        _traceV2 = (delegate* unmanaged[Cdecl]<nint, uint, delegate* unmanaged[Cdecl]<uint, nint, nint, nint, int>, nint, int>)trace;
        var register = (delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<nint, nint, nint, int>, int>)autoExtension;
        return register(&Opened) == 0 ? null : "it does not take an automatic extension.";
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Opened(nint connection, nint error, nint api)
    {
        try
        {
            _traceV2(connection, StatementBegins | StatementEnds, &Traced, 0);
            var tally = _currentTally!();
            if (_fileName != null)
                _openedDatabases!.Add(FileOf(connection), tally);
            tally.Connection();
        }
        catch (Exception exception)
        {
            _reportFailure!("SQLite", exception);
        }

        return 0;
    }

    private static string? FileOf(nint connection)
    {
        fixed (byte* main = "main\0"u8)
            return Marshal.PtrToStringUTF8((nint)_fileName(connection, main));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Traced(uint what, nint context, nint statement, nint detail)
    {
        try
        {
            if (what == StatementBegins)
                Begin(statement, (byte*)detail);
            else
                End(statement);
        }
        catch (Exception exception)
        {
            _reportFailure!("SQLite", exception);
        }

        return 0;
    }

    private static void Begin(nint statement, byte* text)
    {
        // A statement that another runs within itself, as full text search does on its tables, arrives as a comment with its text.
        if (_textOf != null && text != _textOf(statement))
            return;
        var tally = _currentTally!();
        lock (RunningStatements)
        {
            // Triggers and foreign keys announce themselves within the statement that fires them.
            if (!RunningStatements.TryAdd(statement, new Running(tally, Stopwatch.GetTimestamp())))
                return;
        }

        tally.Command(StatementCatalog.OfSqlite(text, statement, KindOf));
    }

    // The event's own time has a resolution of only a millisecond.
    private static void End(nint statement)
    {
        bool known;
        Running running;
        lock (RunningStatements)
            known = RunningStatements.Remove(statement, out running);
        if (!known)
            return;
        var elapsed = Stopwatch.GetElapsedTime(running.Since);
        if (elapsed >= SlowStatements.WorthTelling && _textOf != null
            && Marshal.PtrToStringUTF8((nint)_textOf(statement)) is { } text)
            running.Tally.Slow(StatementText.Of(text, SqlDialect.Sqlite), elapsed);
        running.Tally.QueryTime(elapsed);
    }

    private static StatementKind KindOf(nint statement, nint text)
    {
        var kind = VerbOf((byte*)text);
        return kind is StatementKind.Other or StatementKind.Begin
            ? kind
            : _isReadOnly(statement) != 0 ? StatementKind.Read : StatementKind.Write;
    }

    // The library tells a read from a write, and the text only tells rows from anything else. With hardly an exception its first characters
    // do.
    private static StatementKind VerbOf(byte* text)
    {
        const int enough = 96;
        Span<char> start = stackalloc char[enough];
        var length = 0;
        while (length < enough && text[length] != 0)
        {
            start[length] = text[length] < 0x80 ? (char)text[length] : '_';
            length++;
        }

        var kind = VerbOf(start[..length], out var isWhole);
        return isWhole || length < enough ? kind : VerbOf(Marshal.PtrToStringUTF8((nint)text), out _);
    }

    private static StatementKind VerbOf(ReadOnlySpan<char> text, out bool isWhole)
    {
        var tokens = new SqlTokens(text, SqlDialect.Sqlite);
        var token = tokens.Next();
        while (token is SqlTokenKind.Open or SqlTokenKind.Semicolon)
            token = tokens.Next();
        isWhole = token != SqlTokenKind.End;
        return token == SqlTokenKind.Word ? StatementReader.KindOf(tokens.Word) : StatementKind.Other;
    }
}
