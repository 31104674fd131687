using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>What a project or its run settings tell <c>dotnet test</c> holds here as it does there, or the run says that it does not.</summary>
public sealed class ProjectPropertiesTests(ProjectPropertiesTests.Said said) : IClassFixture<ProjectPropertiesTests.Said>
{
    private TestRepository Repository => said.Repository;

    [Theory]
    [InlineData(null, new[] { "Kept" })]
    [InlineData("FullyQualifiedName~Manual", new[] { "Manual" })]
    public async Task A_projects_filter_and_run_settings_select_as_they_do_for_dotnet_test(string? filter, string[] selected)
    {
        await said.BuildAsync();

        var catalog = await Repository.DiscoverAsync(settings => settings with { TestProjects = ["Said"], NoBuild = true, Filter = filter });

        var serial = await Repository.DotNetAsync(["test", "Said", "--no-build", "--list-tests", .. filter is null ? (string[])[] : ["--filter", filter]]);
        serial.Split('\n').Where(line => line.Contains("Said.Tests.", StringComparison.Ordinal)).Select(line => line.Trim()).Order()
            .ShouldBe(selected.Select(name => $"Said.Tests.{name}"), serial);
        catalog.Units.SelectMany(unit => unit.Entries).Select(entry => entry.MethodName).Order().ShouldBe(selected);
    }

    [Fact]
    public async Task What_a_run_does_not_follow_is_named_once_with_what_does_it_here()
    {
        await said.BuildAsync();
        Repository.Log.Clear();

        await Repository.DiscoverAsync(settings => settings with { TestProjects = ["Said"], NoBuild = true });

        var warnings = Repository.Log.Text.Split('\n').Where(line => line.Contains("a property for dotnet test", StringComparison.Ordinal)).ToList();
        warnings.Count.ShouldBe(2, Repository.Log.Text);
        warnings.ShouldContain(line => line.Contains("Said: CollectCoverage, a property for dotnet test, is not used here. Instead, --test-coverage true", StringComparison.Ordinal));
        warnings.ShouldContain(line => line.Contains("Said: VSTestBlame, VSTestBlameHang, a property for dotnet test, is not used here. Instead, --test-timeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_logger_that_is_nowhere_ends_the_run_before_a_test_starts()
    {
        await said.BuildAsync();
        var settings = Logger("nowhere", """<Logger friendlyName="html" /><Logger friendlyName="Nobody's" />""");

        var problem = await Repository.FailureOfAsync(given => given with { TestProjects = ["Said"], NoBuild = true, RunSettingsFile = settings });

        (await Repository.DotNetAsync("test", "Said", "--no-build", "--settings", settings)).ShouldContain("Could not find a test logger");
        problem.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        problem.Message.ShouldStartWith($"{settings}: there is no logger 'Nobody's' for Said (net10.0). ");
    }

    [Theory]
    [InlineData("sdk", """<Logger friendlyName="HTML" /><Logger friendlyName="trx" /><Logger friendlyName="Console" />""")]
    [InlineData("beside", """<Logger friendlyName="own" />""")]
    [InlineData("by-uri", """<Logger uri="logger://nobody/knows" />""")]
    [InlineData("by-type", """<Logger friendlyName="typed" assemblyQualifiedName="Nobodys.Logger, Nobodys" codeBase="nowhere.dll" />""")]
    [InlineData("off", """<Logger friendlyName="Nobody's" enabled="False" />""")]
    public async Task A_logger_that_VSTest_may_find_is_not_refused(string name, string loggers)
    {
        await said.BuildAsync();
        var settings = Logger(name, loggers);

        var catalog = await Repository.DiscoverAsync(given => given with { TestProjects = ["Said"], NoBuild = true, RunSettingsFile = settings });

        catalog.CaseCount.ShouldBe(3);
    }

    [Fact]
    public async Task A_logger_is_looked_for_where_the_run_settings_say()
    {
        await said.BuildAsync();
        var assembly = Path.Combine(Directory.CreateDirectory(Repository.In("elsewhere")).FullName, "Own.TestLogger.dll");
        File.Move(Repository.In("Said/bin/Debug/net10.0/Own.TestLogger.dll"), assembly);
        try
        {
            var settings = Repository.Write(
                "elsewhere.runsettings",
                $"<RunSettings><RunConfiguration><TestAdaptersPaths>elsewhere</TestAdaptersPaths></RunConfiguration>{Loggers("""<Logger friendlyName="own" />""")}</RunSettings>");

            var catalog = await Repository.DiscoverAsync(given => given with { TestProjects = ["Said"], NoBuild = true, RunSettingsFile = settings });

            catalog.CaseCount.ShouldBe(3);
        }
        finally
        {
            File.Move(assembly, Repository.In("Said/bin/Debug/net10.0/Own.TestLogger.dll"));
        }
    }

    private string Logger(string name, string loggers) => Repository.Write($"{name}.runsettings", $"<RunSettings>{Loggers(loggers)}</RunSettings>");

    private static string Loggers(string loggers) => $"<LoggerRunSettings><Loggers>{loggers}</Loggers></LoggerRunSettings>";

    /// <summary>A project that says much, built once.</summary>
    public sealed class Said : IDisposable
    {
        private readonly Lazy<Task<string>> _build;

        public Said()
        {
            Repository = new TestRepository();
            Repository.AddProject("Own.TestLogger", """
                using Microsoft.VisualStudio.TestPlatform.ObjectModel; using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client; namespace Own;
                [FriendlyName("own"), ExtensionUri("logger://own")]
                public sealed class Logger : ITestLogger { public void Initialize(TestLoggerEvents events, string testRunDirectory) { } }
                """, "", TestRepository.Packages("Microsoft.TestPlatform.ObjectModel"));
            Repository.Write("Said/own.runsettings", "<RunSettings><RunConfiguration><TestCaseFilter>FullyQualifiedName!~Other</TestCaseFilter></RunConfiguration></RunSettings>");
            Repository.AddSuite("Said", "XUnit2", """
                using Xunit; namespace Said;
                public class Tests
                {
                    [Fact] public void Kept() { }
                    [Fact] public void Other() { }
                    [Fact, Trait("Category", "Manual")] public void Manual() { }
                    [Fact, Trait("Category", "Manual")] public void OtherManual() { }
                    [Fact, Trait("Category", "No")] public void Never_Other() { }
                }
                """,
                "<VSTestSetting>own.runsettings</VSTestSetting><RunSettingsFilePath>nowhere.runsettings</RunSettingsFilePath><VSTestTestCaseFilter>Category!=Manual</VSTestTestCaseFilter>"
                + "<CollectCoverage>true</CollectCoverage><VSTestBlame>true</VSTestBlame><VSTestBlameHang>true</VSTestBlameHang><VSTestLogger></VSTestLogger><VSTestBlameCrash>False</VSTestBlameCrash>",
                TestRepository.Packages("XUnit2") + """<ProjectReference Include="../Own.TestLogger/Own.TestLogger.csproj" />""");
            _build = new(() => Repository.DotNetAsync("build", "Said", "--nologo", "--verbosity", "quiet"));
        }

        internal TestRepository Repository { get; }

        public Task BuildAsync() => _build.Value;

        public void Dispose() => Repository.Dispose();
    }
}
