using System.Collections.Immutable;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;
using ConcurrentTesting.Tests.Execution;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

public sealed class ShardedRunTests : IDisposable
{
    private static readonly ConcurrentTestSettings Settings = new() { Database = DatabaseEngine.Sqlite };
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Without_a_part_all_tests_are_selected_and_nothing_is_recorded()
    {
        var run = ShardedRun.Read(Settings, _ => null);

        run.Select(Catalogs.Of(3, 2), new Redactor(), NullLogger.Instance).CaseCount.ShouldBe(6);
        run.Record.ShouldBeNull();
        run.Plan.ShouldBeNull();
    }

    [Fact]
    public void A_part_is_recorded_with_the_plan_that_all_parts_share()
    {
        var runs = Enumerable.Range(1, 3).Select(part => ShardedRun.Read(Settings with { Shard = $"{part}/3" }, name => name == "GITHUB_RUN_ID" ? "77" : null)).ToList();

        runs.Sum(run => run.Select(Catalogs.Of(30, 2), new Redactor(), NullLogger.Instance).CaseCount).ShouldBe(60);

        runs.Select(run => run.Record!.Plan).Distinct().Count().ShouldBe(1);
        runs.Select(run => run.Record!.Part).ShouldBe([1, 2, 3]);
        runs.ShouldAllBe(run => run.Record!.Pipeline == "77" && run.Record.Discovery == run.Plan!.Discovery);
    }

    [Fact]
    public void All_parts_of_a_pipeline_have_one_seed()
    {
        var seeds = Enumerable.Range(1, 3).Select(part => ShardedRun.Read(Settings with { Shard = $"{part}/3" }, name => name == "GITHUB_RUN_ID" ? "77" : null).Seed).ToList();

        seeds.Distinct().Count().ShouldBe(1);
        seeds[0].ShouldNotBe(ShardedRun.Read(Settings with { Shard = "1/3" }, name => name == "GITHUB_RUN_ID" ? "78" : null).Seed);
        ShardedRun.Read(Settings, _ => null).Seed.ShouldBeNull();
    }

    [Fact]
    public void A_part_of_a_plan_has_the_seed_and_the_hashes_of_the_plan_before_anything_is_discovered()
    {
        var plan = ShardPlanner.ByTimings(Catalogs.Of(4, 2), Settings with { ShardCount = 2 }, TimingStore.Empty, "id") with { Seed = 4711 };
        File.WriteAllBytes(_file, ShardPlanFile.Write(plan));

        var run = ShardedRun.Read(Settings with { Shard = "2/2", PlanFile = _file, ConnectionString = "Host=db;Password=s3cret-Qz8-word" }, name => name switch { "GITHUB_RUN_ATTEMPT" => "3", "GITHUB_JOB" => "part-s3cret-Qz8-word", "GITHUB_SHA" => "c0ffee", _ => null });

        run.Seed.ShouldBe(4711);
        run.Record.ShouldBe(new ShardRecord(2, 2, ShardPlanFile.HashOf(plan), plan.Discovery) { Attempt = 3, Job = "part-***", Platform = SharedSettings.Platform, Commit = "c0ffee" });
    }

    [Fact]
    public void An_empty_part_by_hash_is_incomplete_unless_that_is_allowed()
    {
        var (empty, _) = EmptyPartByHash(Settings);
        var (allowed, _) = EmptyPartByHash(Settings with { AllowEmpty = true });

        empty.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        empty.Reason.ShouldContain("is empty");
        empty.Reason.ShouldContain("--test-allow-empty");
        allowed.ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
    }

    [Fact]
    public void An_empty_part_of_a_plan_is_a_success_that_says_so()
    {
        var catalog = Catalogs.Of(1, 2);
        File.WriteAllBytes(_file, ShardPlanFile.Write(ShardPlanner.ByTimings(catalog, Settings with { ShardCount = 2 }, TimingStore.Empty, "id")));
        var run = ShardedRun.Read(Settings with { Shard = "2/2", PlanFile = _file }, _ => null);

        run.Select(catalog, new Redactor(), NullLogger.Instance).CaseCount.ShouldBe(0);

        run.EndOfEmptyPart.ShouldNotBeNull().ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        run.EndOfEmptyPart.Reason.ShouldContain("Part 2/2 is empty");
    }

    [Fact]
    public void What_selects_among_the_tests_of_one_machine_does_not_go_with_parts()
    {
        foreach (var settings in new[] { Settings with { OnlyFailed = true }, Settings with { ReplayFile = "run.json" }, Settings with { ReplayFile = "run.json", Bisect = "A" } })
        {
            Should.Throw<ConcurrentTestException>(() => ShardedRun.Read(settings with { Shard = "1/2" }, _ => null)).ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
            Should.Throw<ConcurrentTestException>(() => ShardedRun.Read(settings with { MakesPlan = true }, _ => null)).Message.ShouldContain("ConcurrentTestPlan");
        }
    }

