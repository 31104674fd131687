using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

[Collection(ProcessWide.Name)]
public sealed class ProcessEnvironmentTests
{
    [Theory]
    [InlineData("DOTNET_TieredPGO", "0")]
    [InlineData("DOTNET_TC_CallCountThreshold", "200")]
    [InlineData("DOTNET_TC_CallCountingDelayMs", "200")]
    [InlineData("DOTNET_EnableWriteXorExecute", "0")]
    public void Test_processes_are_spared_what_pays_in_long_ones_only_unless_the_user_decided(string variable, string ours)
    {
        var before = Environment.GetEnvironmentVariable(variable);
        try
        {
            Environment.SetEnvironmentVariable(variable, null);
            ProcessEnvironment.For(new ConcurrentTestSettings())[variable].ShouldBe(ours);

            Environment.SetEnvironmentVariable(variable, "1e");
            ProcessEnvironment.For(new ConcurrentTestSettings())[variable].ShouldBe("1e");
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, before);
        }
    }
}
