using Microsoft.Extensions.Time.Testing;

namespace Lending.Tests;

/// <summary>
/// One test's use of the library. From <see cref="StartAsync"/> to <see cref="FinishAsync"/> it expects to be alone: in its process, where one at a
/// time is promised, and on its database, where nobody else may write or even be present. It takes its own rows away again.
/// </summary>
public sealed class LendingTest
{
    private const int LongestName = 100;

    private static readonly DateTimeOffset Opening = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);
    private static int _pruned;

    private readonly RunningTests.Ticket _ticket;
    private readonly string _name;
    private readonly long _journal;
    private readonly IReadOnlyDictionary<string, long> _rows;
    private readonly long _presence;

    private LendingTest(
        Library library, FakeTimeProvider clock, string name, RunningTests.Ticket ticket, long presence, long journal, IReadOnlyDictionary<string, long> rows)
    {
        Library = library;
        Clock = clock;
        Given = new Given(library);
        _name = name;
        _ticket = ticket;
        _presence = presence;
        _journal = journal;
        _rows = rows;
    }

    public Library Library { get; }

    /// <summary>Monday, 2 March 2026, 10:00 UTC, until the test moves it.</summary>
    public FakeTimeProvider Clock { get; }

    public Given Given { get; }

    /// <summary>
    /// One test at a time and a database of one's own are promised to a worker of a concurrent run, and by serial.runsettings. A plain
    /// <c>dotnet test</c>, where classes run side by side on the shared file, promises nothing.
    /// </summary>
    public static bool IsAlone =>
        Environment.GetEnvironmentVariable("CONCURRENT_TEST_RUN") is { Length: > 0 } || Environment.GetEnvironmentVariable("LENDING_ALONE") == "1";

    public static async Task<LendingTest> StartAsync(string testName)
    {
        var name = Plain(testName);
        var clock = new FakeTimeProvider(Opening);
        var library = new Library(LendingDatabase.FromEnvironment(), clock, $"{name} {Guid.NewGuid():N}");
        if (Interlocked.Exchange(ref _pruned, 1) == 0)
            await library.Journal.PruneAsync(TimeSpan.FromHours(1));
        var ticket = RunningTests.Enter(name);
        long presence = 0;
        try
        {
            (presence, var others) = await library.Attendance.ArriveAsync(name);
            if (IsAlone && others.Count > 0)
                throw new InvalidOperationException($"'{name}' is not alone on its database: {string.Join(", ", others)}.");
            return new LendingTest(
                library, clock, name, ticket, presence, await library.Journal.LastIdAsync(), await RowCounts.ReadAsync(library.Database));
        }
        catch
        {
            ticket.Dispose();
            if (presence != 0)
                await library.Attendance.LeaveAsync(presence);
            throw;
        }
    }

    public async Task FinishAsync()
    {
        try
        {
            await Library.Journal.UndoInsertsAsync(Library.Actor);
            if (IsAlone)
                await ExpectOnlyOwnWritesAsync();
        }
        finally
        {
            await Library.Attendance.LeaveAsync(_presence);
            _ticket.Dispose();
        }

        if (IsAlone && _ticket.MostAtOnce > 1)
            throw new InvalidOperationException($"{_ticket.MostAtOnce} tests ran at once while '{_name}' did.");
    }

    /// <summary>Fails where anybody but this test has written to its database since it started.</summary>
    public async Task ExpectOnlyOwnWritesAsync()
    {
        var entries = await Library.Journal.SinceAsync(_journal);
        var foreign = entries.Where(entry => entry.Actor != Library.Actor).Select(entry => $"{entry.Actor}: {entry.Operation} {entry.Relation}").ToList();
        if (foreign.Count > 0)
            throw new InvalidOperationException($"Somebody else wrote while '{_name}' ran: {string.Join("; ", foreign)}.");
        foreach (var (relation, now) in await RowCounts.ReadAsync(Library.Database))
        {
            var own = entries.Sum(entry => entry.Relation != relation ? 0 : entry.Operation switch { "insert" => 1, "delete" => -1, _ => 0 });
            if (now != _rows[relation] + own)
                throw new InvalidOperationException($"{relation} had {_rows[relation]} rows, '{_name}' added {own}, and now there are {now}.");
        }
    }

    // Test names hold what no database stores: NUL, half surrogate pairs, three thousand characters.
    private static string Plain(string name) =>
        string.Concat(name.Take(LongestName).Select(character => char.IsAscii(character) && !char.IsControl(character) ? character : '?'));
}