    [Fact]
    public async Task Parts_share_what_decides_what_is_tested()
    {
        File.WriteAllText(_file, "Shop.Cart.Total # until 2027-01-01: rounding");
        (string Setting, Func<ConcurrentTestSettings, ConcurrentTestSettings> Change)[] all =
        [
            ("--test-filter", settings => settings with { Filter = "Category!=Slow" }),
            ("--test-configuration", settings => settings with { Configuration = "Release" }),
            ("--test-framework", settings => settings with { Framework = "net9.0" }),
            ("--test-settings", settings => settings with { RunSettingsFile = _file }),
            ("--test-quarantine", settings => settings with { QuarantineFile = _file }),
            ("--test-reruns", settings => settings with { Reruns = 1 }),
            ("--test-worker-timeout", settings => settings with { WorkerTimeout = TimeSpan.FromMinutes(9) }),
            ("--test-max-operations", settings => settings with { MaxOperations = 7 }),
            ("--test-order", settings => settings with { Order = TestOrder.Random }),
            ("--test-measure", settings => settings with { Measure = false }),
            ("--test-max-retries", settings => settings with { MaxRetries = 1 }),
            ("--test-flaky", settings => settings with { Flaky = FlakyPolicy.Fail }),
            ("--test-new-runs", settings => settings with { NewRuns = 2 }),
            ("--test-coverage", settings => settings with { Coverage = true }),
            ("--test-reset", settings => settings with { Reset = DatabaseReset.Class }),
            ("--test-environment FEATURE", settings => settings with { Environment = [new EnvironmentPattern("FEATURE", "s3cret-Qz8-word")] }),
        ];
        var one = await SharedAsync(settings => settings);

        foreach (var (setting, change) in all)
        {
            var other = await SharedAsync(change);
            one.Keys.Union(other.Keys).Where(name => one.GetValueOrDefault(name) != other.GetValueOrDefault(name) && name != "--test-environment ConnectionStrings__Default")
                .ShouldBe([setting]);
            other.Values.ShouldAllBe(value => !value.Contains("s3cret"));
        }
    }

    [Fact]
    public async Task Parts_share_the_filters_that_their_projects_have()
    {
        await using var run = new FakeRun(settings => settings with { Shard = "1/2" });
        var filtered = Catalogs.Assembly() with { Filter = "Category!=s3cret" };
        var part = ShardedRun.Read(run.Context.Settings, _ => null);
        part.Select(Catalogs.Of(Catalogs.Unit(filtered, "Shop.Cart", 2), Catalogs.Unit(Catalogs.Assembly("Other"), "Other.Cart", 2)), new Redactor(), NullLogger.Instance);

        var shared = (await part.SharedAsync(run.Context, server: null, TestContext.Current.CancellationToken)).ShouldNotBeNull();

        shared.Keys.Where(SharedSettings.IsFilterOfAssembly).ShouldBe(["filter of Shop.Tests (net10.0)"]);
        shared.Values.ShouldAllBe(value => !value.Contains("s3cret"));
    }

    [Fact]
    public async Task Parts_differ_in_what_is_their_machines()
    {
        var one = await SharedAsync(settings => settings with { Environment = [new EnvironmentPattern("Api", "http://localhost:5001/a")] });

        var other = await SharedAsync(settings => settings with
        {
            Workers = 7,
            Shard = "2/2",
            ResultsDirectory = "/elsewhere/results",
            RootDirectory = "/elsewhere",
            TimingsFile = "/elsewhere/timings.json",
            JUnitFile = "/elsewhere/junit.xml",
            TestProjects = ["/elsewhere/tests"],
            MetricsPort = 9000,
            LivePort = 9001,
            ServerBinaries = "/opt/postgresql",
            Environment = [new EnvironmentPattern("Api", "http://localhost:5002/a")],
        });

        other.ShouldBe(one);
    }

    private static async Task<ImmutableSortedDictionary<string, string>> SharedAsync(Func<ConcurrentTestSettings, ConcurrentTestSettings> configure)
    {
        await using var run = new FakeRun(settings => configure(settings with { Shard = "1/2" }));
        var shared = await ShardedRun.Read(run.Context.Settings, _ => null).SharedAsync(run.Context, server: null, TestContext.Current.CancellationToken);
        return shared.ShouldNotBeNull();
    }

    private static (RunEnd End, int Part) EmptyPartByHash(ConcurrentTestSettings settings)
    {
        for (var part = 1; part <= 2; part++)
        {
            var run = ShardedRun.Read(settings with { Shard = $"{part}/2" }, _ => null);
            run.Select(Catalogs.Of(1, 2), new Redactor(), NullLogger.Instance);
            if (run.EndOfEmptyPart is { } end)
                return (end, part);
        }

        throw new InvalidOperationException("one class cannot be in both parts");
    }
}
