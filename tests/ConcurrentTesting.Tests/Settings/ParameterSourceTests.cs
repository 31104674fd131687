using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Settings;

public sealed class ParameterSourceTests : IDisposable
{
    private readonly SettingsFixture _settings = new();

    public void Dispose() => _settings.Dispose();

    [Fact]
    public void Command_line_environment_file_build_CSharp_in_this_order()
    {
        _settings.FromCSharp = _settings.FromCSharp with { Reruns = 1 };
        _settings.Parse().Reruns.ShouldBe(1);

        _settings.BuildSystem = name => name == "TestReruns" ? ["2"] : null;
        _settings.Parse().Reruns.ShouldBe(2);

        _settings.WithParameters("""{ "TestReruns": 3 }""");
        _settings.Parse().Reruns.ShouldBe(3);

        _settings.With("NUKE_TEST_RERUNS", "4");
        _settings.Parse().Reruns.ShouldBe(4);

        _settings.Parse("--test-reruns", "5").Reruns.ShouldBe(5);
    }

    [Theory]
    [InlineData("NUKE_TEST_RERUNS")]
    [InlineData("nuke_test_reruns")]
    [InlineData("NUKE_TESTRERUNS")]
    [InlineData("NUKE_TestReruns")]
    public void Letters_and_digits_of_a_variable_count_whatever_their_case(string name) => _settings.With(name, "4").Parse().Reruns.ShouldBe(4);

    [Theory]
    [InlineData("TEST_RERUNS")]
    [InlineData("TestReruns")]
    [InlineData("NUKETESTRERUNS")]
    public void Without_the_prefix_a_variable_does_not_count_and_the_build_system_is_not_asked(string name)
    {
        _settings.BuildSystem = parameter => parameter == "TestReruns" ? ["4"] : null;

        _settings.With(name, "4").Parse().Reruns.ShouldBe(0);

        _settings.Log.ShouldBe([(LogLevel.Information, $"{name} in the environment is ignored: only NUKE_TEST_RERUNS counts")]);
    }

    [Theory]
    [InlineData("TestReruns", "what NUKE's generators write")]
    [InlineData("TESTRERUNS", "what Azure Pipelines makes of it")]
    public void A_parameters_own_name_counts_where_the_build_system_generates_the_configuration(string name, string because)
    {
        _settings.HasGeneratedVariables = true;

        _settings.WithParameters("""{ "TestReruns": "3" }""").With(name, "4").Parse().Reruns.ShouldBe(4, because);
        _settings.Log.ShouldBeEmpty();
        _settings.With("NUKE_TEST_RERUNS", "5").Parse().Reruns.ShouldBe(5);
    }

    [Theory]
    [InlineData("TEST_RERUNS")]
    [InlineData("TEST-RERUNS")]
    [InlineData("WORKERS")]
    [InlineData("Workers")]
    public void Shorter_names_and_names_with_separators_do_not_count_there_either(string name)
    {
        _settings.HasGeneratedVariables = true;
        var before = _settings.Parse();

        var settings = _settings.With(name, "77").Parse();

        (settings.Reruns, settings.Workers).ShouldBe((before.Reruns, before.Workers));
        _settings.Log.ShouldHaveSingleItem().Text.ShouldStartWith($"{name} in the environment is ignored");
    }

    [Fact]
    public void An_empty_secret_of_the_generated_configuration_is_none()
    {
        _settings.HasGeneratedVariables = true;

        _settings.With("TestConnectionString", "").Parse().ConnectionString.ShouldBeNull();
    }

    [Fact]
    public void An_unprefixed_variable_hides_nothing_in_the_parameters_file()
    {
        _settings.WithParameters("""{ "TestReruns": "3" }""").With("TEST_RERUNS", "4").Parse().Reruns.ShouldBe(3);
        _settings.Parse("--test-reruns", "5").Reruns.ShouldBe(5);

        _settings.Log.Count.ShouldBe(1, "the second time the variable would not have mattered");
    }

    [Fact]
    public void An_empty_variable_is_none() => _settings.With("NUKE_TEST_RERUNS", " ").Parse().Reruns.ShouldBe(0);

    [Fact]
    public void A_list_in_the_environment_has_an_entry_a_line() =>
        _settings.With("NUKE_TEST_ENVIRONMENT", "A={Host} {Port}\r\n\n  B={Database}\n").Parse().Environment
            .ShouldBe([new EnvironmentPattern("A", "{Host} {Port}"), new EnvironmentPattern("B", "{Database}")]);

    [Fact]
    public void An_error_in_the_environment_names_the_variable() =>
        _settings.With("NUKE_WORKERS", "0").Errors().ShouldBe(["NUKE_WORKERS=0: it takes a whole number from 1 to 256"]);

    [Fact]
    public void An_error_in_the_parameters_file_names_the_file() => _settings.WithParameters("""{ "Workers": -1 }""").Errors()
        .ShouldBe(["Workers in parameters.json: -1: it takes a whole number from 1 to 256"]);

    [Fact]
    public void Workers_have_a_second_variable() => _settings.With("NUKE_TEST_WORKERS", "6").Parse().Workers.ShouldBe(6);

    [Fact]
    public void Both_variables_of_the_workers_may_say_the_same() =>
        _settings.With("NUKE_TEST_WORKERS", "6").With("NUKE_WORKERS", "6").Parse("--workers", "6").Workers.ShouldBe(6);

