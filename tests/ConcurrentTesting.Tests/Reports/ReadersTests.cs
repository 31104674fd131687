using System.Diagnostics;
using System.Text.Json;
using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports;

/// <summary>The reports as readers that are not ours understand them. They come from npm: `npm ci` in the folder Readers installs them.</summary>
public sealed class ReadersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Junit2json_counts_what_the_run_counted()
    {
        var record = await WriteAsync();

        var read = await ReadAsync("junit2json", "junit.xml");

        read.GetProperty("total").GetInt32().ShouldBe(record.Tests.Length);
        read.GetProperty("cases").GetInt32().ShouldBe(record.Tests.Length);
        (read.GetProperty("failed").GetInt32() + read.GetProperty("errors").GetInt32()).ShouldBe(record.Failed);
        read.GetProperty("failedCases").GetInt32().ShouldBe(record.Failed);
        read.GetProperty("skipped").GetInt32().ShouldBe(record.Skipped);
        read.GetProperty("suites").GetInt32().ShouldBe(record.Tests.Select(test => test.ClassName).Distinct().Count());
        read.GetProperty("seconds").GetDouble().ShouldBe(record.Tests.Sum(test => test.Final.Duration.TotalSeconds), 0.001);
        var names = read.GetProperty("names").EnumerateArray().Select(name => name.GetString()!).ToList();
        names.ShouldBeUnique();
        names.ShouldContain("Shop.Tests.BasketTests Plain");
        names.ShouldContain("Shop.Tests.BasketTests Odd(\"😀 <&>'\uFFFD\")");
    }

    [Theory]
    [InlineData("junit", "junit.xml")]
    [InlineData("mstest", "test-results.trx")]
    public async Task Test_results_parser_counts_what_the_run_counted(string format, string file)
    {
        var record = await WriteAsync();

        var read = await ReadAsync(format, file);

        read.GetProperty("cases").GetInt32().ShouldBe(record.Tests.Length);
        read.GetProperty("failedCases").GetInt32().ShouldBe(record.Failed);
        read.GetProperty("passed").GetInt32().ShouldBe(record.Passed);
        (read.GetProperty("failed").GetInt32() + read.GetProperty("errors").GetInt32()).ShouldBe(record.Failed);
    }

    private async Task<RunRecord> WriteAsync()
    {
        var record = RecordedRun.Of(
            _folder.Path,
            [
                RecordedRun.Test("Plain"),
                RecordedRun.Test("Odd(\"😀 <&>'\u0001\")"),
                RecordedRun.Test("Same name"),
                RecordedRun.Test("Same name", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "expected 1,\nnot 2", StackTrace = "at Same_name() in /repo/a.cs:line 1" }),
                RecordedRun.Test("Skipped", RecordedRun.Attempt(TestOutcome.Skipped) with { Message = "no stock" }),
                RecordedRun.Test("Lost", RecordedRun.Attempt(TestOutcome.Error) with { Message = "the host died" }),
                RecordedRun.Test("Slow", RecordedRun.Attempt(TestOutcome.TimedOut) with { Duration = TimeSpan.FromSeconds(1234.5) }),
                RecordedRun.Test("Flaky", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "first" }, RecordedRun.Attempt(number: 2)),
                RecordedRun.Test("Other") with { ClassName = "Shop.Tests.OrderTests" },
            ],
            RecordedRun.Batch(0));
        (await RecordedRun.WriteAsync(record, TestContext.Current.CancellationToken)).ShouldBeEmpty();
        return record;
    }

    private async Task<JsonElement> ReadAsync(string reader, string file)
    {
        var readers = Path.Combine(ProjectFolder(), "Reports", "Readers");
        Assert.SkipUnless(Directory.Exists(Path.Combine(readers, "node_modules")), "the readers are not installed: run `npm ci` in tests/ConcurrentTesting.Tests/Reports/Readers");
        using var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(readers, "read.mjs"), reader, Path.Combine(_folder.Path, file)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, await error);
        return JsonDocument.Parse(output).RootElement;
    }

    private static string ProjectFolder()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ConcurrentTesting.Tests.csproj")))
        {
            folder = Path.GetDirectoryName(folder.TrimEnd(Path.DirectorySeparatorChar)) ?? throw new DirectoryNotFoundException("the project's folder");
        }

        return folder;
    }
}
