using System.IO.Hashing;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run;

/// <summary>This machine's part in a run that several machines share by a queue: it joins, works as long as there is something to do, and
/// ends with the verdict on the whole run.</summary>
internal sealed class QueuedRun : IAsyncDisposable
{
    private const int MostNamed = 5;
    private const double LeastSeconds = 0.3;
    private const double MostLeastSeconds = 10;

    // A machine that dies is missed after a lease. A machine that is asked to leave has little time.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentTestSettings _settings;
    private readonly QueueConnection _connection;
    private QueueRun _queue;

    private readonly ImmutableArray<string> _earlier;
    private readonly string? _commit;

    private QueuedRun(
        ConcurrentTestSettings settings, QueueConnection connection, string name, ImmutableArray<string> earlier, string? commit)
    {
        (_settings, _connection, Name, _earlier, _commit) = (settings, connection, name, earlier, commit);
        _queue = new QueueRun(
            connection, name, new QueueMachine(Guid.NewGuid(), settings.QueueMachine ?? Environment.MachineName, settings.Workers));
    }

    /// <summary>The run's name in the queue.</summary>
    public string Name { get; }

    /// <summary>The run of the same tests, code and settings was ended before this machine came, so that its verdict stands.</summary>
    public bool IsRepeated { get; private set; }

    /// <summary>What happens on this machine, for the others.</summary>
    public SharedEvents Events { get; } = new();

