using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>What runs out, and fixtures that fail everything: a clear message and a true verdict.</summary>
public sealed class ResourceTests
{
    // Suites, and what of them is enough: tests below the fixture that fails and beside it.
    public static TheoryData<string, string> Suites => new()
    {
        { "XUnit2", "FullyQualifiedName~Copies|FullyQualifiedName~Titles" },
        { "XUnit3", "FullyQualifiedName~Trouble|FullyQualifiedName~Reservations" },
        { "NUnit", "FullyQualifiedName~Fines|FullyQualifiedName~Names" },
        { "MSTest", "FullyQualifiedName~Trouble|FullyQualifiedName~Members" },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hundred_classes_that_fail_in_their_fixture_fail_each_of_their_rows_once()
    {
        using var suite = new TroubledSuite();

        var outcome = await suite.RunAsync($"--workers 4 --test-filter {TroubledSuite.RowsOnly}", Cancellation, "FIXTURE=1");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Failed");
        outcome.JUnit.ShouldContain("TROUBLED_FIXTURE asks for it");
        outcome.Output.Length.ShouldBeLessThan(100_000);
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task A_set_up_fixture_that_fails_everything_fails_what_it_stands_over_and_loses_nothing(string suite, string filter)
    {
        var calm = SampleRun.RunAsync([suite], ["--workers", "2", "--test-list", "--test-filter", filter], Cancellation);
        var outcome = await SampleRun.RunAsync([suite], ["--workers", "2", "--test-seed", "1", "--test-filter", filter], Cancellation, ("SAMPLE_WIDE_FIXTURE", "1"));

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        var discovered = outcome.Run.GetProperty("discovered").GetInt32();
        outcome.Tests.Count.ShouldBeGreaterThanOrEqualTo(discovered);
        outcome.Tests.ShouldContain(test => test.Outcome == "Failed");
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed" || test.Outcome == "Failed" || test.Outcome == "Skipped");
        outcome.JUnit.ShouldContain("SAMPLE_WIDE_FIXTURE asks for it");
        (await calm).Output.ShouldMatch($@"\b{discovered} tests\b");
    }

    [Fact]
    public async Task A_full_disk_under_the_artifacts_is_told_by_name_and_the_verdict_stays_true()
    {
        using var suite = new TroubledSuite();

        // What the tests print fills the disk while they run.
        var (outcome, kept) = await OnSmallDiskAsync(suite, suite.Results, "400k", $"--workers 2 --test-filter {TroubledSuite.RowsOnly}");

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Output.ShouldContain("was not written");
        outcome.Output.ShouldContain("No space left on device");
        outcome.Output.ShouldContain("Make room");
        outcome.Output.Split('\n')[^1].ShouldBe("300 passed, 0 failed, 0 skipped", outcome.Output);
        Directory.EnumerateFiles(kept, "*.tmp", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_disk_without_room_for_every_workers_database_retires_workers_loudly_and_the_others_do_the_work()
    {
        using var suite = new TroubledSuite();
        var large = suite.Write("large.sql", $"CREATE TABLE visits (visitor text); CREATE TABLE large (text text); INSERT INTO large VALUES ('{new string('x', 900_000)}');");

        var (outcome, _) = await OnSmallDiskAsync(suite, Path.Combine(suite.Folder, ".nuke", "temp"), "3300k", $"--test-database sqlite --workers 4 --test-template {large} --test-filter {TroubledSuite.RowsOnly}");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Output.Contains("worker-retired", StringComparison.Ordinal).ShouldBeTrue(outcome.Output);
        outcome.Output.ShouldContain("No space left on device");
    }

    // In a mount namespace of its own; what was written is copied out of it in the end.
    private static async Task<(SampleOutcome Outcome, string Kept)> OnSmallDiskAsync(TroubledSuite suite, string disk, string size, string arguments)
    {
        var kept = Path.Combine(suite.Folder, "kept");
        Directory.CreateDirectory(disk);
        const string Script = """disk=$1 size=$2 kept=$3; shift 3; mount -t tmpfs -o size=$size none "$disk" && mount -t tmpfs -o size=1m none /dev/shm || exit 99; "$@"; code=$?; cp -r "$disk" "$kept"; exit $code""";
        using var run = SampleRun.StartIn(
            suite.Folder,
            ["unshare", "--map-root-user", "--mount", "sh", "-c", Script, "disk", disk, size, kept, "dotnet", .. suite.Command(arguments)],
            suite.Variables());
        return (await run.EndAsync(Cancellation), kept);
    }
}
