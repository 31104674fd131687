using System.Diagnostics;
using System.Globalization;

namespace Lending;

/// <summary>Somebody at work on the database, in a process that was alive when it was read.</summary>
public sealed record Presence(long Id, string Machine, int ProcessId, string Name);

/// <summary>Who is at work on this database right now, whichever process they are in.</summary>
public sealed class Attendance
{
    private readonly LendingDatabase _database;

    internal Attendance(LendingDatabase database) => _database = database;

    /// <summary>Signs in. The answer holds one's own presence and, first, those of the others.</summary>
    public async Task<(long Id, IReadOnlyList<Presence> Others)> ArriveAsync(string name)
    {
        await using var session = await Session.BeginAsync(_database, "attendance", default);
        var others = new List<Presence>();
        foreach (var (presence, started) in await PresencesAsync(session))
        {
            if (IsAlive(presence, started))
                others.Add(presence);
            else
                await session.ExecuteAsync("DELETE FROM presences WHERE id = @id", ("id", presence.Id));
        }

        using var me = Process.GetCurrentProcess();
        var id = await session.InsertUnjournaledAsync(
            "presences",
            ("machine", Environment.MachineName),
            ("process_id", (long)me.Id),
            ("process_started", Started(me)),
            ("name", name));
        await session.CommitAsync();
        return (id, others);
    }

    public async Task LeaveAsync(long id)
    {
        await using var session = await Session.BeginAsync(_database, "attendance", default);
        await session.ExecuteAsync("DELETE FROM presences WHERE id = @id", ("id", id));
        await session.CommitAsync();
    }

    public async Task<IReadOnlyList<Presence>> NowAsync()
    {
        await using var session = await Session.BeginAsync(_database, "attendance", default);
        return [.. (await PresencesAsync(session)).Where(row => IsAlive(row.Presence, row.Started)).Select(row => row.Presence)];
    }

    private static Task<List<(Presence Presence, string Started)>> PresencesAsync(Session session) => session.QueryAsync(
        "SELECT id, machine, process_id, name, process_started FROM presences ORDER BY id",
        row => (new Presence(row.GetInt64(0), row.GetString(1), (int)row.GetInt64(2), row.GetString(3)), row.GetString(4)));

    // A killed process cannot sign out, and its id may be given to another.
    private static bool IsAlive(Presence presence, string started)
    {
        if (presence.Machine != Environment.MachineName)
            return true;
        try
        {
            using var process = Process.GetProcessById(presence.ProcessId);
            return IsSameStart(process, started);
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string Started(Process process) => process.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    // The start time is worked out from the clock and wavers by some milliseconds from one reader to another.
    private static bool IsSameStart(Process process, string started) =>
        (process.StartTime.ToUniversalTime() - DateTime.Parse(started, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)).Duration()
        < TimeSpan.FromSeconds(2);
}
