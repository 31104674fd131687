using ConcurrentTesting.Scheduling.Sharding;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling.Sharding;

public sealed class ShardMatrixTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("GITHUB_ACTIONS", TestPlanFormat.GitHub)]
    [InlineData("GITLAB_CI", TestPlanFormat.GitLab)]
    [InlineData("TF_BUILD", TestPlanFormat.Json)]
    public void The_format_is_that_of_the_host(string variable, TestPlanFormat expected)
    {
        ShardMatrix.FormatOf(TestPlanFormat.Auto, name => name == variable ? "true" : null).ShouldBe(expected);
        ShardMatrix.FormatOf(TestPlanFormat.Json, name => name == variable ? "true" : null).ShouldBe(TestPlanFormat.Json);
    }

    [Theory]
    [InlineData(TestPlanFormat.GitHub)]
    [InlineData(TestPlanFormat.Json)]
    public void A_matrix_is_the_numbers_of_the_parts(TestPlanFormat format) => ShardMatrix.Of(3, format).ShouldBe("""{"part":[1,2,3]}""");

    [Fact]
    public void A_child_pipeline_has_as_many_jobs_as_parts()
    {
        ShardMatrix.Of(3, TestPlanFormat.GitLab).ShouldBe("concurrent-test:\n  extends: .concurrent-test\n  parallel: 3\n");
        ShardMatrix.Of(1, TestPlanFormat.GitLab).ShouldBe("concurrent-test:\n  extends: .concurrent-test\n");
        Should.Throw<ConcurrentTestException>(() => ShardMatrix.Of(201, TestPlanFormat.GitLab)).ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
    }

    [Fact]
    public void Later_jobs_on_GitHub_get_matrix_and_count()
    {
        File.WriteAllText(_file, "other=1\n");

        ShardMatrix.SetOutputs(2, name => name == "GITHUB_OUTPUT" ? _file : null);

        File.ReadAllText(_file).ShouldBe("other=1\nmatrix={\"part\":[1,2]}\ncount=2\n");
    }
}
