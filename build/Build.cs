using ConcurrentTesting;
using Nuke.Common;
using Nuke.Common.IO;
using Nuke.Common.Tooling;
using Nuke.ConcurrentTest;

/// <summary>This repository's own build. It inherits <see cref="IConcurrentTest"/> like any user's, for the samples.</summary>
internal sealed class Build : NukeBuild, IConcurrentTestClean, IConcurrentTestPlan, IConcurrentTestMerge
{
    private static readonly string[] Suites = ["XUnit2", "XUnit3", "NUnit", "MSTest"];
    private static readonly string[] OwnTests = ["ConcurrentTesting.Tests", "Nuke.ConcurrentTest.Tests", "ConcurrentTesting.IntegrationTests"];
    private static readonly string[] OfPostgreSql =
        ["*Databases.PostgreSql*", "*Databases.FreshState*", "*Databases.ServerGuard*", "*Databases.Throwaway*", "*Databases.TemplateRole*", "*Databases.Cleaning*", "*Queue.MachineProof*"];

    // There is no psql of version 18 beside its server, and what an older one sends at the end of COPY data is data to a newer server. Nor is there a pg_dump.
    private static readonly string[] OfPrograms =
        ["*PostgreSqlBytesTests.What_psql_makes_of_a_script_is_what_the_template_has", "*TemplateRoleTests.The_role_builds_what_the_servers_own_account_would_have_built"];

    private static readonly string[] Packages = ["ConcurrentTesting", "Nuke.ConcurrentTest"];

    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestOfPostgreSql18 = TimeSpan.FromMinutes(10);

    [Parameter("What Benchmark measures: quick (one round, the default) or full (five rounds; the suites by 1, 2, 4 and 8 workers, the samples beside an earlier engine, suites that share a set-up, and eight machines with a fault every five seconds)", Name = "Benchmark")]
    private readonly string? _benchmark;

    [Parameter("Whether a test that is skipped has failed: in CI everything is there that tests need", Name = "FailSkips")]
    private readonly bool _failSkips;

    private readonly Lazy<Task<string?>> _installing = new(() => Task.Run(() => Prerequisites.Install()));

    IEnumerable<AbsolutePath> IConcurrentTest.ConcurrentTestProjects =>
        Suites.Select(suite => Samples / $"Lending.{suite}.Tests" / $"Lending.{suite}.Tests.csproj");

    Configure<ConcurrentTestSettings> IConcurrentTest.ConcurrentTestSettings => _ => _ with
    {
        Database = DatabaseEngine.Sqlite,
        Template = [Samples / "Lending" / "schema" / SchemaFolder],
    };

    private static TestPrerequisites Prerequisites => new(RootDirectory / "tests");

    // One build for all, so that compilers run side by side.
    private static AbsolutePath TestsAndSamples => RootDirectory / "Nuke.Plugin.Tests.slnf";

    private static AbsolutePath Benchmarks => RootDirectory / "tests" / "benchmarks";

    private static AbsolutePath Samples => RootDirectory / "tests" / "samples";

    private static AbsolutePath OwnResults => RootDirectory / "artifacts" / "own-test-results";

    private static AbsolutePath PackageFolder => RootDirectory / "artifacts" / "packages";

    // The samples have a schema for each engine.
    private string SchemaFolder => ((IConcurrentTest)this).TestDatabase?.ToUpperInvariant() switch
    {
        "POSTGRESQL" => "postgresql",
        "MYSQL" => "mysql",
        _ => "sqlite",
    };

    private Target BeginPreparing => _ => _
        .Description("Begins what Prepare waits for, so that it is done beside Compile")
        .Executes(() =>
        {
            // That nothing may be installed is known at once.
            if (_installing.Value.Wait(AtOnce))
                RequireInstalled();
        });

    private Target Compile => _ => _
        .Description("Builds the library and its tests, but not this running build")
        .After(BeginPreparing)
        .Executes(() =>
        {
            var exitCode = Commands.Run("dotnet", "build", TestsAndSamples, "--nologo", "--verbosity", "quiet", "-p:RunAnalyzers=true");
            if (exitCode != 0)
                throw new TargetFailedException($"{TestsAndSamples} does not build");
        });

    private Target Prepare => _ => _
        .Description("Installs what this repository's tests need: database servers, a browser, readers of the reports")
        .DependsOn(BeginPreparing)
        .After(Compile)
        .Executes(RequireInstalled);

    private Target Test => _ => _
        .Description("Runs this repository's own tests; those of the samples run with ConcurrentTest")
        .DependsOn(Prepare, Compile)
        .Produces(OwnResults / "*.trx")
        .Executes(() =>
        {
            Directory.CreateDirectory(OwnResults);
            var counts = OwnTests.Select(RunTests).Aggregate((sum, next) => sum + next) + RunTestsOfPostgreSql18();
            counts.PrintLast();
            if (counts.Failed == 0)
                return;

            ExitCode = 1;
            throw new TargetFailedException($"{counts.Failed} tests failed");
        });

