using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

public sealed class OwnEndTests
{
    private const string Crashed = "The active test run was aborted. Reason: Test host process crashed";

    private static readonly HookedProcess Dead = new(1, HookedProcessRole.TestHost, IsAlive: false, EndedByItself: false);

    [Theory]
    [InlineData(false, 0, "it exited with code 0")]
    [InlineData(false, 3, "it exited with code 3")]
    [InlineData(false, 134, "it exited with code 134")]
    [InlineData(true, 6, "SIGABRT")]
    [InlineData(true, 11, "SIGSEGV")]
    [InlineData(true, 9, null)]
    [InlineData(true, 15, null)]
    [InlineData(false, 143, null)]
    public void Exit_code_or_signal_tells_an_own_end_from_one_from_outside(bool isKilled, int status, string? how) =>
        OwnEnd.Of([Dead with { Exit = new ProcessExit(isKilled, status) }], Crashed)?.How.ShouldBe(how);

    [Theory]
    [InlineData(9)]
    [InlineData(15)]
    public void Signal_from_outside_is_no_own_end(int signal) => OwnEnd.Of([Dead with { Exit = new ProcessExit(true, signal) }], Crashed).ShouldBeNull();

    [Fact]
    public void Unhandled_exception_is_an_own_end_with_its_stack()
    {
        var own = OwnEnd.Of([Dead with { Unhandled = new UnhandledException("System.Exception: late", "at A.B()") }], Crashed).ShouldNotBeNull();

        own.How.ShouldContain("System.Exception: late");
        own.StackTrace.ShouldBe("at A.B()");
        own.Exception.ShouldBe("System.Exception: late");
    }

    [Fact]
    public void What_a_process_wrote_as_it_crashed_tells_where_nothing_else_does() =>
        OwnEnd.Of([Dead], $"{Crashed} : Stack overflow.\n   at A.B()").ShouldNotBeNull().How.ShouldStartWith("it crashed: Stack overflow.");

    [Fact]
    public void Reason_of_a_crash_is_told_once_and_its_stack_after_it()
    {
        const string Fault = $"{Crashed} : Process terminated.\nThe disk is full.\n   at System.Environment.FailFast(System.String)\n   at A.B()";

        StoryOf(new ProcessExit(true, 6), Fault).ShouldBe("SIGABRT: Process terminated. The disk is full.\n   at System.Environment.FailFast(System.String)\n   at A.B()");
        StoryOf(new ProcessExit(true, 11), Crashed).ShouldBe("SIGSEGV");

        static string StoryOf(ProcessExit exit, string fault) => new BatchEnd
        {
            Batch = FakeRun.Batch([Catalogs.Entry(Catalogs.Assembly(), "Shop", "Dies")]),
            Worker = 0,
            Rows = new Dictionary<TestEntry, int>(),
            Failed = new HashSet<TestEntry>(),
            Active = new HashSet<TestEntry>(),
            TimedOut = new HashSet<TestEntry>(),
            Fault = fault,
            OwnEnd = OwnEnd.Of([Dead with { Exit = exit }], fault)!.How,
        }.Story;
    }

    [Fact]
    public void Process_of_which_nothing_is_known_was_ended_from_outside() => OwnEnd.Of([Dead], Crashed).ShouldBeNull();

    [Fact]
    public void Child_of_a_test_host_that_was_killed_only_followed_it()
    {
        var host = Dead with { Exit = new ProcessExit(true, 9) };
        var child = new HookedProcess(2, HookedProcessRole.TestProcess, IsAlive: false, EndedByItself: true) { Exit = new ProcessExit(false, 2) };

        OwnEnd.Of([child, host], Crashed).ShouldBeNull();
    }
}
