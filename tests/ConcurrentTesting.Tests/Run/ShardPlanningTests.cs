using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

/// <summary>What a plan tells of itself.</summary>
public sealed class ShardPlanningTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, "has the durations of 0 % of the tests")]
    [InlineData(4, "has the durations of 40 % of the tests")]
    [InlineData(5, null)]
    public async Task A_plan_that_knows_few_durations_says_so(int known, string? told)
    {
        var log = await PlanAsync(10, TimeSpan.FromMinutes(5), known, seconds: 1);

        if (told is null)
            log.ShouldNotContain("is a guess");
        else
            log.ShouldContain($"{told}: what the parts take, and how many there are, is a guess");
    }

    [Theory]
    [InlineData(300, "there are no more than 256 parts")]
    [InlineData(2, "Shop.Tests.Class0 is the longest of what cannot be divided further")]
    public async Task A_plan_whose_parts_take_longer_than_they_should_says_why(int classes, string told)
    {
        var log = await PlanAsync(classes, TimeSpan.FromSeconds(1), classes, seconds: 2);

        log.ShouldContain($"takes longer than --test-shard-target: {told}");
    }

    private async Task<string> PlanAsync(int classes, TimeSpan target, int known, double seconds)
    {
        var durations = Enumerable.Range(0, known).Select(index => FormattableString.Invariant($"\"Shop.Tests.Class{index}.Test0\": {seconds}"));
        var settings = new ConcurrentTestSettings
        {
            Database = DatabaseEngine.Sqlite,
            Workers = 1,
            ShardTarget = target,
            TimingsFile = _folder.Write("timings.json", $"{{{string.Join(',', durations)}}}"),
            PlanFile = Path.Combine(_folder.Path, "plan", "plan.json"),
            PlanFormat = TestPlanFormat.Json,
        };
        var log = new LogLines();
        var end = await ShardPlanning.WriteAsync(
            Catalogs.Of(classes, 1), settings, "id", 1, new Redactor(), _ => null, log, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        return log.Text;
    }
}
