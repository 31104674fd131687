using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Record;
using ConcurrentTesting.Tests.Reports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

public sealed class SavedRunsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Reports_are_made_beside_the_journal()
    {
        var folder = Played("one", seed: 5);

        var result = await ReportAsync(folder);

        foreach (var name in ArtifactNames.Files.Where(ArtifactNames.IsMadeAgain).Append(ArtifactNames.JUnit))
            File.Exists(Path.Combine(folder, name)).ShouldBeTrue(name);
        using var run = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, ArtifactNames.Run), Cancellation));
        run.RootElement.GetProperty("run").GetString().ShouldBe("r1");
        run.RootElement.GetProperty("exitCode").GetInt32().ShouldBe((int)result.ExitCode);
        ArtifactList.Read(folder).ShouldNotBeNull().Files.Keys.ShouldContain(ArtifactNames.Journal);
    }

    [Fact]
    public async Task What_was_made_once_is_made_again_the_same()
    {
        var folder = Played("one", seed: 6);
        await ReportAsync(folder);
        var first = Contents(folder);

        await ReportAsync(Path.Combine(folder, ArtifactNames.Journal));

        Contents(folder).ShouldBe(first);
    }

    [Fact]
    public async Task Of_several_runs_the_worst_speaks()
    {
        var (whole, killed) = (Written("whole", Started, new RunEnded(ConcurrentTestExitCode.Success, "There was nothing to run.") { At = RecordedRun.Start }), Written("killed", Started));

        var result = await ReportAsync(whole, killed);

        (result.ExitCode, result.Reason).ShouldBe((ConcurrentTestExitCode.Incomplete, "The run's process was ended before the run was over."));
        File.Exists(Path.Combine(whole, ArtifactNames.Run)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(ConcurrentTestExitCode.Success, ConcurrentTestExitCode.TestsFailed)]
    [InlineData(ConcurrentTestExitCode.TestsFailed, ConcurrentTestExitCode.Incomplete)]
    [InlineData(ConcurrentTestExitCode.Incomplete, ConcurrentTestExitCode.BadSettings)]
    [InlineData(ConcurrentTestExitCode.BadSettings, ConcurrentTestExitCode.Refused)]
    [InlineData(ConcurrentTestExitCode.Refused, ConcurrentTestExitCode.Cancelled)]
    public async Task Of_two_runs_the_worse_speaks_whichever_is_named_first(ConcurrentTestExitCode better, ConcurrentTestExitCode worse)
    {
        string[] folders = [.. new[] { better, worse }.Select(code => Written($"{code}", Started, new RunEnded(code, $"{code}") { At = RecordedRun.Start }))];

        (await ReportAsync(folders)).ExitCode.ShouldBe(worse);
        (await ReportAsync([.. folders.Reverse()])).ExitCode.ShouldBe(worse);
    }

    [Fact]
    public async Task A_report_that_cannot_be_made_again_is_no_success()
    {
        var folder = Written("whole", Started, new RunEnded(ConcurrentTestExitCode.Success, "There was nothing to run.") { At = RecordedRun.Start });
        var taken = new WhenLogged("are made again", () => Directory.CreateDirectory(Path.Combine(folder, ArtifactNames.Metrics, "taken")));

        var result = await ConcurrentTestRun.RunAsync(new ConcurrentTestSettings { ReportFrom = [folder] }, taken, Cancellation);

        (result.ExitCode, result.Reason).ShouldBe((ConcurrentTestExitCode.Incomplete, "There was nothing to run, but 1 artifact could not be written."));
    }

    [Fact]
    public async Task A_journal_that_cannot_be_read_leaves_all_as_it_is()
    {
        var folder = Played("one", seed: 5);

        var refusal = await Should.ThrowAsync<ConcurrentTestException>(() => ReportAsync(folder, _folder.Path));

        refusal.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        Contents(folder).Keys.ShouldBe([ArtifactNames.Journal]);
    }

    private string Played(string name, int seed)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName;
        using var writer = new JournalWriter(new Redactor(), TimeProvider.System);
        writer.Begin(Path.Combine(folder, ArtifactNames.Journal));
        new RandomRun(seed, writer).Play(60);
        return folder;
    }

    private static RunStarted Started { get; } =
        new() { At = RecordedRun.Start, Run = "r1", Machine = "build-1", Seed = 1, Settings = new ConcurrentTestSettings { ResultsDirectory = "/of/another/machine" } };

    private string Written(string name, params RunEvent[] events)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName;
        using var writer = new JournalWriter(new Redactor(), TimeProvider.System);
        writer.Begin(Path.Combine(folder, ArtifactNames.Journal));
        foreach (var happened in events)
            writer.Append(happened);
        return folder;
    }

    private static Task<ConcurrentTestResult> ReportAsync(params string[] from) =>
        ConcurrentTestRun.RunAsync(new ConcurrentTestSettings { ReportFrom = [.. from] }, NullLogger.Instance, Cancellation);

    /// <summary>Does something when something is said.</summary>
    private sealed class WhenLogged(string said, Action act) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Contains(said, StringComparison.Ordinal))
                act();
        }
    }

    private static SortedDictionary<string, string> Contents(string folder) =>
        new(Directory.EnumerateFiles(folder).Where(file => !Path.GetFileName(file).StartsWith('.')).ToDictionary(file => Path.GetFileName(file), File.ReadAllText), StringComparer.Ordinal);
}
