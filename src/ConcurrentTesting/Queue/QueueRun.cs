using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace ConcurrentTesting.Queue;

/// <summary>A run that several machines share, as one of them sees it.</summary>
internal sealed class QueueRun(QueueConnection connection, string run, QueueMachine machine)
{
    /// <summary>Test cases that go to a worker at once, unless an item has more.</summary>
    private const int MostCases = 3_000;

    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>How long a machine goes by what waited, which takes the server as long as all the rest of a claim.</summary>
    private static readonly TimeSpan WaitingHolds = TimeSpan.FromSeconds(1);

    private bool _hasExclusive;
    private double? _waiting;
    private long _waitingAt;
    private TimeSpan _lease;

    /// <summary>The queue was away a moment ago: no machine could tell that it lives, and none is to be taken for lost before each had time
    /// to.</summary>
    public bool IsBack => connection.WasAwayWithin(_lease);

    /// <summary>What a batch should take at least.</summary>
    public double LeastSeconds { get; set; } = 0.3;

    public string Name => run;

    public QueueMachine Machine => machine;

    /// <summary>Comes into the run: as its leader, who fills it, where nobody was before.</summary>
    /// <param name="lease">How long a claim holds without a heartbeat, where this machine leads.</param>
    public async Task<QueueJoined> JoinAsync(QueuePlan plan, TimeSpan lease, CancellationToken cancellationToken)
    {
        var joined = await connection.AskAsync((session, token) => JoinAsync(session, plan, lease, token), cancellationToken);
        (_hasExclusive, _lease) = (joined.HasExclusive, joined.Lease);
        await connection.AskAsync(ForgetAsync, cancellationToken);
        return joined;
    }

    /// <summary>What is known of the run; null: nobody has begun it.</summary>
    public Task<QueueJoined?> FindAsync(CancellationToken cancellationToken) =>
        connection.AskAsync((session, token) => LookAsync(session, token), cancellationToken);

    /// <summary>The names of the run's tests.</summary>
    public Task<ImmutableArray<string>> NamesAsync(CancellationToken cancellationToken) => connection.AskAsync(
        async (session, token) =>
        {
            await using var command = Command(session, QueueSql.ReadNames);
            return await ReadAllAsync(command, reader => reader.GetString(0), token);
        },
        cancellationToken);

    /// <summary>The next items for a worker.</summary>
    /// <param name="host">The assembly that it has a host of; -1: none.</param>
    /// <param name="held">The leases that this machine knows of.</param>
    public async Task<QueueTurn> ClaimAsync(
        int worker, int host, IReadOnlyCollection<long> held, CancellationToken cancellationToken)
    {
        var turn = new Turn(Guid.NewGuid(), worker, host);
        var lost = ImmutableArray.CreateBuilder<(string, int)>();
        return await connection.AskAsync(
            async (session, token) =>
            {
                var asked = turn;
                turn = turn with { MayHaveTaken = true };
                var found = await TurnAsync(session, asked, token);
                if (!found.State.HasOverdue)
                    return found with { Lost = lost.ToImmutable() };

                // What was just claimed is known as well, however long ago that was.
                var taken = await TakeBackAsync(session, found.Claim is { } claim ? [.. held, claim.Lease] : [.. held], token);
                lost.AddRange(taken);
                if (found.Claim is null && !taken.IsEmpty)
                    found = await TurnAsync(session, turn, token);
                return found with { Lost = lost.ToImmutable() };
            },
            cancellationToken);
    }

    public Task<QueueState> StateAsync(CancellationToken cancellationToken) => connection.AskAsync(
        async (session, token) =>
        {
            await using var command = Command(session, QueueSql.State);
            await using var reader = await command.ExecuteReaderAsync(token);
            return await StateOfAsync(reader, token);
        },
        cancellationToken);

    /// <summary>Tells that the machine lives, and what happened on it beside its claims.</summary>
    /// <param name="workers">How many of its workers take items.</param>
    /// <returns>Those of the leases that it still has.</returns>
    public Task<ImmutableArray<long>> HeartbeatAsync(
        int workers, QueueLeases leases, QueueBeside beside, CancellationToken cancellationToken) => connection.AskAsync(
            async (session, token) =>
            {
                await using var command = Command(
                    session, QueueSql.Heartbeat, [("machine", machine.Id), ("workers", workers), ("leases", leases.Held.ToArray()),
                        ("begun", leases.Begun.ToArray()), ("patience", leases.Patience), .. Told(beside)]);
                return await ReadAllAsync(command, reader => reader.GetInt64(0), token);
            },
            cancellationToken);

