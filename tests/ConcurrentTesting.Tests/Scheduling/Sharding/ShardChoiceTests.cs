using ConcurrentTesting.Scheduling.Sharding;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling.Sharding;

public sealed class ShardChoiceTests : IDisposable
{
    private readonly Dictionary<string, string> _variables = [];
    private readonly string _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("CI_NODE_INDEX=1 CI_NODE_TOTAL=5", 1, 5)]
    [InlineData("CI_NODE_INDEX=5 CI_NODE_TOTAL=5", 5, 5)]
    [InlineData("CI_NODE_TOTAL=1", 1, 1)]
    [InlineData("SYSTEM_JOBPOSITIONINPHASE=2 SYSTEM_TOTALJOBSINPHASE=3", 2, 3)]
    [InlineData("BUILDKITE_PARALLEL_JOB=0 BUILDKITE_PARALLEL_JOB_COUNT=4", 1, 4)]
    [InlineData("BUILDKITE_PARALLEL_JOB=3 BUILDKITE_PARALLEL_JOB_COUNT=4", 4, 4)]
    [InlineData("CIRCLE_NODE_INDEX=1 CIRCLE_NODE_TOTAL=2", 2, 2)]
    [InlineData("TEST_SHARD_INDEX=0 TEST_TOTAL_SHARDS=2", 1, 2)]
    [InlineData("CLOUD_RUN_TASK_INDEX=9 CLOUD_RUN_TASK_COUNT=10", 10, 10)]
    public void Auto_takes_part_and_count_from_the_host_in_its_own_base(string variables, int part, int of) =>
        Auto(variables).ShouldBe(new Shard(part, of));

    [Theory]
    [InlineData("JOB_COMPLETION_INDEX=0", 1)]
    [InlineData("AWS_BATCH_JOB_ARRAY_INDEX=6", 7)]
    public void A_host_that_tells_the_part_alone_needs_the_count(string variables, int part)
    {
        Auto(variables, settings => settings with { ShardCount = 7 }).ShouldBe(new Shard(part, 7));
        Auto(variables, planned: 7).ShouldBe(new Shard(part, 7));
        Refusal(variables).ShouldContain("--test-shard-count");
    }

    [Theory]
    [InlineData("CI_NODE_INDEX=0 CI_NODE_TOTAL=5", "CI_NODE_INDEX=0 is no part of 5")]
    [InlineData("CI_NODE_INDEX=6 CI_NODE_TOTAL=5", "CI_NODE_INDEX=6 is no part of 5")]
    [InlineData("BUILDKITE_PARALLEL_JOB=4 BUILDKITE_PARALLEL_JOB_COUNT=4", "BUILDKITE_PARALLEL_JOB=4 is no part of 4")]
    [InlineData("CI_NODE_TOTAL=5", "no CI_NODE_INDEX")]
    [InlineData("CIRCLE_NODE_INDEX=1", "set CIRCLE_NODE_TOTAL")]
    [InlineData("CI_NODE_INDEX=one CI_NODE_TOTAL=5", "CI_NODE_INDEX=one is no whole number")]
    [InlineData("CI_NODE_INDEX=-1 CI_NODE_TOTAL=5", "CI_NODE_INDEX=-1 is no whole number")]
    [InlineData("TEST_SHARD_INDEX=0 TEST_TOTAL_SHARDS=257", "up to 256")]
    [InlineData("GITHUB_ACTIONS=true", "GitLab CI, Azure Pipelines, Buildkite, CircleCI, Bazel, Cloud Run, Kubernetes, AWS Batch")]
    [InlineData("CI_NODE_INDEX=1 CI_NODE_TOTAL=2 TEST_SHARD_INDEX=1 TEST_TOTAL_SHARDS=2", "GitLab CI says 1/2, Bazel says 2/2")]
    public void Whatever_is_not_certain_is_refused_with_its_value(string variables, string named)
    {
        var message = Refusal(variables);

        message.ShouldContain(named);
        message.ShouldContain("--test-shard");
    }

    [Fact]
    public void A_host_that_calls_every_job_the_only_one_does_not_contradict_another() =>
        Auto("SYSTEM_JOBPOSITIONINPHASE=1 SYSTEM_TOTALJOBSINPHASE=1 TEST_SHARD_INDEX=1 TEST_TOTAL_SHARDS=2").ShouldBe(new Shard(2, 2));

    [Fact]
    public void NUKEs_partition_is_a_host_like_others()
    {
        Auto("", settings => settings with { Partition = "2/3" }).ShouldBe(new Shard(2, 3));
        Should.Throw<ConcurrentTestException>(() => Auto("CI_NODE_INDEX=1 CI_NODE_TOTAL=3", settings => settings with { Partition = "2/3" }))
            .Message.ShouldContain("--partition says 2/3");
        Should.Throw<ConcurrentTestException>(() => Auto("", settings => settings with { Partition = "4/3" })).ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
    }

    [Fact]
    public void A_part_that_is_given_does_not_ask_the_host() =>
        ShardChoice.Of(new ConcurrentTestSettings { Shard = "2/3" }, Variable("CI_NODE_INDEX=1 CI_NODE_TOTAL=5"), planned: null).ShouldBe(new Shard(2, 3));

    [Fact]
    public void Without_the_parameter_all_tests_run_whatever_the_host_says() =>
        ShardChoice.Of(new ConcurrentTestSettings(), Variable("CI_NODE_INDEX=1 CI_NODE_TOTAL=5"), planned: null).ShouldBeNull();

    [Fact]
    public void Another_count_than_the_plan_has_is_refused()
    {
        Should.Throw<ConcurrentTestException>(() => ShardChoice.Of(new ConcurrentTestSettings { Shard = "2/3" }, Variable(""), planned: 4)).Message.ShouldContain("the plan says 4 parts, not 3");
        Should.Throw<ConcurrentTestException>(() => ShardChoice.Of(new ConcurrentTestSettings { Shard = "2/3", ShardCount = 2 }, Variable(""), planned: null))
            .Message.ShouldContain("--test-shard-count says 2 parts, not 3");
        Refusal("CI_NODE_INDEX=1 CI_NODE_TOTAL=3", planned: 2).ShouldContain("the plan says 2 parts, not 3");
    }

    [Fact]
    public void A_plan_without_a_part_is_refused() =>
        Should.Throw<ConcurrentTestException>(() => ShardChoice.Of(new ConcurrentTestSettings(), Variable(""), planned: 4)).ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);

    [Fact]
    public void Bazels_status_file_is_touched()
    {
        ShardChoice.Announce(Variable($"TEST_SHARD_STATUS_FILE={_file}"));

        File.Exists(_file).ShouldBeTrue();
        Should.Throw<ConcurrentTestException>(() => ShardChoice.Announce(Variable("TEST_SHARD_STATUS_FILE=/no/such/folder/file"))).Message.ShouldContain("/no/such/folder/file");
        Should.NotThrow(() => ShardChoice.Announce(Variable("")));
    }

    private string Refusal(string variables, int? planned = null)
    {
        var exception = Should.Throw<ConcurrentTestException>(() => Auto(variables, planned: planned));
        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        return exception.Message;
    }

    private Shard? Auto(string variables, Func<ConcurrentTestSettings, ConcurrentTestSettings>? with = null, int? planned = null)
    {
        var settings = new ConcurrentTestSettings { Shard = "auto" };
        return ShardChoice.Of(with?.Invoke(settings) ?? settings, Variable(variables), planned);
    }

    private Func<string, string?> Variable(string variables)
    {
        _variables.Clear();
        foreach (var variable in variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(variable => variable.Split('=', 2)))
            _variables[variable[0]] = variable[1];
        return _variables.GetValueOrDefault;
    }
}
