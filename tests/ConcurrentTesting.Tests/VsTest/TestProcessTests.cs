using System.Diagnostics;
using ConcurrentTesting.Tests.Hook;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class TestProcessTests
{
    [Fact]
    public async Task What_is_written_without_an_end_of_line_is_known_while_the_process_lives()
    {
        using var process = Start("printf half >&2; exec sleep 60");

        await Eventually.HoldsAsync(() => process.Errors == "half");

        process.Kill();
        (await process.AllErrorsAsync()).ShouldBe("half");
    }

    [Fact]
    public async Task Of_what_is_written_the_beginning_is_kept_without_empty_lines()
    {
        using var process = Start("printf 'one\\n\\ntwo\\r\\n' >&2; head -c 3000000 /dev/zero | tr '\\0' x | tee /dev/stderr");
        process.IgnoreOutput();

        (await process.Exited).ShouldBe(0);
        var errors = await process.AllErrorsAsync();

        errors.ShouldStartWith("one\ntwo\nxxx");
        errors.Length.ShouldBe(8 * 1024);
    }

    private static TestProcess Start(string script) => TestProcess.Start(
        new ProcessStartInfo("/bin/sh", ["-c", script]), new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }, new SessionProcesses(Guid.NewGuid().ToString("N")));
}