    public Task<QueueAnswer> AcknowledgeAsync(int worker, QueueAcknowledgement end, CancellationToken cancellationToken) =>
        connection.AskAsync(
            async (session, token) =>
            {
                await using var command = Command(
                    session, QueueSql.Acknowledge, [("machine", machine.Id), ("worker", Worker(worker)), ("lease", end.Lease),
                        ("events", end.Events), ("tests", end.Results.Select(result => result.Test).ToArray()),
                        ("rows", end.Results.Select(result => result.Row).ToArray()),
                        ("outcomes", end.Results.Select(result => result.Outcome).ToArray()),
                        ("tried", end.Tries.Select(tries => tries.Test).ToArray()),
                        ("reruns", end.Tries.Select(tries => tries.Reruns).ToArray()),
                        ("retries", end.Tries.Select(tries => tries.Retries).ToArray()), ("faulty", end.IsFaulty),
                        ("good", end.IsGood), ("rerun", end.Reruns), ("mostReruns", end.MostReruns), .. Told(end.Beside)]);
                command.Parameters.Add(Json("again", end.Again));
                var answer = await AnswerAsync(command, token);
                return answer.IsTaken && await IsAcknowledgedAsync(session, end.Lease, token) ? answer with { IsTaken = false } : answer;
            },
            cancellationToken);

