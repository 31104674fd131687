using System.Text.Json;
using System.Text.RegularExpressions;
using ConcurrentTesting.IntegrationTests.Databases;
using ConcurrentTesting.IntegrationTests.Discovery;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Suites whose framework knows what tests need of each other: a run ends as a serial one does.</summary>
public sealed partial class NeededTestsTests(DatabaseServers servers)
{
    private const string MSTest4 = "MSTest.TestFramework 4.5.2 MSTest.TestAdapter 4.5.2";
    private const string MSTest3 = "MSTest.TestFramework 3.11.1 MSTest.TestAdapter 3.11.1";
    private const string MSTest2 = "MSTest.TestFramework 2.2.10 MSTest.TestAdapter 2.2.10";
    private const string NUnit4 = "NUnit 4.4.0 NUnit3TestAdapter 5.2.0";
    private const string NUnit5 = "NUnit 5.0.0 NUnit3TestAdapter 6.3.1";
    private const string XUnit4 = "xunit.v3.mtp-off 4.0.2 xunit.runner.visualstudio 4.0.1";

    private const string Restart = """
        public sealed class ConcurrentTestInfrastructureException(string text) : Exception(text);
        static class Server
        {
            public static void Answer(string name)
            {
                var flag = Path.Combine(AppContext.BaseDirectory, name);
                if (File.Exists(flag)) return;
                File.WriteAllText(flag, "");
                throw new ConcurrentTestInfrastructureException("The server restarts.");
            }
        }
        """;

    private const string DependsOnTests = $$"""
        using Microsoft.VisualStudio.TestTools.UnitTesting;
        namespace Odd;
        {{Restart}}
        [TestClass] public class Checkout
        {
            [TestMethod] public void Create() => Server.Answer("created");
            [TestMethod, DependsOn(nameof(Create))] public void Pay() => Assert.Fail("Nothing is paid.");
            [TestMethod, DependsOn(nameof(Pay))] public void Ship() { }
        }
        """;

    private const string OrderedTests = $$"""
        using NUnit.Framework;
        namespace Odd;
        {{Restart}}
        public class Flow
        {
            bool _created;
            [Test, Order(1)] public void Create() { Server.Answer("created"); _created = true; }
            [Test, Order(2)] public void Pay() { Assume.That(_created); Assert.Fail("Nothing is paid."); }
        }
        """;

    private const string KilledTests = """
        using NUnit.Framework;
        namespace Odd;
        public class Flow
        {
            bool _created;
            [Test, Order(1)] public void Create() => _created = true;
            [Test, Order(2)] public void Pay()
            {
                Assume.That(_created);
                var flag = Path.Combine(AppContext.BaseDirectory, "killed");
                if (!File.Exists(flag))
                {
                    File.WriteAllText(flag, "");
                    System.Diagnostics.Process.GetCurrentProcess().Kill();
                    Thread.Sleep(20000);
                }
                Assert.Fail("Nothing is paid.");
            }
        }
        """;

    // The tests of one class fail where the other has not run before it in the same process.
    private const string DependsOnClasses = """
        using Microsoft.VisualStudio.TestTools.UnitTesting;
        namespace Odd;
        [TestClass] public class Seed { public static bool Done; [TestMethod] public void Seeds() { Thread.Sleep(300); Done = true; } }
        [TestClass, DependsOn(typeof(Seed))] public class Report { [TestMethod] public void Has_rows() => Assert.IsTrue(Seed.Done); }
        [TestClass] public class Mail { [TestMethod, DependsOn(typeof(Report))] public void Is_sent() => Assert.IsTrue(Seed.Done); }
        """;

    private const string DependsOnFixtures = """
        using NUnit.Framework;
        namespace Odd;
        public class Base { public static bool Done; [Test] public void Seeds() => Done = true; }
        [DependsOnFixture(typeof(Base))] public class Report { [Test] public void Has_rows() => Assert.That(Base.Done); }
        """;

    private const string Locks = """
        using Microsoft.VisualStudio.TestTools.UnitTesting;
        namespace Odd;
        [TestClass, ResourceLock("the port")] public class A { [TestMethod] public void Listens() => Port.Take(); }
        [TestClass] public class B { [TestMethod, ResourceLock("the port")] public void Listens() => Port.Take(); }
        static class Port
        {
            public static void Take()
            {
                using var file = new FileStream(
                    Path.Combine(AppContext.BaseDirectory, "port"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                Thread.Sleep(3000);
            }
        }
        """;

