using System.Diagnostics;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class ProcessTreeTests
{
    [Fact]
    public void A_process_that_a_signal_has_stopped_is_known()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the system does not tell.");
        using var process = Process.Start("sh", ["-c", "kill -STOP $$"]);

        SpinWait.SpinUntil(() => ProcessTree.IsStopped(process.Id), TimeSpan.FromSeconds(30)).ShouldBeTrue();
        process.Kill();
        process.WaitForExit();

        ProcessTree.IsStopped(process.Id).ShouldBeFalse("it has ended");
        ProcessTree.IsStopped(Environment.ProcessId).ShouldBeFalse();
    }
}