    private async Task<bool> IsAcknowledgedAsync(NpgsqlConnection session, long lease, CancellationToken cancellationToken)
    {
        await using var command = Command(session, QueueSql.IsAcknowledged, ("machine", machine.Id), ("lease", lease));
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Gives a claim back that was not begun, or that the machine will not come to end.</summary>
    public Task<QueueAnswer> GiveBackAsync(int worker, long lease, bool isFaulty, CancellationToken cancellationToken) =>
        connection.AskAsync(
            async (session, token) =>
            {
                await using var command = Command(
                    session, QueueSql.GiveBack, ("machine", machine.Id), ("worker", Worker(worker)), ("lease", lease), ("faulty", isFaulty),
                    ("mostFaults", QueueSql.MostFaults));
                return await AnswerAsync(command, token);
            },
            cancellationToken);

    /// <summary>Takes no more items.</summary>
    /// <param name="isEarly">The run goes on without the machine, which does not wait for its end.</param>
    /// <returns>Whether the run knows all that happened: it was not ended without the machine, or had heard it before.</returns>
    public Task<bool> LeaveAsync(bool isEarly, QueueBeside beside, CancellationToken cancellationToken) => connection.AskAsync(
        async (session, token) =>
        {
            await using var command = Command(
                session, QueueSql.Leave,
                [("machine", machine.Id), ("state", isEarly ? MachineState.Left : MachineState.Ended), .. Told(beside)]);
            return await command.ExecuteScalarAsync(token) is true;
        },
        cancellationToken);

    /// <summary>Whether this machine is to make out the run's verdict.</summary>
    public Task<bool> BeginSealAsync(CancellationToken cancellationToken) => connection.AskAsync(
        async (session, token) =>
        {
            await using var command = Command(session, QueueSql.BeginSeal, ("machine", machine.Id));
            return await command.ExecuteScalarAsync(token) is true;
        },
        cancellationToken);

    /// <summary>Makes the verdict the run's, unless another did or a test is not done.</summary>
    public Task SealAsync(int exitCode, string reason, CancellationToken cancellationToken) => connection.AskAsync(
        async (session, token) =>
        {
            await using var command = Command(
                session, QueueSql.Seal, ("machine", machine.Id), ("exitCode", exitCode), ("reason", QueueText.Of(reason)));
            return await command.ExecuteNonQueryAsync(token);
        },
        cancellationToken);

    /// <summary>All that the machines have left; null: nobody has begun the run.</summary>
    public Task<QueuedResults?> ReadAsync(CancellationToken cancellationToken) => connection.AskAsync(
        async (session, token) =>
        {
            // One transaction reads the state of one moment.
            await using var transaction = await session.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, token);
            await using var patiently = Command(session, QueueSql.Patiently);
            await patiently.ExecuteNonQueryAsync(token);
            await using var command = PatientCommand(session, QueueSql.ReadRun);
            var found = await ReadAllAsync(
                command,
                reader => (
                    Plan: reader.GetFieldValue<byte[]>(0), Seal: SealOf(reader, 1), CreatedAt: reader.GetDateTime(5),
                    IsOld: reader.GetBoolean(6)),
                token);
            if (found.IsEmpty)
                return null;
            await using var machines = PatientCommand(session, QueueSql.ReadMachines);
            await using var batches = PatientCommand(session, QueueSql.ReadBatches);
            await using var notDone = PatientCommand(session, QueueSql.ReadNotDone);
            return new QueuedResults(
                found[0].Plan,
                await ReadAllAsync(machines, MachineOf, token),
                await ReadAllAsync(
                    batches, reader => new QueuedBatch(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), (int)reader.GetInt64(2)), token),
                await ReadAllAsync(
                    notDone, reader => new QueuedTest(reader.GetInt32(0), reader.GetString(1), TextOf(reader, 2)), token),
                found[0].Seal,
                found[0].CreatedAt,
                found[0].IsOld);
        },
        cancellationToken);

    private async Task<QueueJoined> JoinAsync(NpgsqlConnection session, QueuePlan plan, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var transaction = await session.BeginTransactionAsync(cancellationToken);
        await using var patiently = Command(session, QueueSql.Patiently);
        await patiently.ExecuteNonQueryAsync(cancellationToken);
        await using var lead = PatientCommand(
            session, QueueSql.Lead, ("machine", machine.Id), ("plan", plan.Events), ("lease", lease),
            ("exclusive", plan.Items.Any(item => !item.Groups.IsEmpty)));
        lead.Parameters.Add(Json("fingerprint", plan.Fingerprint));
        if (await lead.ExecuteScalarAsync(cancellationToken) is true)
            await FillAsync(session, plan, cancellationToken);
        await using var hold = PatientCommand(session, QueueSql.LockRun);
        await hold.ExecuteScalarAsync(cancellationToken);
        var joined = await LookAsync(session, cancellationToken);
        if (joined is { Seal: null } && joined.Fingerprint.SequenceEqual(plan.Fingerprint))
        {
            await using var enter = Command(
                session, QueueSql.Enter, ("machine", machine.Id), ("name", machine.Name), ("workers", machine.Workers));
            await enter.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return joined!;
    }

    private async Task FillAsync(NpgsqlConnection session, QueuePlan plan, CancellationToken cancellationToken)
    {
        await using var tests = PatientCommand(
            session, QueueSql.FillTests, ("tests", Enumerable.Range(0, plan.Tests.Length).ToArray()),
            ("names", plan.Tests.Select(test => test.Name).ToArray()), ("cases", plan.Tests.Select(test => test.Cases).ToArray()),
            ("peers", plan.Tests.Select((test, number) => test.Peers ?? number).ToArray()),
            ("needsPeers", plan.Tests.Select(test => test.NeedsPeers).ToArray()));
        await tests.ExecuteNonQueryAsync(cancellationToken);
        await using var items = PatientCommand(session, QueueSql.FillItems);
        items.Parameters.Add(Json("items", plan.Items));
        await items.ExecuteNonQueryAsync(cancellationToken);
        if (!plan.Earlier.IsEmpty)
            await CarryOverAsync(session, plan, cancellationToken);
        await using var analyze = PatientCommand(session, QueueSql.Analyze);
        await analyze.ExecuteNonQueryAsync(cancellationToken);
    }

    // A machine that joins removes one old run, and nothing depends on it: where it takes too long, or a table is locked, the next to join
    // tries again. A connection that breaks here is made anew by the next question.
    private async Task<int> ForgetAsync(NpgsqlConnection session, CancellationToken cancellationToken)
    {
        try
        {
            await using var forget = Command(session, QueueSql.Forget);
            return await forget.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
    }

    private async Task CarryOverAsync(NpgsqlConnection session, QueuePlan plan, CancellationToken cancellationToken)
    {
        await using var find = Command(session, QueueSql.FindEarlier, ("earlier", plan.Earlier.ToArray()));
        find.Parameters.Add(Json("fingerprint", plan.Fingerprint));
        if (await find.ExecuteScalarAsync(cancellationToken) is not string from)
            return;
        await using var carry = PatientCommand(session, QueueSql.CarryOver, ("from", from));
        await carry.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<QueueJoined?> LookAsync(NpgsqlConnection session, CancellationToken cancellationToken)
    {
        await using var command = Command(session, QueueSql.Look, ("machine", machine.Id));
        var found = await ReadAllAsync(
            command,
            reader => new QueueJoined(
                reader.GetGuid(0) == machine.Id,
                JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(1))!
                    .ToImmutableSortedDictionary(StringComparer.Ordinal),
                reader.GetTimeSpan(2), reader.GetBoolean(3), [.. reader.GetFieldValue<string[]>(9)], (int)reader.GetInt64(10),
                reader.GetDateTime(4),
                SealOf(reader, 5), reader.GetBoolean(11)),
            cancellationToken);
        return found.FirstOrDefault();
    }

    private async Task<QueueTurn> TurnAsync(NpgsqlConnection session, Turn turn, CancellationToken cancellationToken)
    {
        if (Stopwatch.GetElapsedTime(_waitingAt) > WaitingHolds)
            _waiting = null;
        await using var batch = new NpgsqlBatch(session);
        if (_hasExclusive)
            batch.BatchCommands.Add(Part(QueueSql.LockRun));
        batch.BatchCommands.Add(ClaimOf(turn));
        if (turn.MayHaveTaken)
            batch.BatchCommands.Add(Part(QueueSql.Claimed, ("claim", turn.Claim)));
        batch.BatchCommands.Add(Part(QueueSql.Tries, ("claim", turn.Claim)));
        batch.BatchCommands.Add(Part(QueueSql.State));
        return await ReadTurnAsync(batch, turn, cancellationToken);
    }

    private NpgsqlBatchCommand ClaimOf(Turn turn)
    {
        var command = Part(
            _hasExclusive ? QueueSql.ExclusiveClaim : QueueSql.Claim, ("machine", machine.Id), ("worker", Worker(turn.Worker)),
            ("host", turn.Host), ("claim", turn.Claim), ("least", LeastSeconds), ("most", (long)MostCases),
            ("age", Stopwatch.GetElapsedTime(_waitingAt).TotalSeconds), ("mine", machine.Workers));
        command.Parameters.Add(
            new NpgsqlParameter("waiting", NpgsqlDbType.Double) { Value = _waiting is { } waiting ? waiting : DBNull.Value });
        return command;
    }

    // The answers come in the order of TurnAsync's questions.
    private async Task<QueueTurn> ReadTurnAsync(NpgsqlBatch batch, Turn turn, CancellationToken cancellationToken)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (_hasExclusive)
            await reader.NextResultAsync(cancellationToken);
        var claim = await ClaimedAsync(reader, Remember, cancellationToken);
        if (turn.MayHaveTaken)
            claim = await ClaimedAsync(reader, _ => { }, cancellationToken);
        _waiting -= claim?.Seconds ?? 0;
        var tries = ImmutableArray.CreateBuilder<QueueTries>();
        while (await reader.ReadAsync(cancellationToken))
            tries.Add(new QueueTries(reader.GetInt32(0), reader.GetInt32(1), reader.GetInt32(2)) { HasFailed = reader.GetBoolean(3) });
        await reader.NextResultAsync(cancellationToken);
        return new QueueTurn(
            claim is null ? null : claim with { Tries = tries.ToImmutable() }, await StateOfAsync(reader, cancellationToken), []);
    }

    // What was told by the server, not what we have reckoned from it since.
    private void Remember(NpgsqlDataReader reader)
    {
        if (_waiting is null)
            (_waiting, _waitingAt) = (reader.GetDouble(9), Stopwatch.GetTimestamp());
    }

    private async Task<ImmutableArray<(string Machine, int Tests)>> TakeBackAsync(
        NpgsqlConnection session, long[] held, CancellationToken cancellationToken)
    {
        await using var command = Command(
            session, QueueSql.TakeBack, ("machine", machine.Id), ("mostLosses", QueueSql.MostLosses),
            ("mostLossesInAll", QueueSql.MostLossesInAll), ("held", held));
        var lost = await ReadAllAsync(command, reader => (Machine: reader.GetString(0), Tests: reader.GetInt32(1)), cancellationToken);
        return [.. lost.GroupBy(item => item.Machine, (machine, items) => (machine, items.Sum(item => item.Tests)))];
    }

    /// <param name="also">What else is read of each row.</param>
    private static async Task<QueueClaim?> ClaimedAsync(
        NpgsqlDataReader reader, Action<NpgsqlDataReader> also, CancellationToken cancellationToken)
    {
        QueueClaim? claim = null;
        while (await reader.ReadAsync(cancellationToken))
        {
            also(reader);
            ImmutableArray<int> tests = [.. reader.GetFieldValue<int[]>(2)];
            claim = claim is null
                ? new QueueClaim
                {
                    Lease = reader.GetInt64(0),
                    Assembly = reader.GetInt32(1),
                    Tests = tests,
                    Suspect = reader.IsDBNull(3) ? null : reader.GetInt32(3),
                    Companions = [.. reader.GetFieldValue<int[]>(4)],
                    Seconds = reader.GetDouble(5),
                    Reason = reader.GetString(6),
                    Fruitless = reader.GetInt32(7),
                    Groups = [.. reader.GetFieldValue<string[]>(8)],
                    Tries = [],
                }
                : claim with { Tests = claim.Tests.AddRange(tests), Seconds = claim.Seconds + reader.GetDouble(5) };
        }

        await reader.NextResultAsync(cancellationToken);
        return claim;
    }

    private static async Task<QueueState> StateOfAsync(NpgsqlDataReader reader, CancellationToken cancellationToken) =>
        await reader.ReadAsync(cancellationToken)
            ? new QueueState((int)reader.GetInt64(0), (int)reader.GetInt64(1), reader.GetInt32(2), SealOf(reader, 3), reader.GetBoolean(7))
            : throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, "The run is no longer in the queue: somebody has removed it.");

    private static async Task<QueueAnswer> AnswerAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new QueueAnswer(!reader.GetBoolean(0), reader.GetInt32(1), reader.GetBoolean(2), reader.GetInt32(3));
    }

    private static QueuedMachine MachineOf(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetInt32(1), reader.GetString(2), reader.GetInt32(3), reader.GetString(4),
        [.. reader.GetFieldValue<byte[][]>(5)]);

    private static QueueSeal? SealOf(NpgsqlDataReader reader, int first) => reader.IsDBNull(first)
        ? null
        : new QueueSeal(
            reader.GetInt32(first), reader.GetString(first + 1), reader.GetDateTime(first + 2),
            [.. reader.GetFieldValue<string[]>(first + 3)]);

    private static string? TextOf(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static async Task<ImmutableArray<T>> ReadAllAsync<T>(
        NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var all = ImmutableArray.CreateBuilder<T>();
        while (await reader.ReadAsync(cancellationToken))
            all.Add(read(reader));
        return all.ToImmutable();
    }

    private static ReadOnlySpan<(string Name, object Value)> Told(QueueBeside beside) => new (string, object)[]
    {
        ("place", beside.First), ("beside", beside.Events.ToArray()), ("besideGood", beside.Good.ToArray()),
    };

    private string Worker(int number) => FormattableString.Invariant($"{machine.Id:N}/{number}");

    /// <summary>A question that is much at once: it takes as long as <see cref="QueueSql.Patiently"/> lets it.</summary>
    private NpgsqlCommand PatientCommand(
        NpgsqlConnection session, string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = Command(session, sql, values);
        command.CommandTimeout = QueueSql.PatientSeconds;
        return command;
    }

    private NpgsqlCommand Command(NpgsqlConnection session, string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = new NpgsqlCommand(sql, session);
        command.Parameters.AddWithValue("run", run);
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    private NpgsqlBatchCommand Part(string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddWithValue("run", run);
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    /// <param name="MayHaveTaken">The claim was asked for before, and the answer may have been lost.</param>
    private sealed record Turn(Guid Claim, int Worker, int Host, bool MayHaveTaken = false);

    private static NpgsqlParameter Json<T>(string name, T value) =>
        new(name, NpgsqlDbType.Jsonb) { Value = JsonSerializer.Serialize(value, Format) };
}
