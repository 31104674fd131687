using System.Diagnostics;
using System.Globalization;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class ProcessTreeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_below_a_process_ends_with_it_whatever_its_environment()
    {
        using var root = Process.Start(new ProcessStartInfo("sh", ["-c", "sh -c 'env -i sleep 600 & echo $!; wait' & wait"]) { RedirectStandardOutput = true })!;
        var grandchild = int.Parse((await root.StandardOutput.ReadLineAsync(Cancellation))!, CultureInfo.InvariantCulture);
        using var below = Process.GetProcessById(grandchild);

        ProcessTree.Kill(root);

        await root.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await below.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        root.ExitCode.ShouldBe(137);
    }
}
