extern alias hook;

using System.Diagnostics;
using hook::ConcurrentTesting.TestHook;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class ChildEndTests
{
    [Theory]
    [InlineData("exit 3", false, 3)]
    [InlineData("kill -ABRT $$", true, 6)]
    [InlineData("kill -KILL $$", true, 9)]
    public async Task End_of_a_child_is_told_while_it_is_awaited(string script, bool isKilled, int status)
    {
        using var child = Process.Start(new ProcessStartInfo("sh", ["-c", $"read line; {script}"]) { RedirectStandardInput = true })!;
        var end = Task.Run(() => ChildEnd.Await(child.Id), TestContext.Current.CancellationToken);
        child.StandardInput.Close();

        (await end.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).ShouldBe(new ChildEnd(isKilled, status));
    }

    [Theory]
    [InlineData("exit 3", false, 3)]
    [InlineData("kill -ABRT $$", true, 6)]
    [InlineData("kill -KILL $$", true, 9)]
    public async Task End_of_a_child_is_told_where_the_runtime_waited_first(string script, bool isKilled, int status)
    {
        using var child = Process.Start("sh", ["-c", script]);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);

        ChildEnd.Await(child.Id).ShouldBe(new ChildEnd(isKilled, status));
    }

    [Fact]
    public void Process_that_is_no_child_has_no_end() => ChildEnd.Await(1).ShouldBeNull();
}