    private const string Rows = """
        using System; using System.Collections.Generic; using Microsoft.VisualStudio.TestTools.UnitTesting;
        namespace Odd;
        public readonly struct Money
        {
            public Money(decimal amount) => Amount = amount;
            public decimal Amount { get; }
            public override string ToString() => Amount.ToString();
        }
        public enum Size { Small, Large }
        [TestClass] public class Sums
        {
            public static IEnumerable<object[]> Rows => new[]
            {
                new object[] { new Money(1), new Money(2), new Money(3) }, new object[] { new Money(2), new Money(2), new Money(4) },
            };
            public static IEnumerable<object[]> Plain => new[] { new object[] { 1, "1", Size.Large }, new object[] { 2, "3", Size.Small } };
            [DataTestMethod, DynamicData(nameof(Rows))] public void Is_positive(Money a, Money b, Money sum) => Assert.IsTrue(sum.Amount > 0);
            [DataTestMethod, DynamicData(nameof(Rows))] public void Adds(Money a, Money b, Money sum) => Assert.AreEqual(sum, a);
            [DataTestMethod, DynamicData(nameof(Plain))] public void Is_text(int number, string text, Size size) => Assert.AreEqual(text, number.ToString());
            [DataTestMethod, Ignore("later"), DynamicData(nameof(Rows))] public void Is_ignored(Money a, Money b, Money sum) { }
        }
        [TestClass] public class Broken
        {
            [ClassInitialize] public static void Fails(TestContext context) => throw new InvalidOperationException("No sums today.");
            [DataTestMethod, DynamicData(nameof(Sums.Rows), typeof(Sums))] public void Is_never_seen(Money a, Money b, Money sum) { }
        }
        """;

