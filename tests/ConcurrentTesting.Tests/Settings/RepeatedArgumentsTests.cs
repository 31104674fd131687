using ConcurrentTesting.Settings;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Settings;

public sealed class RepeatedArgumentsTests : IDisposable
{
    private readonly SettingsFixture _settings = new();

    public RepeatedArgumentsTests() => _settings.TypedIn = _settings.Root;

    public void Dispose() => _settings.Dispose();

    [Fact]
    public void Where_the_tests_are_and_what_they_run_on_is_given_again() =>
        _settings.Parse("--workers", "8", "--test-reruns", "2", "--Test-Database", "sqlite", "--test-projects", "a b.csproj", "it's.csproj", "c.csproj")
            .RepeatedArguments.ShouldBe(
                OperatingSystem.IsWindows()
                    ? " --workers 8 --test-projects 'a b.csproj' 'it''s.csproj' c.csproj --test-database sqlite"
                    : @" --workers 8 --test-projects 'a b.csproj' 'it'\''s.csproj' c.csproj --test-database sqlite");

    [Fact]
    public void Which_tests_ran_is_not_given_again() =>
        _settings.Parse("--test-filter", "Name=A", "--test-order", "random", "--test-fail-fast", "1").RepeatedArguments.ShouldBeEmpty();

    [Fact]
    public void What_may_be_secret_is_masked_so_that_nobody_takes_the_rest_for_the_whole() =>
        _settings.Parse(
                "--test-database", "postgresql", "--test-connection-string", "Host=localhost;Password=secret", "--test-template", "cmd:migrate --password secret",
                "--test-environment", "DATABASE_URL={ConnectionString}", "API_KEY=secret", "--test-database-settings", "app.jwt_secret=secret")
            .RepeatedArguments.ShouldBe(
                " --test-database postgresql --test-connection-string '***' --test-template 'cmd:migrate ***' --test-database-settings '***'"
                + " --test-environment 'DATABASE_URL={ConnectionString}' 'API_KEY=***'");

    [Theory]
    [InlineData(" --workers 2 --test-projects 'a b.csproj' 'it'\\''s.csproj' --test-results-directory parts/1", "", " --workers 2 --test-projects 'a b.csproj' 'it'\\''s.csproj'")]
    [InlineData(" --test-database sqlite --test-timings t.json", " --test-database none --test-results-directory 'all of it'", " --test-database sqlite --test-results-directory 'all of it'")]
    [InlineData("", " --test-projects none --test-timings next.json", " --test-timings next.json")]
    public void What_parts_were_run_with_is_repeated_with_the_places_of_their_merge(string parts, string merge, string repeated) =>
        RepeatedArguments.OfParts(parts, merge).ShouldBe(repeated);

    [Fact]
    public void What_was_typed_in_another_folder_is_not_repeated_where_its_paths_mean_something_else()
    {
        _settings.TypedIn = _settings.Caller;
        _settings.Parse("--test-projects", "some.csproj").RepeatedArguments.ShouldBeEmpty();
    }

    [Fact]
    public void What_comes_from_the_environment_and_files_need_not_be_repeated() =>
        _settings.With("NUKE_TEST_DATABASE", "sqlite").WithParameters("""{ "Workers": 3 }""").Parse().RepeatedArguments.ShouldBeEmpty();
}
