using System.Globalization;
using ConcurrentTesting;
using Nuke.Common;
using Nuke.Common.IO;
using Nuke.Common.Tooling;
using Nuke.ConcurrentTest;

/// <summary>A build as a user writes one, with parameters and a component of its own. Tests start it as a process.</summary>
internal sealed class ExampleBuild : NukeBuild, IConcurrentTestClean, IConcurrentTestPlan, IConcurrentTestMerge, IDeploy, Nuke.Components.ITest
{
    [Parameter("A parameter whose name begins like those of the component")]
    private readonly string? TestFlavour;

    [Parameter("A parameter that is called like an argument of dotnet test")]
    private readonly string? Framework;

    [FileName]
    private readonly string? Settings;

    [Parameter("A secret of the build")]
    [Secret]
    private readonly string? ApiKey;

    Target IConcurrentTest.ConcurrentTest => _ => _
        .Inherit<IConcurrentTest>()
        .DependsOn(Compile);

    Configure<ConcurrentTestSettings> IConcurrentTest.ConcurrentTestSettings => _ => _ with
    {
        Workers = 3,
        TestTimeout = TimeSpan.FromSeconds(33),
        TimingsFile = "from-csharp/timings.json",
    };

    IEnumerable<AbsolutePath> IConcurrentTest.ConcurrentTestProjects => [RootDirectory / "tests"];

    /// <summary>A budget, where one is asked for: <c>--query-budget 50</c>.</summary>
    [Parameter("The most queries of a test")]
    private readonly int? QueryBudget;

    void IConcurrentTest.OnConcurrentTestCompleted(ConcurrentTestResult result)
    {
        Console.WriteLine($"{result.Tests.Count(test => test.Queries is not null)} tests measured, {result.Summary.Queries} queries, {result.Summary.Writes} writes");
        foreach (var test in result.Tests.Where(test => test.Queries > QueryBudget))
            Console.WriteLine($"{test} has {test.Queries} queries");
        Assert.True(QueryBudget is null || result.Tests.All(test => test.Queries <= QueryBudget || test.Queries is null), $"more than {QueryBudget} queries in a test");
    }

    private Target Compile => _ => _
        .Executes(() => Console.WriteLine($"compiled {TestFlavour}"));

    private Target Release => _ => _
        .DependsOn<IConcurrentTest>()
        .Executes(() => Console.WriteLine("released"));

    private Target TestAll => _ => _
        .Inherit<IConcurrentTest>();

    /// <summary>Prints the settings that the component would run with.</summary>
    private Target ShowSettings => _ => _
        .Executes(() =>
        {
            using var run = new ObservedRun(this);
            var settings = run.Parse(this.Configured());
            foreach (var property in typeof(ConcurrentTestSettings).GetProperties().Where(property => property.Name != nameof(settings.ConnectionString)))
                Console.WriteLine($"{property.Name} = {Text(property.GetValue(settings))}");
            Console.WriteLine($"ConnectionString has {settings.ConnectionString?.Length ?? 0} characters");
        });

    /// <summary>Prints what the targets beside it in the plan say that they produce.</summary>
    private Target ShowArtifacts => _ => _
        .Before(((IConcurrentTest)this).ConcurrentTest)
        .Executes(() =>
        {
            foreach (var artifact in ExecutionPlan.SelectMany(target => target.ArtifactProducts))
                Console.WriteLine($"artifact {artifact}");
        });

    /// <summary>Runs until it is interrupted, or even then.</summary>
    private Target Wait => _ => _
        .Executes(() => ObservedRun.DoAsync(this, async (run, _) =>
        {
            Console.WriteLine("waiting");
            await Task.Delay(Timeout.InfiniteTimeSpan, TestFlavour == "stubborn" ? CancellationToken.None : run.Interrupted);
        }));

    public static int Main() => Execute<ExampleBuild>(build => build.Compile);

    private static string Text(object? value) => value is System.Collections.IEnumerable list and not string
        ? string.Join(' ', list.Cast<object>())
        : string.Create(CultureInfo.InvariantCulture, $"{value}");
}

internal interface IDeploy : INukeBuild
{
    [Parameter("Where to deploy")]
    string? TestStage => TryGetValue(() => TestStage);

    Target Deploy => _ => _
        .Description("Deploys")
        .Executes(() => Console.WriteLine($"deployed to {TestStage}"));
}

internal static class ConfiguredSettings
{
    public static ConcurrentTestSettings Configured(this IConcurrentTest build) =>
        build.ConcurrentTestSettings(build.ConcurrentTestSettingsBase(new ConcurrentTestSettings()));
}
