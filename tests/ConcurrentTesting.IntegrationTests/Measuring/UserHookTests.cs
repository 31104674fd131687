using ConcurrentTesting.IntegrationTests.Samples;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>A user's own startup hook beside the run's.</summary>
public sealed class UserHookTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("user-hook-");

    private static string Hook => Path.Combine(Repository.Root, "tests", "measured", "Measured.UserHook", "bin", "Debug", "net8.0", "Measured.UserHook.dll");

    private string Noted => Path.Combine(_folder.FullName, "noted");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("NUnit")]
    [InlineData("XUnit3")]
    public async Task One_of_the_run_settings_is_loaded_first_and_the_tests_are_measured(string suite)
    {
        var settings = Path.Combine(_folder.FullName, "their.runsettings");
        await File.WriteAllTextAsync(settings, $"""
            <RunSettings><RunConfiguration><EnvironmentVariables>
              <DOTNET_STARTUP_HOOKS>{Hook}</DOTNET_STARTUP_HOOKS>
              <USER_HOOK_FILE>{Noted}</USER_HOOK_FILE>
            </EnvironmentVariables></RunConfiguration></RunSettings>
            """, TestContext.Current.CancellationToken);

        await ShouldBeFirstAsync(suite, ["--test-settings", settings]);
    }

    [Fact]
    public async Task One_of_the_environment_is_loaded_first_and_the_tests_are_measured() =>
        await ShouldBeFirstAsync("NUnit", [], ("DOTNET_STARTUP_HOOKS", Hook), ("USER_HOOK_FILE", Noted));

    private async Task ShouldBeFirstAsync(string suite, string[] arguments, params (string Name, string Value)[] variables)
    {
        var outcome = await SampleRun.RunAsync([suite], ["--workers", "1", "--test-filter", "FullyQualifiedName~Fines|FullyQualifiedName~Notices", .. arguments], TestContext.Current.CancellationToken, variables);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        var noted = await File.ReadAllLinesAsync(Noted, TestContext.Current.CancellationToken);
        noted.ShouldNotBeEmpty();
        noted.ShouldAllBe(line => line == "first");
        outcome.Run.GetProperty("tests").EnumerateArray().Any(test => test.GetProperty("queries").ValueKind == System.Text.Json.JsonValueKind.Number).ShouldBeTrue();
    }
}
