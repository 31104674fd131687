using System.IO.Hashing;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run;

/// <summary>The part of the tests that a run is asked for, and the plan of all parts: read before the run begins, or made by hash of what
/// is discovered.</summary>
internal sealed class ShardedRun
{
    private readonly ConcurrentTestSettings _settings;
    private readonly Shard? _shard;
    private ImmutableArray<TestAssembly> _assemblies = [];

    private ShardedRun(ConcurrentTestSettings settings, Shard? shard, ShardPlan? plan, ShardRecord? record)
    {
        _settings = settings;
        _shard = shard;
        Plan = plan;
        Record = record is null ? null : WithHashes(record, plan);
    }

    /// <summary>The plan of all parts; null: there is but one, or it is not made yet.</summary>
    public ShardPlan? Plan { get; private set; }

    /// <summary>Which part it is; the hashes follow where the plan is made of what is discovered. Null: the run is all of the
    /// tests.</summary>
    public ShardRecord? Record { get; private set; }

    /// <summary>The same for all parts, so that they discover the same random data; null: the run is all of the tests.</summary>
    public int? Seed => Record is null
        ? null
        : Plan?.Seed ?? (int)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(Record.Pipeline ?? "")) & int.MaxValue);

    /// <summary>How the run ends where its part has no tests at all; null: it has some.</summary>
    public RunEnd? EndOfEmptyPart { get; private set; }

    /// <summary>What the part has to share with the others; null: the run is all of the tests.</summary>
    /// <param name="server">Of the tests' databases, with its version; null: there is none.</param>
    public async Task<ImmutableSortedDictionary<string, string>?> SharedAsync(
        RunContext run, string? server, CancellationToken cancellationToken)
    {
        if (Record is null)
            return null;
        var shared = await SharedSettings.OfAsync(
            run, Record.Pipeline ?? "",
            [
                ("server", server), ("--test-new-runs", _settings.NewRuns), ("--test-coverage", _settings.Coverage),
                .. SharedSettings.FiltersOf(_assemblies),
            ],
            cancellationToken);
        return shared.ToImmutableSortedDictionary(one => one.Key, one => run.Secrets.Redact(one.Value), StringComparer.Ordinal);
    }

    /// <param name="variable">Reads a variable of the environment.</param>
    /// <exception cref="ConcurrentTestException">The part is not certain, or the plan cannot be read.</exception>
    public static ShardedRun Read(ConcurrentTestSettings settings, Func<string, string?> variable)
    {
        if (settings.MakesPlan || (settings.Shard ?? settings.PlanFile) is null)
        {
            Refuse(settings, settings.MakesPlan ? "ConcurrentTestPlan" : null);
            return new ShardedRun(settings, null, null, null);
        }

        Refuse(settings, "--test-shard");
        var plan = settings.PlanFile is { } file ? ShardPlanFile.Read(file) : null;
        var shard = ShardChoice.Of(settings, variable, plan?.Parts.Length);
        ShardChoice.Announce(variable);
        return new ShardedRun(settings, shard, plan, shard is { } part ? RecordOf(part, settings, variable) : null);
    }

    /// <summary>The tests of the part.</summary>
    /// <exception cref="ConcurrentTestException">They are not those of the plan.</exception>
    public TestCatalog Select(TestCatalog catalog, Redactor secrets, ILogger log)
    {
        if (_shard is not { } shard)
            return catalog;
        _assemblies = catalog.Assemblies;
        Plan ??= ShardPlanner.ByHash(catalog, _settings, shard.Of).Without(secrets);
        Record = WithHashes(Record!, Plan);
        var part = ShardSelection.Select(catalog, Plan, shard, secrets);
        EndOfEmptyPart = part.CaseCount == 0 && part.Explicit.IsEmpty ? EndOf(shard) : null;
        log.LogInformation(
            "Part {Shard}: {Tests} of {All}, {How}", shard, part.CaseCount, Quantity.Of(catalog.CaseCount, "test"),
            _settings.PlanFile is { } file ? $"as {file} says" : "by hash of the class");
        return part;
    }

    // A job may be named like its server's password, which the journal leaves out.
    private static ShardRecord RecordOf(Shard shard, ConcurrentTestSettings settings, Func<string, string?> variable) =>
        new(shard.Part, shard.Of, null, null)
        {
            Pipeline = ShardHost.RunOf(variable),
            Attempt = ShardHost.AttemptOf(variable),
            Job = ShardHost.JobOf(variable) is { } job ? Redactor.Of(settings).Redact(job) : null,
            Platform = SharedSettings.Platform,
            Commit = ShardHost.CommitOf(variable),
        };

    private static ShardRecord WithHashes(ShardRecord record, ShardPlan? plan) =>
        plan is null ? record : record with { Plan = ShardPlanFile.HashOf(plan), Discovery = plan.Discovery };

    private RunEnd EndOf(Shard shard) => _settings.PlanFile is not null
        ? new RunEnd(ConcurrentTestExitCode.Success, $"Part {shard} is empty: the plan has no tests for it.")
        : _settings.AllowEmpty
            ? new RunEnd(ConcurrentTestExitCode.Success, $"Part {shard} is empty: no class has its hash.")
            : new RunEnd(
                ConcurrentTestExitCode.Incomplete,
                $"Part {shard} is empty: no class has its hash. Make fewer parts, or a plan with ConcurrentTestPlan; --test-allow-empty makes that a success.");

    // These settings leave a part of a part, which a merge would take for the whole.
    private static void Refuse(ConcurrentTestSettings settings, string? what)
    {
        var other = settings.OnlyFailed ? "--test-only-failed"
            : settings.Bisect is not null ? "--test-bisect" : settings.ReplayFile is not null ? "--test-replay" : null;
        if (what is not null && other is not null)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"{other} is for the tests of one machine and cannot go with {what}: give one of them.");
        }
    }
}