    [Fact]
    public void Both_variables_of_the_workers_must_not_differ() => _settings.With("NUKE_TEST_WORKERS", "6").With("NUKE_WORKERS", "7").Errors()
        .ShouldBe(["NUKE_WORKERS=7 and NUKE_TEST_WORKERS=6 disagree: give one of them"]);

    [Fact]
    public void The_second_variable_of_the_workers_must_not_differ_from_the_argument() => _settings.With("NUKE_TEST_WORKERS", "6").Errors("--workers", "7")
        .ShouldBe(["--workers 7 and NUKE_TEST_WORKERS=6 disagree: give one of them"]);

    [Theory]
    [InlineData("auto", "true")]
    [InlineData("always", "true")]
    [InlineData("never", "false")]
    public void Both_words_for_building_must_not_differ(string build, string noBuild) => _settings.With("NUKE_TEST_NO_BUILD", noBuild)
        .Errors("--test-build", build).ShouldBe([$"--test-build {build} and NUKE_TEST_NO_BUILD={noBuild} differ: give one of them"]);

    [Theory]
    [InlineData("never", "true")]
    [InlineData("auto", "false")]
    [InlineData("always", "false")]
    public void Both_words_for_building_may_say_the_same(string build, string noBuild) =>
        _settings.Parse("--test-build", build, "--test-no-build", noBuild).Build.ShouldBe(Enum.Parse<TestBuildMode>(build, ignoreCase: true));

    [Fact]
    public void No_build_is_another_word_for_never() => _settings.Parse("--test-no-build").Build.ShouldBe(TestBuildMode.Never);

    [Fact]
    public void A_build_is_made_where_it_is_needed_unless_somebody_says_otherwise() => _settings.Parse().Build.ShouldBe(TestBuildMode.Auto);

    [Fact]
    public void An_argument_overrides_the_workers_first_variable() => _settings.With("NUKE_WORKERS", "6").Parse("--workers", "7").Workers.ShouldBe(7);

    [Fact]
    public void A_later_file_overrides_an_earlier_one() =>
        _settings.WithParameters("""{ "Workers": 2, "TestReruns": 2 }""").WithParameters("""{ "workers": 3, "$schema": "x", "TestSeed": null }""", "parameters.ci.json")
            .Parse().ShouldSatisfyAllConditions(settings => settings.Workers.ShouldBe(3), settings => settings.Reruns.ShouldBe(2));

    [Fact]
    public void Lists_in_a_file_are_arrays_or_single_values()
    {
        _settings.WithParameters("""{ "TestProjects": ["a", "b"], "TestEnvironment": "A={Host}" } // with a comment""");

        var settings = _settings.Parse();

        settings.TestProjects.ShouldBe([Path.Combine(_settings.Root, "a"), Path.Combine(_settings.Root, "b")]);
        settings.Environment.ShouldBe([new EnvironmentPattern("A", "{Host}")]);
    }

    [Fact]
    public void A_damaged_file_is_an_error_that_names_it() =>
        _settings.WithParameters("{").Errors().ShouldHaveSingleItem().ShouldStartWith($"{Path.Combine(_settings.Root, "parameters.json")} cannot be read: ");

    [Fact]
    public void A_secret_in_a_file_is_left_to_the_build_system_which_can_decrypt_it()
    {
        _settings.BuildSystem = name => name == "TestConnectionString" ? ["Host=decrypted"] : null;

        _settings.WithParameters("""{ "TestConnectionString": "v1:encrypted" }""").Parse().ConnectionString.ShouldBe("Host=decrypted");
    }

    [Fact]
    public void A_secret_in_a_file_that_a_variable_hides_is_an_error() =>
        _settings.WithParameters("""{ "TestConnectionString": "v1:encrypted" }""").With("TEST_CONNECTION_STRING", "geheim").Errors()
            .ShouldBe(["TEST_CONNECTION_STRING in the environment hides the encrypted TestConnectionString of the parameters file: unset it"]);

    [Fact]
    public void A_secret_on_the_command_line_is_taken_with_a_warning_that_does_not_show_it()
    {
        _settings.Parse("--test-connection-string", "Host=geheim").ConnectionString.ShouldBe("Host=geheim");

        var (level, text) = _settings.Log.ShouldHaveSingleItem();
        level.ShouldBe(LogLevel.Warning);
        text.ShouldContain("NUKE_TEST_CONNECTION_STRING");
        text.ShouldNotContain("geheim");
    }

    [Fact]
    public void Relative_paths_are_the_callers_in_arguments_and_variables_and_the_roots_elsewhere()
    {
        _settings.FromCSharp = _settings.FromCSharp with { TimingsFile = "csharp/t.json" };
        _settings.WithParameters("""{ "TestJUnitFile": "file/j.xml" }""").With("NUKE_TEST_RESULTS_DIRECTORY", "variable");

        var settings = _settings.Parse("--test-projects", "../argument", "/absolute/a.dll");

        settings.TestProjects.ShouldBe([Path.Combine(_settings.Root, "argument"), "/absolute/a.dll"]);
        settings.ResultsDirectory.ShouldBe(Path.Combine(_settings.Caller, "variable"));
        settings.JUnitFile.ShouldBe(Path.Combine(_settings.Root, "file", "j.xml"));
        settings.TimingsFile.ShouldBe(Path.Combine(_settings.Root, "csharp", "t.json"));
    }

    [Fact]
    public void Globs_stay_as_they_are_below_the_callers_folder() =>
        _settings.Parse("--test-projects", "tests/**/*.Tests.csproj").TestProjects.ShouldBe([Path.Combine(_settings.Caller, "tests/**/*.Tests.csproj")]);
}
