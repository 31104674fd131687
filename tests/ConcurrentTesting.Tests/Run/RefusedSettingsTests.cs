using ConcurrentTesting.Run;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

public sealed class RefusedSettingsTests
{
    private static readonly ConcurrentTestSettings Plain = new();

    public static TheoryData<string, string> Refused => new()
    {
        { "--test-stress", "--test-shard" },
        { "--test-stress", "--test-plan" },
        { "--test-stress", "--test-replay" },
        { "--test-stress", "--test-bisect" },
        { "--test-stress", "ConcurrentTestPlan" },
        { "--test-budget", "--test-stress" },
        { "--test-budget", "--test-shard" },
        { "--test-budget", "--test-plan" },
        { "--test-budget", "--test-replay" },
        { "--test-budget", "--test-bisect" },
        { "--test-budget", "ConcurrentTestPlan" },
        { "--test-new-runs", "--test-replay" },
        { "--test-new-runs", "--test-bisect" },
        { "--test-order", "--test-replay" },
        { "--test-order", "--test-bisect" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Two_settings_that_make_no_sense_together_are_refused_in_one_line(string one, string other)
    {
        var refused = Should.Throw<ConcurrentTestException>(() => RefusedSettings.Check(With(With(Plain, one), other)));

        refused.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        refused.Message.ShouldStartWith($"{one} cannot go with {other}: ");
        refused.Message.ShouldNotContain("\n");
    }

    [Fact]
    public void What_means_nothing_without_another_parameter_is_refused()
    {
        Should.Throw<ConcurrentTestException>(() => RefusedSettings.Check(Plain with { ReplayWorker = 3 })).Message
            .ShouldBe("--test-replay-worker 3 needs --test-replay with the run.json whose worker is meant.");
        Should.Throw<ConcurrentTestException>(() => RefusedSettings.Check(Plain with { ShardCount = 4 })).Message
            .ShouldBe("--test-shard-count 4 needs --test-shard: without it each machine would run all tests.");
        RefusedSettings.Check(Plain with { ShardCount = 4, Shard = "auto" });
        RefusedSettings.Check(Plain with { ShardCount = 4, MakesPlan = true });
    }

    [Theory]
    [InlineData("SHOP={ConnectionString}", "--test-databases audit: no variable of --test-environment leads to it")]
    [InlineData("SHOP={ConnectionString:audti}", "--test-environment names the database audti, and --test-databases has main and audit; did you mean audit")]
    [InlineData("SHOP={Host}/{Database:Audit}", null)]
    [InlineData("", "--test-databases audit: no variable")]
    public void Each_further_database_has_a_variable_that_leads_to_it(string pattern, string? flaw)
    {
        var settings = Plain with
        {
            Database = DatabaseEngine.Sqlite,
            Databases = ["main", "audit"],
            Environment = pattern.Split('=') is [var name, var value] ? [new EnvironmentPattern(name, value)] : [],
        };

        if (flaw is null)
            RefusedSettings.Check(settings).Environment.ShouldBe(settings.Environment);
        else
            Should.Throw<ConcurrentTestException>(() => RefusedSettings.Check(settings)).Message.ShouldStartWith(flaw);
        RefusedSettings.Check(settings with { Database = DatabaseEngine.None });
    }

    [Fact]
    public void Further_databases_have_variables_by_default()
    {
        RefusedSettings.Check(Plain with { Database = DatabaseEngine.Sqlite, Databases = ["main", "audit", "oldStock"] }).Environment.ShouldBe([
            EnvironmentPattern.Default,
            new("ConnectionStrings__Audit", "{ConnectionString:audit}"),
            new("ConnectionStrings__OldStock", "{ConnectionString:oldStock}"),
        ]);
        Should.Throw<ConcurrentTestException>(
            () => RefusedSettings.Check(Plain with { Database = DatabaseEngine.Sqlite, Databases = ["main", "default"] })).Message
            .ShouldStartWith("--test-databases default: no variable");
    }

    [Fact]
    public void Each_of_them_alone_is_fine()
    {
        foreach (var (one, other) in Refused.Select(row => row.Data))
        {
            RefusedSettings.Check(With(Plain, one));
            RefusedSettings.Check(With(Plain, other));
        }
    }

    [Fact]
    public void What_failed_last_may_be_stressed() =>
        RefusedSettings.Check(With(Plain, "--test-stress") with { OnlyFailed = true, FailFast = 1, NewRuns = 5, Order = TestOrder.Random });

    private static ConcurrentTestSettings With(ConcurrentTestSettings settings, string name) => name switch
    {
        "--test-stress" => settings with { Stress = "10" },
        "--test-new-runs" => settings with { NewRuns = 5 },
        "--test-order" => settings with { Order = TestOrder.Random },
        "--test-budget" => settings with { Budget = TimeSpan.FromSeconds(60) },
        "--test-shard" => settings with { Shard = "1/2" },
        "--test-plan" => settings with { PlanFile = "plan.json" },
        "--test-replay" => settings with { ReplayFile = "run.json" },
        "--test-bisect" => settings with { Bisect = "Shop.Orders.First" },
        _ => settings with { MakesPlan = true },
    };
}
