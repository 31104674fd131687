using System.Collections.Immutable;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>A machine that runs nothing, and says that it did.</summary>
internal sealed class PlayedMachine : IAsyncDisposable
{
    private readonly QueueConnection _connection;

    public PlayedMachine(string connectionString, string run, string name = "machine", int workers = 2)
    {
        _connection = new QueueConnection(connectionString, TimeProvider.System);
        Run = new QueueRun(_connection, run, new QueueMachine(Guid.NewGuid(), name, workers));
    }

    public QueueRun Run { get; }

    /// <summary>A run of items with tests of a second each.</summary>
    public static QueuePlan Plan(params int[] items)
    {
        var made = ImmutableArray.CreateBuilder<QueueItem>();
        var first = 0;
        foreach (var tests in items)
        {
            made.Add(Item([.. Enumerable.Range(first, tests)]));
            first += tests;
        }

        return new QueuePlan(
            ImmutableSortedDictionary<string, string>.Empty.Add("discovery", $"{first}"), [1, 2, 3],
            [.. Enumerable.Range(0, first).Select(test => new QueueTest($"Test{test}", 1))], made.ToImmutable());
    }

    /// <summary>The plan, where these tests may have to come back with one another.</summary>
    /// <param name="needs">None of them is itself without the others.</param>
    public static QueuePlan Peers(QueuePlan plan, bool needs, params int[] tests) => plan with
    {
        Tests = [.. plan.Tests.Select((test, number) => tests.Contains(number) ? test with { Peers = tests[0], NeedsPeers = needs } : test)],
    };

    public static QueueItem Item(ImmutableArray<int> tests, string reason = BatchReasons.Plan) =>
        new() { Assembly = 0, Tests = tests, Cases = tests.Length, Seconds = tests.Length, Reason = reason };

    public Task<QueueJoined> JoinAsync(QueuePlan plan, double lease = 30) => Run.JoinAsync(plan, TimeSpan.FromSeconds(lease), CancellationToken.None);

    public async Task<QueueClaim?> ClaimAsync(int worker = 0, int host = -1, params long[] held) => (await Run.ClaimAsync(worker, host, held, CancellationToken.None)).Claim;

    public Task<ImmutableArray<long>> BeatAsync(params long[] leases) => BeatAsync(QueueBeside.Nothing, leases);

    public Task<ImmutableArray<long>> BeatAsync(QueueBeside beside, params long[] leases) =>
        Run.HeartbeatAsync(2, new QueueLeases(leases, [], TimeSpan.FromMinutes(1)), beside, CancellationToken.None);

    /// <summary>The tests of these leases have begun, and may take a minute each.</summary>
    public Task<ImmutableArray<long>> BeginAsync(params long[] leases) =>
        Run.HeartbeatAsync(2, new QueueLeases(leases, leases, TimeSpan.FromMinutes(1)), QueueBeside.Nothing, CancellationToken.None);

    public Task<bool> LeaveAsync(bool isEarly = false) => Run.LeaveAsync(isEarly, QueueBeside.Nothing, CancellationToken.None);

    public Task<QueueAnswer> PassAsync(QueueClaim claim, params QueueItem[] again) => Run.AcknowledgeAsync(0, End(claim, again), CancellationToken.None);

    public Task<QueueAnswer> GiveBackAsync(QueueClaim claim, bool isFaulty) => Run.GiveBackAsync(0, claim.Lease, isFaulty, CancellationToken.None);

    public Task<QueueState> StateAsync() => Run.StateAsync(CancellationToken.None);

    public static QueueAcknowledgement End(QueueClaim claim, params QueueItem[] again)
    {
        ImmutableArray<int> passed = [.. claim.Tests.Except(again.SelectMany(item => item.Tests))];
        return new QueueAcknowledgement
        {
            Lease = claim.Lease,
            Events = [.. passed.SelectMany(BitConverter.GetBytes)],
            Results = [.. passed.Select(test => new QueueResult(test, 0, "Passed"))],
            Again = [.. again],
        };
    }

    /// <summary>The tests of which an end told results.</summary>
    public static IEnumerable<int> TestsOf(byte[] events) => events.Chunk(sizeof(int)).Select(bytes => BitConverter.ToInt32(bytes));

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
