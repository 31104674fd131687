using ConcurrentTesting.IntegrationTests.Discovery;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Suites of which discovery tells other rows than run.</summary>
public sealed class OtherRowsTests
{
    private const string Twins = """
        using System.Collections.Generic; using Xunit;
        namespace Odd;
        public class Tests
        {
            [Theory, InlineData(1), InlineData(1), InlineData(2)] public void Row(int number) => Assert.True(number > 0);
            [Theory, MemberData(nameof(Rows))] public void Plain(string text) => Assert.NotEmpty(text);
            public static IEnumerable<object[]> Rows => [["a"], ["a"], ["a"]];
            [Fact] public void Once() { }
        }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("xunit 2.9.3 xunit.runner.visualstudio 2.8.2", "direct")]
    [InlineData("xunit 2.9.3 xunit.runner.visualstudio 2.8.2", "console")]
    [InlineData("xunit 2.9.3 xunit.runner.visualstudio 3.1.5", "direct")]
    [InlineData("xunit.v3.mtp-v1 3.2.2 xunit.runner.visualstudio 3.1.5", "direct")]
    [InlineData("xunit.v3.mtp-v1 3.2.2 xunit.runner.visualstudio 3.1.5", "console")]
    public async Task Rows_that_share_an_id_run_once_as_in_a_serial_run(string packages, string host)
    {
        using var repository = new TestRepository();
        var properties = packages.StartsWith("xunit.v3", StringComparison.Ordinal) ? "<OutputType>Exe</OutputType>" : "";
        var assembly = await BuiltAsync(repository, Twins, properties, packages);
        var serial = await repository.DotNetAsync("test", assembly);

        var outcome = await RunAsync(repository, assembly, "--test-host", host);

        serial.ShouldContain("Total:     4", customMessage: serial);
        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Count.ShouldBe(4, outcome.Output);
        outcome.Output.Contains("xunit runs one test of those that share an id, and leaves out 3 others", StringComparison.Ordinal)
            .ShouldBe(packages.EndsWith(" 2.8.2", StringComparison.Ordinal), "later adapters tell one of them");
    }

    [Theory]
    [InlineData("")]
    [InlineData("--test-shard 1/1")]
    public async Task A_row_that_fails_and_that_discovery_had_not_found_fails_a_part_too(string more)
    {
        using var repository = new TestRepository();
        const string Code = """
            using System; using System.Collections.Generic; using System.Linq; using NUnit.Framework;
            namespace Odd;
            public class Tests
            {
                static IEnumerable<int> Rows => Environment.GetEnvironmentVariable("SHOP") is null
                    ? throw new InvalidOperationException("There is no database.") : Enumerable.Range(0, 5);
                [TestCaseSource(nameof(Rows))] public void Row(int number) => Assert.That(number, Is.Not.EqualTo(3));
                [Test] public void Other() { }
            }
            """;
        var assembly = await BuiltAsync(repository, Code, "", "NUnit 4.4.0 NUnit3TestAdapter 5.2.0");

        var outcome = await RunAsync(repository, assembly, ["--test-environment", "SHOP=x{Worker}", .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        outcome.Output.ShouldContain("FAIL  Odd.Tests.Row(3)");
        outcome.ExitCode.ShouldBe(1, outcome.Output);
    }

    private static async Task<string> BuiltAsync(TestRepository repository, string code, string properties, string packages)
    {
        var all = TestRepository.Packages("Microsoft.NET.Test.Sdk") + string.Concat(packages.Split(' ').Chunk(2).Select(
            package => $"""<PackageReference Include="{package[0]}" VersionOverride="{package[1]}" />"""));
        var project = repository.AddProject("Odd", code, properties, all);
        var built = await repository.DotNetAsync("build", project, "-nologo", "-v", "q", "-p:NoWarn=xUnit1025");
        var assembly = repository.In("Odd/bin/Debug/net10.0/Odd.dll");
        File.Exists(assembly).ShouldBeTrue(built);
        return assembly;
    }

    private static async Task<SampleOutcome> RunAsync(TestRepository repository, string assembly, params string[] more)
    {
        using var run = SampleRun.StartIn(
            repository.Path,
            ["dotnet", Repository.Build, "ConcurrentTest", "--root", repository.Path, "--test-no-build", "--test-projects", assembly, "--test-template", "none", "--workers", "2", .. more]);
        return await run.EndAsync(Cancellation);
    }
}