    /// <summary>The same on all machines and in all attempts, so that they discover the same random data.</summary>
    public int Seed => _settings.Seed ?? (int)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(FirstName)) & int.MaxValue);

    private string FirstName => _earlier.LastOrDefault() ?? Name;

    /// <param name="variable">Reads a variable of the environment.</param>
    /// <returns>Null: the run is this machine's alone.</returns>
    /// <exception cref="ConcurrentTestException">A setting is wrong, or does not go with a queue.</exception>
    public static QueuedRun? Open(ConcurrentTestSettings settings, Func<string, string?> variable, TimeProvider time)
    {
        if (settings.Queue is not { } connection)
        {
            return settings.QueueRun is null
                ? null
                : throw BadSettings("--test-queue-run names a run in a queue: give --test-queue too.");
        }

        if (settings.List)
            return null;
        Refuse(settings);
        return new QueuedRun(
            settings, new QueueConnection(connection, time, settings.QueuePatience), NameOf(settings, variable),
            EarlierOf(settings, variable), ShardHost.CommitOf(variable));
    }

    /// <summary>What the run is called: as given, or as the CI host names the pipeline and, where all jobs share one, its
    /// attempt.</summary>
    /// <exception cref="ConcurrentTestException">Nobody names it.</exception>
    public static string NameOf(ConcurrentTestSettings settings, Func<string, string?> variable) =>
        settings.QueueRun ?? (ShardHost.RunOf(variable) is { } run && ShardHost.SharedAttemptOf(variable) is { } attempt
            ? string.Create(CultureInfo.InvariantCulture, $"{run}-{attempt}")
            : ShardHost.RunOf(variable))
        ?? throw BadSettings(
            "--test-queue-run is missing: this CI host does not name the pipeline, so give a name that all machines of one run share and no other run has.");

    /// <summary>What the attempts before are called, the latest first: a later one takes over what they have done.</summary>
    public static ImmutableArray<string> EarlierOf(ConcurrentTestSettings settings, Func<string, string?> variable) =>
        settings.QueueRun is null && ShardHost.RunOf(variable) is { } run && ShardHost.SharedAttemptOf(variable) is { } attempt
            ? [.. Enumerable.Range(1, Math.Max(0, attempt - 1)).Reverse().Select(
                earlier => string.Create(CultureInfo.InvariantCulture, $"{run}-{earlier}"))]
            : [];

    /// <summary>Whether the run was ended before: then its verdict stands for the same tests.</summary>
    public async Task<bool> IsSealedAsync(ILogger logger, CancellationToken cancellationToken)
    {
        if (await _queue.FindAsync(cancellationToken) is not { } found)
            return false;
        if (found.IsOld)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                FormattableString.Invariant($"Run {Name} was ended at {found.Seal!.At:u}, more than a day ago, and its verdict says nothing of today: give --test-queue-run a name that no earlier run has."));
        }

        if (found.Seal is { } seal)
            logger.LogInformation("Run {Run} was ended at {At:u}: its verdict is repeated where the tests and settings are the same", Name, seal.At);
        else if (found.Machines.IsEmpty)
            logger.LogWarning("Run {Run} was begun at {At:u}, and nobody ended it: {Tests} are left", Name, found.CreatedAt, Quantity.Of(found.Left, "test"));
        return found.Seal is not null;
    }

    /// <summary>Works with the other machines to the end of the run.</summary>
    /// <param name="pool">This machine's workers.</param>
    /// <param name="server">The server of the tests' databases, with its version; null: there is none.</param>
    /// <returns>How the whole run ended; a machine that leaves early ends well as long as others are there.</returns>
    /// <exception cref="ConcurrentTestException">
    /// The machine does not fit the run, or the queue was away for too long.
    /// </exception>
    public async Task<RunEnd> WorkAsync(RunJournal journal, WorkerPool pool, string? server, CancellationToken cancellationToken)
    {
        if (_settings.Leaving.IsCancellationRequested)
            return await LeaveUnjoinedAsync();
        var run = journal.Run;
        var tests = new QueuedTests(journal.Catalog!);
        var lines = new EventLines(run.Secrets);
        // Only now is it known how many workers pay.
        _queue = new QueueRun(_connection, Name, _queue.Machine with { Workers = run.Settings.Workers });
        var fingerprint = await SharedSettings.OfAsync(
            run, FirstName, [("commit", _commit), ("server", server), (QueuedPlan.Discovery, tests.Discovery)], cancellationToken);
        var plan = QueuedPlan.Of(fingerprint, journal, tests, lines, Name) with { Earlier = _earlier };
        var joined = await _queue.JoinAsync(plan, _settings.QueueLease ?? Lease, cancellationToken);
        await RequireSameAsync(plan, joined.Fingerprint, cancellationToken);
        if (joined.Seal is { } ended)
        {
            IsRepeated = true;
            return EndOf(ended);
        }

        Tell(run.Log, joined, plan);

        // The tests of a batch should take longer than the batch's own start.
        _queue.LeastSeconds = Math.Clamp(2 * (journal.Timings!.HostSeconds ?? 0), LeastSeconds, MostLeastSeconds);
        QueuedBatchSource? source = null;
        try
        {
            await pool.RunAsync(
                journal.Plan!,
                accounting => source = new QueuedBatchSource(run, _queue, tests, lines, Events, accounting, joined.Lease));
            return await EndAsync(run, source!, lines, cancellationToken);
        }
        finally
        {
            if (source is not null)
                await source.DisposeAsync();
        }
    }

    /// <summary>How a machine ends that is asked to leave before it has come into the run: well where others are there or nothing is left
    /// to do, and with the verdict of a run that has ended.</summary>
    public async Task<RunEnd> LeaveUnjoinedAsync()
    {
        using var bound = new CancellationTokenSource(Farewell);
        QueueJoined? found = null;
        try
        {
            found = await _queue.FindAsync(bound.Token);
        }
        catch (Exception exception) when (exception is ConcurrentTestException || bound.IsCancellationRequested)
        {
            // Nobody knows of others then.
        }

        return found switch
        {
            { Seal: { } seal, IsOld: false } => EndOf(seal),
            { Machines: [_, ..] others } => UnjoinedEnd(
                ConcurrentTestExitCode.Success, $"; {Quantity.Of(others.Length, "machine")} will end it"),
            { Seal: null, Left: 0 } => UnjoinedEnd(ConcurrentTestExitCode.Success, ", of which nothing was left to run"),
            _ => UnjoinedEnd(ConcurrentTestExitCode.Incomplete, ", and no other is in it: another try of a job runs it"),
        };
    }

    private RunEnd UnjoinedEnd(ConcurrentTestExitCode exitCode, string consequence) =>
        new(exitCode, $"This machine was asked to leave before it came into run {Name}{consequence}.");

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<RunEnd> EndAsync(RunContext run, QueuedBatchSource source, EventLines lines, CancellationToken cancellationToken)
    {
        var isEarly = cancellationToken.IsCancellationRequested || _settings.Leaving.IsCancellationRequested || source.IsFaulty
            || run.Stop.Fault is not null;
        if (!isEarly)
            return await EndWithOthersAsync(lines, cancellationToken);
        using var bound = new CancellationTokenSource(Farewell, run.Time);
        try
        {
            var untold = await LeaveAsync(isEarly: true, lines, bound.Token);
            cancellationToken.ThrowIfCancellationRequested();
            return run.Stop.Fault is { } fault
                ? new RunEnd(ConcurrentTestExitCode.Incomplete, fault)
                : untold ?? await EndWithoutAsync(bound.Token);
        }
        catch (Exception exception) when (exception is ConcurrentTestException || bound.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new RunEnd(
                ConcurrentTestExitCode.Incomplete,
                run.Stop.Fault ?? "This machine left, and the queue did not say in time how the run goes on; what it had goes to others when its lease is over.");
        }
    }

    private async Task<RunEnd> EndWithOthersAsync(EventLines lines, CancellationToken cancellationToken) =>
        await LeaveAsync(isEarly: false, lines, cancellationToken) ?? await VerdictAsync(cancellationToken);

    /// <returns>How the machine ends where the run does not know of what failed on it; null: nothing did, or it knows.</returns>
    private async Task<RunEnd?> LeaveAsync(bool isEarly, EventLines lines, CancellationToken cancellationToken)
    {
        var beside = Events.Untold(lines);
        var isKnown = await _queue.LeaveAsync(isEarly, beside, cancellationToken);
        if (isKnown)
            Events.Told(beside);
        return isKnown || !beside.Good.Contains(false)
            ? null
            : new RunEnd(
                ConcurrentTestExitCode.Incomplete,
                $"Something failed outside of tests on this machine, and run {Name} was ended without knowing of it.");
    }

    // Where nothing is left to run, those that are still there wait for the verdict alone, and so can this machine.
    private async Task<RunEnd> EndWithoutAsync(CancellationToken cancellationToken)
    {
        var state = await _queue.StateAsync(cancellationToken);
        return state is { Seal: null, Machines: 0, Waiting: 0 } ? await VerdictAsync(cancellationToken) : EndWithout(state);
    }

    // All other machines may have ended green, so this one has to say that the run is not over.
    private RunEnd EndWithout(QueueState state) => state.Seal is { } seal
        ? EndOf(seal)
        : state.Machines > 0
            ? new RunEnd(
                ConcurrentTestExitCode.Success,
                $"This machine left run {Name} early and gave back what it had; {Quantity.Of(state.Machines, "machine")} will end it.")
            : new RunEnd(
                ConcurrentTestExitCode.Incomplete,
                $"This machine was the last of run {Name} and left it before its end: another try of a job goes on with it.");

    private async Task<RunEnd> VerdictAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var state = await _queue.StateAsync(cancellationToken);
            if (state.Seal is { } seal)
                return EndOf(seal);
            if (_settings.Leaving.IsCancellationRequested && state.Machines > 0)
                return EndWithout(state);
            if (state.Machines > 0 || _queue.IsBack)
            {
                await Task.Delay(Pause, cancellationToken);
                continue;
            }

            if (state.Waiting > 0)
            {
                return new RunEnd(
                    ConcurrentTestExitCode.Incomplete,
                    $"No machine is left that could run what run {Name} still has to: another try of a job goes on with it.");
            }

            if (await _queue.BeginSealAsync(cancellationToken))
                await SealAsync(cancellationToken);
            else
                await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task SealAsync(CancellationToken cancellationToken)
    {
        var results = await _queue.ReadAsync(cancellationToken)
            ?? throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"Run {Name} is no longer in the queue: somebody has removed it.");
        var record = QueuedRecord.Of(Name, results, _settings, isSealed: true);
        await _queue.SealAsync((int)record.ExitCode, record.Reason, cancellationToken);
    }

    private RunEnd EndOf(QueueSeal seal) =>
        new((ConcurrentTestExitCode)seal.ExitCode, $"Run {Name} of {Named(seal.Machines)}: {seal.Reason}");

    private static string Named(ImmutableArray<string> machines) =>
        $"{Quantity.Of(machines.Length, "machine")} ({Few(machines)})";

    private static string Few(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(MostNamed)) + (names.Count > MostNamed ? ", …" : "");

    private void Tell(ILogger log, QueueJoined joined, QueuePlan plan)
    {
        if (joined.IsLeader)
        {
            log.LogInformation(
                "This machine leads run {Run} in the queue: {Left} of {Tests} to run", Name, joined.Left,
                Quantity.Of(plan.Tests.Length, "test"));
        }
        else
        {
            log.LogInformation(
                "This machine joins run {Run} in the queue, begun at {At:u}: {Machines} in it, {Tests} not done", Name, joined.CreatedAt,
                joined.Machines.IsEmpty ? "no other machine" : string.Join(", ", joined.Machines), Quantity.Of(joined.Left, "test"));
        }
    }

    private async Task RequireSameAsync(
        QueuePlan plan, ImmutableSortedDictionary<string, string> fingerprint, CancellationToken cancellationToken)
    {
        var differing = fingerprint.Keys.Union(plan.Fingerprint.Keys)
            .Where(key => fingerprint.GetValueOrDefault(key) != plan.Fingerprint.GetValueOrDefault(key))
            .Order(StringComparer.Ordinal).ToList();
        if (differing.Count == 0)
            return;
        var told = new List<string>();
        foreach (var key in differing)
        {
            told.Add(key == QueuedPlan.Discovery
                ? $"discovery ({await DifferenceAsync(plan, cancellationToken)})"
                : key is SharedSettings.Template || key.StartsWith(SharedSettings.Variable, StringComparison.Ordinal) ? key
                : $"{key} ({ValueOf(plan.Fingerprint, key)} here, {ValueOf(fingerprint, key)} in the run)");
        }

        throw new ConcurrentTestException(
            ConcurrentTestExitCode.Incomplete,
            $"This machine does not fit run {Name}, which another began: it differs in {string.Join(", ", told)}. Run the same commit with the same settings on all machines, or give the run a name of its own with --test-queue-run.");
    }

    private static string ValueOf(ImmutableSortedDictionary<string, string> fingerprint, string key) =>
        fingerprint.GetValueOrDefault(key) ?? "none";

    private async Task<string> DifferenceAsync(QueuePlan plan, CancellationToken cancellationToken)
    {
        var theirs = await _queue.NamesAsync(cancellationToken);
        var ours = plan.Tests.Select(test => test.Name).ToList();
        string[] texts = [.. Named("only here", ours.Except(theirs)), .. Named("only in the run", theirs.Except(ours))];
        return texts.Length == 0 ? "tests of the same names with other ids or rows" : string.Join("; ", texts);
    }

    private static IEnumerable<string> Named(string what, IEnumerable<string> names)
    {
        var all = names.ToList();
        if (all.Count > 0)
            yield return $"{all.Count} {what}: {Few(all)}";
    }

    // Machines cannot share a part of the tests, or an order that one machine's workers had.
    private static void Refuse(ConcurrentTestSettings settings)
    {
        (string Name, bool IsGiven)[] others =
        [
            ("--test-only-failed", settings.OnlyFailed),
            ("--test-bisect", settings.Bisect is not null),
            ("--test-replay", settings.ReplayFile is not null),
            ("--test-shard", settings.Shard is not null),
            ("--test-plan", settings.PlanFile is not null),
            ("--test-stress", settings.Stress is not null),
            ("--test-new-runs", settings.NewRuns > 1),
            ("--test-budget", settings.Budget is not null),
            ("--test-order", settings.Order != TestOrder.FailedFirst),
            ("--test-fail-fast", settings.FailFast > 0),
        ];
        var other = Array.Find(others, other => other.IsGiven).Name;
        if (other is not null)
            throw BadSettings($"{other} is for the tests of one machine and cannot go with --test-queue: give one of them.");
    }

    private static ConcurrentTestException BadSettings(string message) => new(ConcurrentTestExitCode.BadSettings, message);
}
