using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>Command line, environment, parameters.json, C#, default: through a real build, as NUKE itself resolves part of it.</summary>
public class ParameterSourceTests
{
    [Theory]
    [InlineData("", null, null, "TestTimeout = 00:00:33", "C#")]
    [InlineData("", null, """{ "TestTimeout": "44s" }""", "TestTimeout = 00:00:44", "parameters.json")]
    [InlineData("", "55s", """{ "TestTimeout": "44s" }""", "TestTimeout = 00:00:55", "the environment")]
    [InlineData("--test-timeout 66s", "55s", """{ "TestTimeout": "44s" }""", "TestTimeout = 00:01:06", "the command line")]
    public async Task The_first_source_that_has_a_value_wins(string arguments, string? variable, string? json, string expected, string source)
    {
        using var root = new BuildRoot().WithParameters(json ?? "{}");
        (string, string)[] variables = variable is null ? [] : [("NUKE_TEST_TIMEOUT", variable)];

        var outcome = await root.RunAsync($"ShowSettings {arguments}".Trim(), TestContext.Current.CancellationToken, variables);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Lines.ShouldContain(expected, $"from {source}");
    }

    [Theory]
    [InlineData("--framework net8.0")]
    [InlineData("--settings ci.json")]
    [InlineData("--configuration Release --verbosity normal --no-logo --partition 1/1 --skip")]
    public async Task What_the_build_or_NUKE_injects_is_theirs(string arguments)
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync($"ShowSettings {arguments}", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Output.ShouldNotContain("there is no such parameter");
    }

    [Fact]
    public async Task Everything_that_is_not_given_has_its_default()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ShowSettings", TestContext.Current.CancellationToken);

        outcome.Lines.ShouldContain("Workers = 3");
        outcome.Lines.ShouldContain("MaxRetries = 3");
        outcome.Lines.ShouldContain($"ResultsDirectory = {Path.Combine(root.Folder, "artifacts", "test-results")}");
        outcome.Lines.ShouldContain($"TestProjects = {Path.Combine(root.Folder, "tests")}");
        outcome.Lines.ShouldContain($"RootDirectory = {root.Folder}");
        outcome.Lines.ShouldContain("Host = Terminal");
    }

    [Theory]
    [InlineData("WORKERS", "NUKE_WORKERS")]
    [InlineData("workers", "NUKE_WORKERS")]
    [InlineData("NUKEWORKERS", "NUKE_WORKERS")]
    public async Task A_variable_without_the_prefix_is_ignored_and_named(string ambient, string counting)
    {
        using var root = new BuildRoot().WithParameters("""{ "Workers": 5 }""");

        var outcome = await root.RunAsync("ShowSettings", TestContext.Current.CancellationToken, (ambient, "77"));

        outcome.Lines.ShouldContain("Workers = 5");
        outcome.Output.ShouldContain($"{ambient} in the environment is ignored: only {counting} counts");
    }

    [Fact]
    public async Task A_connection_string_without_the_prefix_is_ignored_and_never_shown()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ShowSettings", TestContext.Current.CancellationToken, ("TEST_CONNECTION_STRING", "Password=geheim"));

        outcome.Lines.ShouldContain("ConnectionString has 0 characters");
        outcome.Output.ShouldContain("TEST_CONNECTION_STRING in the environment is ignored: only NUKE_TEST_CONNECTION_STRING counts");
        outcome.Output.ShouldNotContain("geheim");
    }

    [Theory]
    [InlineData("Host=db.example;Password=geheim", true)]
    [InlineData("v1:bm90IHBsYWlu", false)]
    public async Task A_plain_secret_in_the_parameters_file_is_explained_before_NUKE_asks_for_its_password(string value, bool isExplained)
    {
        using var root = new BuildRoot().WithParameters($$"""{ "TestConnectionString": "{{value}}" }""");

        var outcome = await root.RunAsync("ShowSettings", TestContext.Current.CancellationToken);

        outcome.Output.Contains("TestConnectionString in parameters.json is a secret that is not encrypted", StringComparison.Ordinal).ShouldBe(isExplained, outcome.Output);
        outcome.Output.ShouldNotContain("geheim");
    }

    [Theory]
    [InlineData("GITHUB_ACTIONS", "ConnectionString has 15 characters")]
    [InlineData("GITLAB_CI", "ConnectionString has 0 characters")]
    public async Task A_connection_string_as_the_generators_of_NUKE_name_it_counts_on_their_hosts(string host, string expected)
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ShowSettings", TestContext.Current.CancellationToken, ("TestConnectionString", "Password=geheim"), (host, "true"));

        outcome.Lines.ShouldContain(expected);
        outcome.Lines.Single(line => line.StartsWith("SecretVariables = ", StringComparison.Ordinal)).ShouldContain("TestConnectionString");
        outcome.Output.ShouldNotContain("geheim");
    }

    [Fact]
    public async Task Variables_that_hold_secrets_of_the_build_are_withheld_from_tests()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync(
            "ShowSettings", TestContext.Current.CancellationToken, ("NUKE_TEST_CONNECTION_STRING", "geheim"), ("API_KEY", "geheim"), ("NUKE_API_KEY", "geheim"));

        var withheld = outcome.Lines.Single(line => line.StartsWith("SecretVariables = ", StringComparison.Ordinal));
        withheld["SecretVariables = ".Length..].Split(' ').Order().ShouldBe(["API_KEY", "NUKE_API_KEY", "NUKE_TEST_CONNECTION_STRING"]);
        outcome.Lines.ShouldContain("ConnectionString has 6 characters");
    }

    [Theory]
    [InlineData("ShowSettings --test-flavour sweet")]
    [InlineData("ShowSettings --test-stage production")]
    public async Task A_parameter_of_the_build_itself_or_of_another_component_is_no_typing_error(string arguments)
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync(arguments, TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
    }

    [Fact]
    public async Task Paths_are_relative_to_the_callers_folder_in_arguments_and_to_the_root_elsewhere()
    {
        using var root = new BuildRoot().WithParameters("""{ "TestJUnitFile": "json/junit.xml" }""");
        var caller = Directory.CreateDirectory(Path.Combine(root.Folder, "caller")).FullName;

        var outcome = await root.RunAsync(
            "ShowSettings --test-projects a/b.csproj ../c --test-results-directory results", TestContext.Current.CancellationToken, ("NUKE_CALLER_DIRECTORY", caller));

        outcome.Lines.ShouldContain($"TestProjects = {Path.Combine(caller, "a", "b.csproj")} {Path.Combine(root.Folder, "c")}");
        outcome.Lines.ShouldContain($"ResultsDirectory = {Path.Combine(caller, "results")}");
        outcome.Lines.ShouldContain($"JUnitFile = {Path.Combine(root.Folder, "json", "junit.xml")}");
        outcome.Lines.ShouldContain($"TimingsFile = {Path.Combine(root.Folder, "from-csharp", "timings.json")}");
    }

    [Fact]
    public async Task A_profile_overrides_the_parameters_file()
    {
        using var root = new BuildRoot().WithParameters("""{ "Workers": 5, "TestReruns": 2 }""");
        root.Write(".nuke/parameters.ci.json", """{ "Workers": 6 }""");

        var outcome = await root.RunAsync("ShowSettings --profile ci", TestContext.Current.CancellationToken);

        outcome.Lines.ShouldContain("Workers = 6");
        outcome.Lines.ShouldContain("Reruns = 2");
    }
}
