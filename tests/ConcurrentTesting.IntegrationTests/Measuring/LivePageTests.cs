using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using ConcurrentTesting.IntegrationTests.Samples;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>A real Chromium that watches a real run.</summary>
public sealed partial class LivePageTests
{
    private const string Chromium = "/usr/bin/chromium";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_browser_sees_the_results_grow_and_keeps_the_report_when_the_run_is_gone()
    {
        using var suite = new TroubledSuite();
        suite.KnowDurations(rowsEach: 3, seconds: 0.15);
        using var run = suite.Start($"--workers 2 --test-filter {TroubledSuite.RowsOnly} --test-reruns 1 --test-live auto", "FAIL=Rows07:2", "FLAKY=Rows12:1", "DELAY=60");
        await run.SeenAsync("The run can be watched at ", CancellationToken);
        var address = Address().Match(run.Output).Value;

        using var browser = Watch(address);
        var error = browser.StandardError.ReadToEndAsync(CancellationToken);
        var output = await browser.StandardOutput.ReadToEndAsync(CancellationToken);
        var outcome = await run.EndAsync(CancellationToken);
        await browser.WaitForExitAsync(CancellationToken);
        browser.ExitCode.ShouldBe(0, $"{await error}\n{outcome.Output}");
        outcome.ExitCode.ShouldBe(1, outcome.Output);
        var seen = JsonDocument.Parse(output).RootElement;

        seen.GetProperty("errors").GetArrayLength().ShouldBe(0, $"{seen.GetProperty("errors")}");
        var live = seen.GetProperty("live");
        live.GetProperty("policy").GetString()!.ShouldContain("connect-src 'self'");
        live.GetProperty("workers").GetString()!.ShouldContain("worker 1");
        live.GetProperty("colours").GetInt32().ShouldBeGreaterThan(3);
        live.GetProperty("violations").GetArrayLength().ShouldBe(0, $"{live.GetProperty("violations")}");
        live.GetProperty("phone").GetInt32().ShouldBe(390);
        seen.GetProperty("test").GetString()!.ShouldContain("What ran before it on worker");
        var rows = seen.GetProperty("rows").EnumerateArray().Select(row => row.GetInt32()).ToList();
        rows.Count.ShouldBeGreaterThan(3);
        rows.ShouldBe(rows.Order());
        seen.GetProperty("trees").GetInt32().ShouldBeGreaterThan(3);
        var end = seen.GetProperty("end");
        end.GetProperty("address").GetString()!.ShouldStartWith(address);
        end.GetProperty("heading").GetString()!.ShouldBe("✖ 299 passed, 1 failed, 0 skipped");
        end.GetProperty("tests").GetInt32().ShouldBe(outcome.Tests.Count);
        end.GetProperty("sections").EnumerateArray().Select(section => section.GetString()).ShouldContain("flaky");
        end.GetProperty("violations").GetArrayLength().ShouldBe(0, $"{end.GetProperty("violations")}");
        end.GetProperty("test").GetString()!.ShouldContain("Troubled.Rows");
        Regex.Count(outcome.Output, Regex.Escape(address)).ShouldBe(1);
        var token = new Uri(address).AbsolutePath.Trim('/');
        foreach (var file in Directory.EnumerateFiles(outcome.Results, "*", SearchOption.AllDirectories))
            (await File.ReadAllTextAsync(file, CancellationToken)).ShouldNotContain(token, Case.Sensitive, file);
    }

    [Fact]
    public async Task A_page_keeps_what_it_heard_when_the_run_is_killed()
    {
        using var suite = new TroubledSuite();
        using var run = suite.Start($"--workers 2 --test-filter {TroubledSuite.RowsOnly} --test-live auto", "DELAY=200");
        await run.SeenAsync("The run can be watched at ", CancellationToken);

        using var browser = Watch(Address().Match(run.Output).Value, "killed");
        var error = browser.StandardError.ReadToEndAsync(CancellationToken);
        (await browser.StandardOutput.ReadLineAsync(CancellationToken)).ShouldBe("watching");
        await run.SignalGroupAsync("KILL", CancellationToken);
        var output = await browser.StandardOutput.ReadToEndAsync(CancellationToken);
        await browser.WaitForExitAsync(CancellationToken);

        browser.ExitCode.ShouldBe(0, await error);
        var seen = JsonDocument.Parse(output).RootElement;
        seen.GetProperty("tests").GetInt32().ShouldBeGreaterThan(2);
        seen.GetProperty("note").GetString()!.ShouldContain("This page keeps what it heard.");
        seen.GetProperty("test").GetString()!.ShouldContain("what this test said is not here");
    }

    [Theory]
    [InlineData("sometimes")]
    [InlineData("0")]
    [InlineData("65536")]
    public async Task A_port_that_is_none_ends_the_run_before_it_begins(string port)
    {
        var outcome = await SampleRun.RunAsync(["NUnit"], ["--test-live", port], CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("it takes auto, or a port from 1 to 65535");
    }

    private static Process Watch(string address, params string[] what)
    {
        var readers = Path.Combine(Repository.Root, "tests", "ConcurrentTesting.Tests", "Reports", "Readers");
        Assert.SkipUnless(File.Exists(Chromium) && Directory.Exists(Path.Combine(readers, "node_modules", "axe-core")), "Chromium or the readers are not installed: ./build.sh Prepare");
        return Process.Start(new ProcessStartInfo("node", [Path.Combine(readers, "watch.mjs"), Chromium, address, .. what])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    [GeneratedRegex("http://127[.]0[.]0[.]1:[0-9]+/[0-9a-f]{32}/")]
    private static partial Regex Address();
}