    private const string SideBySide = """
        using Xunit;
        namespace Odd;
        public class Alone
        {
            [Theory(DisableParallelization = true), InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
            public void Runs(int number) => Assert.True(number > 0);
        }
        public class Shop { }
        public class Shared : IClassFixture<Shop>
        {
            [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)] public void Runs(int number) => Assert.True(number > 0);
        }
        public class Apart
        {
            [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)] public void Runs(int number) => Assert.True(number > 0);
        }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MSTest4, DependsOnTests, "")]
    [InlineData(NUnit4, OrderedTests, "")]
    [InlineData(NUnit4, OrderedTests, "--test-database none --test-max-retries 0 --test-reruns 1")]
    [InlineData(NUnit4, KilledTests, "")]
    public async Task A_test_that_needs_another_that_failed_or_ran_in_a_killed_process_ends_as_in_a_serial_run(string packages, string code, string more)
    {
        using var repository = new TestRepository();
        var assembly = await BuiltAsync(repository, code, packages);

        var outcome = await RunAsync(repository, assembly, more);

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Test("Pay").Outcome.ShouldBe("Failed", outcome.Output);
        outcome.Test("Create").Outcome.ShouldBe("Passed");
        CountsOf(outcome).ShouldBe(CountsOf(await repository.DotNetAsync("test", assembly)), outcome.Output);
    }

    [Theory]
    [InlineData(MSTest4, DependsOnClasses, "")]
    [InlineData(MSTest4, DependsOnClasses, "--test-shard 1/1")]
    [InlineData(NUnit5, DependsOnFixtures, "")]
    public async Task Classes_that_depend_on_each_other_run_on_one_worker(string packages, string code, string more)
    {
        using var repository = new TestRepository();
        var assembly = await BuiltAsync(repository, code, packages);

        var outcome = await RunAsync(repository, assembly, more);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Incidents.ShouldNotContain("unasked-result");
        WorkersOf(outcome, "").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Only_what_failed_brings_what_it_needs_and_what_skipped_itself_because_of_it()
    {
        using var repository = new TestRepository();
        const string Code = """
            using NUnit.Framework;
            namespace Odd;
            public class Flow
            {
                bool _created;
                [Test, Order(1)] public void Create() => _created = true;
                [Test, Order(2)] public void Pay()
                {
                    Assert.That(_created);
                    var flag = Path.Combine(AppContext.BaseDirectory, "failed");
                    if (File.Exists(flag)) return;
                    File.WriteAllText(flag, "");
                    Assert.Fail("Nothing is paid.");
                }
            }
            public class Other { [Test] public void Runs() { } }
            """;
        var assembly = await BuiltAsync(repository, Code, NUnit4);
        (await RunAsync(repository, assembly, "")).ExitCode.ShouldBe(1);

        var mended = await RunAsync(repository, assembly, "--test-only-failed");

        mended.ExitCode.ShouldBe(0, mended.Output);
        mended.Tests.Select(test => test.Name).ShouldBe(["Create", "Pay"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_new_attempt_of_a_queues_run_does_not_try_a_test_without_what_it_needs()
    {
        using var repository = new TestRepository();
        const string Code = """
            using NUnit.Framework;
            namespace Odd;
            public class Flow
            {
                bool _created, _paid;
                [Test, Order(1)] public void Create() => _created = true;
                [Test, Order(2)] public void Pay()
                {
                    Assume.That(_created);
                    var flag = Path.Combine(AppContext.BaseDirectory, "failed");
                    if (!File.Exists(flag))
                    {
                        File.WriteAllText(flag, "");
                        Assert.Fail("Nothing is paid.");
                    }
                    _paid = true;
                }
                [Test, Order(3)] public void Ship() => Assume.That(_paid);
            }
            public class Other { [Test] public void Runs() { } }
            """;
        var assembly = await BuiltAsync(repository, Code, NUnit4);
        (string, string)[] pipeline =
        [
            ("NUKE_TEST_QUEUE", new NpgsqlConnectionStringBuilder(await servers.PostgreSqlAsync()) { Database = "postgres" }.ConnectionString),
            ("GITHUB_RUN_ID", $"needed-{Environment.ProcessId}"),
        ];
        (await RunAsync(repository, assembly, "", [.. pipeline, ("GITHUB_RUN_ATTEMPT", "1")])).ExitCode.ShouldBe(1);

        var mended = await RunAsync(repository, assembly, "", [.. pipeline, ("GITHUB_RUN_ATTEMPT", "2")]);

        mended.ExitCode.ShouldBe(0, mended.Output);
        mended.Tests.Select(test => (test.Name, test.Outcome)).ShouldBe([("Create", "Passed"), ("Pay", "Passed"), ("Ship", "Passed")], ignoreOrder: true);
        mended.Reason.ShouldContain("1 of 4 tests did not run again");
    }

    [Theory]
    [InlineData(NUnit4, "")]
    [InlineData(NUnit5, "")]
    [InlineData(NUnit4, "xunit 2.9.3 xunit.runner.visualstudio 2.8.2")]
    public async Task Explicit_tests_do_not_run_beside_rows_that_are_asked_for_by_name(string packages, string beside)
    {
        using var repository = new TestRepository();
        var code = $$"""
            using NUnit.Framework;
            namespace Odd;
            [TestFixture("local")] [TestFixture("prod", Explicit = true)]
            public class Api(string target)
            {
                static IEnumerable<Guid> Ids => [Guid.NewGuid(), Guid.NewGuid()];
                [TestCaseSource(nameof(Ids))] public void Get(Guid id) => File.WriteAllText(Path.Combine(AppContext.BaseDirectory, target), "");
                [Test, Explicit("empties the staging bucket")] public void Wipe() => File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "wiped"), "");
            }
            {{(beside.Length > 0 ? "public class New { [Xunit.Fact] public void Works() { } }" : "")}}
            """;
        var assembly = await BuiltAsync(repository, code, $"{packages} {beside}".Trim());

        var outcome = await RunAsync(repository, assembly, "");

        string[] ran = [.. new[] { "local", "prod", "wiped" }.Where(name => File.Exists(repository.In($"Odd/bin/Debug/net10.0/{name}")))];
        ran.ShouldBe(["local"], outcome.Output);
        outcome.ExitCode.ShouldBe(0, outcome.Output);
        var (failed, passed, _) = CountsOf(await repository.DotNetAsync("test", assembly));
        (Count(outcome, "Failed"), Count(outcome, "Passed")).ShouldBe((failed, passed), outcome.Output);
    }

    [Fact]
    public async Task Tests_that_lock_the_same_resource_never_run_beside_each_other()
    {
        using var repository = new TestRepository();
        var assembly = await BuiltAsync(repository, Locks, MSTest4);

        var outcome = await RunAsync(repository, assembly, "");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(MSTest4, "direct")]
    [InlineData(MSTest4, "console")]
    [InlineData(MSTest3, "direct")]
    [InlineData(MSTest2, "direct")]
    public async Task Rows_that_lose_something_in_serialisation_run_with_the_objects_that_a_serial_run_has(string packages, string host)
    {
        using var repository = new TestRepository();
        var assembly = await BuiltAsync(repository, Rows, packages);
        var serial = await repository.DotNetAsync("test", assembly);

        var outcome = await RunAsync(repository, assembly, $"--test-host {host}");

        CountsOf(outcome).ShouldBe(CountsOf(serial), outcome.Output);
        outcome.Tests.Count(test => test.Name.StartsWith("Adds (", StringComparison.Ordinal)).ShouldBe(2, outcome.Output);
        outcome.ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Only_a_class_whose_tests_may_run_beside_each_other_is_divided_where_workers_have_no_databases()
    {
        using var repository = new TestRepository();
        var assembly = await BuiltAsync(repository, SideBySide, XUnit4, "<OutputType>Exe</OutputType>");
        repository.Write("Odd/bin/Debug/net10.0/xunit.runner.json", """{ "parallelMode": "all" }""");
        string[] classes = ["Alone", "Shared", "Apart"];
        repository.Write(".nuke/temp/test-timings.json", JsonSerializer.Serialize(
            classes.SelectMany(name => Enumerable.Range(1, 4).Select(number => $"Odd.{name}.Runs(number: {number})")).ToDictionary(test => test, _ => 20.0)));

        foreach (var (name, workers) in classes.Zip([1, 1, 2]))
        {
            var outcome = await RunAsync(repository, assembly, $"--test-database none --test-filter FullyQualifiedName~{name}");

            outcome.ExitCode.ShouldBe(0, outcome.Output);
            WorkersOf(outcome, name).Length.ShouldBe(workers, $"{name}: {outcome.Output}");
        }
    }

    private static int[] WorkersOf(SampleOutcome outcome, string name) =>
        [.. outcome.Run.GetProperty("tests").EnumerateArray().Where(test => test.GetProperty("class").GetString()!.EndsWith(name, StringComparison.Ordinal))
            .Select(test => test.GetProperty("worker").GetInt32()).Distinct()];

    private static (int Failed, int Passed, int Skipped) CountsOf(SampleOutcome outcome) =>
        (Count(outcome, "Failed"), Count(outcome, "Passed"), Count(outcome, "Skipped"));

    private static int Count(SampleOutcome outcome, string named) => outcome.Tests.Count(test => test.Outcome == named);

    private static (int Failed, int Passed, int Skipped) CountsOf(string serial)
    {
        var match = Counts().Match(serial);
        match.Success.ShouldBeTrue(serial);
        return (Number(1), Number(2), Number(3));

        int Number(int group) => int.Parse(match.Groups[group].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Failed: +(\d+), Passed: +(\d+), Skipped: +(\d+),")]
    private static partial Regex Counts();

    private static async Task<string> BuiltAsync(TestRepository repository, string code, string packages, string properties = "")
    {
        var all = TestRepository.Packages("Microsoft.NET.Test.Sdk") + string.Concat(packages.Split(' ').Chunk(2).Select(
            package => $"""<PackageReference Include="{package[0]}" VersionOverride="{package[1]}" />"""));
        var project = repository.AddProject("Odd", code, properties + "<NoWarn>CS0618;MSTEST0001;xUnit1025</NoWarn>", all);
        var built = await repository.DotNetAsync("build", project, "-nologo", "-v", "q");
        var assembly = repository.In("Odd/bin/Debug/net10.0/Odd.dll");
        File.Exists(assembly).ShouldBeTrue(built);
        return assembly;
    }

    private static async Task<SampleOutcome> RunAsync(TestRepository repository, string assembly, string more, params (string Name, string Value)[] variables)
    {
        using var run = SampleRun.StartIn(
            repository.Path,
            ["dotnet", Repository.Build, "ConcurrentTest", "--root", repository.Path, "--test-no-build", "--test-projects", assembly, "--test-template", "none", "--workers", "2", .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)], variables);
        return await run.EndAsync(Cancellation);
    }
}
