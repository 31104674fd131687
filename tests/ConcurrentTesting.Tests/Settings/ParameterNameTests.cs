using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Settings;

public sealed class ParameterNameTests : IDisposable
{
    private readonly SettingsFixture _settings = new();

    public void Dispose() => _settings.Dispose();

    [Theory]
    [InlineData("--test-timeuot", "--test-timeout")]
    [InlineData("--test-databse", "--test-database")]
    [InlineData("--worker", "--workers")]
    [InlineData("--workes", "--workers")]
    [InlineData("-test-rerun", "--test-reruns")]
    [InlineData("--TestTemplat", "--test-template")]
    [InlineData("--test-conection-string", "--test-connection-string")]
    public void A_mistyped_name_is_refused_with_the_nearest_one(string typed, string nearest) =>
        _settings.Errors(typed, "1").ShouldBe([$"{typed}: there is no such parameter; did you mean {nearest}?"]);

    [Theory]
    [InlineData("--test-timeout")]
    [InlineData("--TestTimeout")]
    [InlineData("-testtimeout")]
    [InlineData("--TEST-TIMEOUT")]
    public void Dashes_and_case_of_a_name_do_not_matter(string name) => _settings.Parse(name, "7").TestTimeout.ShouldBe(TimeSpan.FromSeconds(7));

    [Theory]
    [InlineData("--test-flavour")]
    [InlineData("--configuration")]
    [InlineData("--verbosity")]
    [InlineData("--skip")]
    public void Parameters_of_others_are_left_alone(string name) => _settings.Parse(name, "x").Workers.ShouldBePositive();

    [Theory]
    [InlineData("--filter", "--filter: there is no such parameter; did you mean --test-filter?")]
    [InlineData("--Filter", "--Filter: there is no such parameter; did you mean --test-filter?")]
    [InlineData("-filter", "-filter: there is no such parameter; did you mean --test-filter?")]
    [InlineData("--framework=net8.0", "--framework: there is no such parameter; did you mean --test-framework?")]
    [InlineData("--settings", "--settings: there is no such parameter; did you mean --test-settings?")]
    [InlineData("--no-build", "--no-build: there is no such parameter; did you mean --test-no-build?")]
    [InlineData("--list-tests", "--list-tests: there is no such parameter; did you mean --test-list?")]
    [InlineData("--results-directory", "--results-directory: there is no such parameter; did you mean --test-results-directory?")]
    [InlineData("--environment", "--environment: there is no such parameter; did you mean --test-environment?")]
    [InlineData("--collect:XPlat", "--collect: there is no such parameter; did you mean --test-coverage?")]
    [InlineData("--blame-hang-timeout", "--blame-hang-timeout: there is no such parameter; did you mean --test-timeout?")]
    [InlineData("--diag", "--diag: there is no such parameter; did you mean --test-diagnostics?")]
    [InlineData("--logger", "--logger: there is no such parameter; each run writes TRX and JUnit files, into --test-results-directory")]
    public void An_argument_of_dotnet_test_that_nobody_reads_is_refused_with_its_counterpart(string typed, string error) =>
        _settings.Errors(typed, "x").ShouldBe([error]);

    [Theory]
    [InlineData("--filter", "Filter")]
    [InlineData("--no-build", "NoBuild")]
    [InlineData("--NOBUILD", "no-build")]
    [InlineData("--logger=trx", "Logger")]
    public void An_argument_of_dotnet_test_that_is_a_parameter_of_the_build_is_the_builds(string typed, string parameter)
    {
        _settings.OfTheBuild = [parameter];

        _settings.Parse(typed, "x").Filter.ShouldBeNull();
    }

    // NUKE's own, and arguments of dotnet test that have no counterpart here.
    [Theory]
    [InlineData("--root --host --target --plan --help --no-logo --continue --profile --partition 1/1 --skip --verbosity quiet")]
    [InlineData("--no-restore --output x --runtime x --arch x --os x --filters x --frameworks x --setting x")]
    [InlineData("-- -f net8.0 -s x -l trx")]
    public void Other_arguments_are_nobodys_typing_error(string arguments) =>
        _settings.Parse(arguments.Split(' ')).Filter.ShouldBeNull();

    [Theory]
    [InlineData("--workers=8", "--workers: write a space instead of = before the value: --workers 8")]
    [InlineData("--test-filter=Name=a", "--test-filter: write a space instead of = before the value: --test-filter Name=a")]
    [InlineData("--test-connection-string=geheim", "--test-connection-string: write a space instead of = before the value: --test-connection-string ***")]
    [InlineData("--test-conection-string=geheim", "--test-conection-string: there is no such parameter; did you mean --test-connection-string?")]
    public void A_name_joined_to_its_value_is_refused(string argument, string error) => _settings.Errors(argument).ShouldBe([error]);

    [Fact]
    public void The_last_of_several_values_wins() => _settings.Parse("--workers", "4", "--test-list", "--workers", "5").Workers.ShouldBe(5);

    [Fact]
    public void A_list_collects_all_its_values() =>
        _settings.Parse("--test-projects", "a", "b", "--workers", "2", "--test-projects", "c").TestProjects
            .ShouldBe(new[] { "a", "b", "c" }.Select(name => Path.Combine(_settings.Caller, name)));

    [Theory]
    [InlineData("TestTpyo", "", false)]
    [InlineData("TestTimeuot", "TestTimeout", true)]
    [InlineData("test-timeuot", "TestTimeout", true)]
    [InlineData("Workes", "Workers", true)]
    public void A_mistyped_name_in_a_parameters_file_is_refused_too(string typed, string nearest, bool isCertain)
    {
        var error = _settings.WithParameters($$"""{ "$schema": "./build.schema.json", "TestFlavour": "x", "Solution": "a.sln", "{{typed}}": null }""").Errors().ShouldHaveSingleItem();

        error.ShouldStartWith($"{typed} in parameters.json: there is no such parameter; did you mean {(isCertain ? nearest + "?" : "")}");
    }

    [Fact]
    public void A_variable_that_is_nobodys_is_warned_of()
    {
        _settings.With("NUKE_TEST_TIMEOOT", "5").With("NUKE_TEST_FLAVOUR", "x").With("NUKE_TELEMETRY_OPTOUT", "1").Parse();

        _settings.Log.ShouldHaveSingleItem().Text.ShouldBe("NUKE_TEST_TIMEOOT is ignored: there is no such parameter; did you mean NUKE_TEST_TIMEOUT?");
    }
}