    private Target Benchmark => _ => _
        .Description("Measures made suites on workers beside dotnet test, and fails where one misses what it is held to")
        .DependsOn(Compile)
        .Executes(() =>
        {
            var isFull = _benchmark switch
            {
                null or "quick" => false,
                "full" => true,
                var other => throw new TargetFailedException($"--benchmark {other}: it is quick or full"),
            };
            string[][] quick = [["Planning"], ["Suites", isFull ? "5" : "1"], ["Start"], ["Machines"]];
            string[][] full = [["Suites", "5", "counts"], ["Samples", "before", "5"], ["SharedSetUp", "8", "40", "each"], ["Machines", "soak"]];

            // All are measured, also where one misses.
            var missed = quick.Concat(isFull ? full : []).Where(benchmark => !IsKept(benchmark[0], benchmark[1..])).ToList();
            if (missed.Count > 0)
                throw new TargetFailedException($"not kept: {string.Join(", ", missed.Select(benchmark => string.Join(' ', benchmark)))}");
        });

    private Target Pack => _ => _
        .Description("Makes the packages; needs the packages that they depend on")
        .Produces(PackageFolder / "*.nupkg")
        .Executes(() =>
        {
            foreach (var project in Packages)
            {
                var exitCode = Commands.Run("dotnet", "pack", RootDirectory / "src" / project, "--output", PackageFolder, "--nologo", "--verbosity", "quiet");
                Assert.True(exitCode == 0, $"{project} was not packed");
            }
        });

    public static int Main() => Execute<Build>(build => build.Test);

    private static AbsolutePath IntegrationTests =>
        RootDirectory / "tests" / "ConcurrentTesting.IntegrationTests" / "bin" / "Debug" / "net10.0" / "ConcurrentTesting.IntegrationTests";

    private static AbsolutePath TestProject(string name) => RootDirectory / "tests" / name / $"{name}.csproj";

    private static bool IsKept(string benchmark, string[] arguments) =>
        Commands.Run("dotnet", ["run", "--configuration", "Release", "--project", Benchmarks / benchmark, "--", .. arguments]) == 0;

    private void RequireInstalled()
    {
        if (_installing.Value.GetAwaiter().GetResult() is not { } command)
            return;
        ExitCode = 4;
        throw new TargetFailedException($"the tests need what may not be installed here: {command}");
    }

    private TestCounts RunTests(string project)
    {
        var results = OwnResults / $"{project}.trx";
        File.Delete(results);
        // What compares NUKE's stand-in with NUKE skips where NUKE itself is in use.
        var hasRightToSkip = project == "Nuke.ConcurrentTest.Tests" && typeof(NukeBuild).Assembly.GetName().Name != "Nuke.StandIn";
        string[] failSkips = _failSkips && !hasRightToSkip ? ["--", "xUnit.FailSkips=true"] : [];
        // The longest test takes less than two minutes.
        string[] hang = ["--blame-hang", "--blame-hang-timeout", "6m", "--blame-hang-dump-type", "none"];
        var exitCode = Commands.Run(
            "dotnet",
            ["test", TestProject(project), "--no-build", "--nologo", "--logger", $"trx;LogFileName={project}.trx", "--results-directory", OwnResults, .. hang, .. failSkips]);
        return Counts(results, exitCode);
    }

    // The newest server runs as a user of its own, to whom a checkout may be closed.
    private TestCounts RunTestsOfPostgreSql18()
    {
        var programs = Directory.CreateTempSubdirectory("postgresql-18-").FullName;
        try
        {
            Assert.True(Commands.Run("cp", "-r", $"{Prerequisites.PostgreSql18Programs}/.", programs) == 0, "PostgreSQL 18 could not be copied");
            Assert.True(Commands.Run("chmod", "-R", "a+rX", programs) == 0, "PostgreSQL 18 could not be made readable");
            var results = OwnResults / "PostgreSql18.trx";
            File.Delete(results);
            string[] asked = [.. OfPostgreSql.SelectMany(tests => new[] { "-class", tests }), .. OfPrograms.SelectMany(test => new[] { "-method-", test })];
            string[] failSkips = _failSkips ? ["-failSkips"] : [];
            var exitCode = Commands.Run(
                "timeout",
                [$"{LongestOfPostgreSql18.TotalSeconds}", "env", $"TEST_POSTGRESQL_BINARIES={programs}/bin", IntegrationTests, "-noColor", "-noLogo", "-trx", results, .. asked, .. failSkips]);
            var counts = Counts(results, exitCode);
            var without = OfPostgreSql.Where(tests => !TestCounts.HasTrxClass(results, tests)).ToList();
            without.ForEach(tests => Console.WriteLine($"No test for PostgreSQL 18 is in {tests}."));
            return counts with { Failed = counts.Failed + without.Count };
        }
        finally
        {
            Directory.Delete(programs, recursive: true);
        }
    }

    // A host that died has left tests without a result; where none passed, none was found or asked for.
    private static TestCounts Counts(string results, int exitCode)
    {
        var counts = File.Exists(results) ? TestCounts.OfTrx(results) : default;
        return (exitCode != 0 || counts.Passed == 0) && counts.Failed == 0 ? counts with { Failed = 1 } : counts;
    }
}
