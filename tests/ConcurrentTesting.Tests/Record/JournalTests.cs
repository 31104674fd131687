using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Reports;
using CsCheck;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class JournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, ArtifactNames.Journal);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_read_back_comes_to_the_same_record() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 120]).Sample(
        (seed, steps) =>
        {
            var file = Path.Combine(_folder.Path, $"{seed}-{steps}.jsonl");
            var told = Play(file, seed, steps);

            var read = SavedJournal.Read(file);

            read.IsTorn.ShouldBeFalse();
            Text(RunFold.RecordOf(read.Events)).ShouldBe(Text(told));
            System.IO.File.Delete(file);
        },
        iter: 200);

    [Fact]
    public void Every_kind_of_event_is_played() =>
        Kinds(1_000).ShouldBe(
            System.Reflection.CustomAttributeExtensions.GetCustomAttributes<System.Text.Json.Serialization.JsonDerivedTypeAttribute>(typeof(RunEvent))
                .Select(kind => kind.TypeDiscriminator!),
            ignoreOrder: true);

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public void A_line_that_was_cut_off_is_passed_over_and_told(int lost)
    {
        Play(File, 1, 10);
        var all = SavedJournal.Read(File).Events;
        using (var file = new FileStream(File, FileMode.Open))
            file.SetLength(file.Length - 1 - lost);

        var torn = SavedJournal.Read(File);

        torn.IsTorn.ShouldBeTrue();
        torn.Events.Length.ShouldBe(all.Length - 1);
    }

    [Fact]
    public void A_last_line_without_its_end_counts()
    {
        Play(File, 1, 10);
        var all = SavedJournal.Read(File).Events;
        using (var file = new FileStream(File, FileMode.Open))
            file.SetLength(file.Length - 1);

        var read = SavedJournal.Read(File);

        (read.IsTorn, read.Events.Length).ShouldBe((false, all.Length));
    }

    [Theory]
    [InlineData("""{"event":"run-planned-by-moonlight","v":2,"at":"2026-01-02T03:04:05Z"}""")]
    [InlineData("""{"event":"worker-idle","v":2,"at":"2026-01-02T03:04:05Z","worker":1}""")]
    [InlineData("""{"v":2}""")]
    public void A_line_of_a_later_version_is_refused(string line)
    {
        Play(File, 1, 3);
        System.IO.File.AppendAllText(File, line + "\n");

        Refusal().ShouldEndWith("it has version 2, and this ConcurrentTest knows up to 1; use the one that wrote it.");
    }

    [Theory]
    [InlineData("""{"event":"of-no-kind","v":1,"at":"2026-01-02T03:04:05Z"}""")]
    [InlineData("""{"event":"worker-idle","v":1,"at":"2026-""")]
    [InlineData("""{"v":1}""")]
    [InlineData("null")]
    [InlineData("")]
    public void A_damaged_line_is_named(string line)
    {
        Play(File, 1, 3);
        var lines = System.IO.File.ReadAllLines(File);
        System.IO.File.WriteAllLines(File, [.. lines[..2], line, .. lines[2..]]);

        Refusal().ShouldStartWith($"{File} cannot be read as a run's journal: line 3: ");
    }

    [Fact]
    public void What_is_no_journal_is_refused()
    {
        System.IO.File.WriteAllText(File, "");

        Refusal().ShouldEndWith("it does not begin with the start of a run. Give a file that a run wrote.");
        Should.Throw<ConcurrentTestException>(() => SavedJournal.Read(Path.Combine(_folder.Path, "none"))).Message.ShouldContain("Give the results folder of a run");
    }

    [Fact]
    public void Secrets_do_not_reach_the_file()
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString("Host=db;Username=app;Password=Tr0ub4dor&3");
        using (var writer = new JournalWriter(redactor, TimeProvider.System))
        {
            writer.Begin(File);
            var leaky = RecordedRun.Attempt(TestOutcome.Failed) with
            {
                Message = "login with Tr0ub4dor&3 failed",
                StackTrace = "at Open(Password=other-secret;)",
                StandardOutput = "<a>Tr0ub4dor&amp;3</a>",
                StandardError = "postgres://app:Tr0ub4dor%263@db/shop",
            };
            var assembly = RecordedRun.Assembly();
            writer.Append(AssemblyFound.Of(assembly.Source, assembly, RecordedRun.Start));
            writer.Append(new AttemptEnded { At = RecordedRun.Start, Test = new TestRef(assembly, Guid.Empty), Row = 0, Occurrence = 0, ClassName = "A", MethodName = "B", Name = "B(\"Tr0ub4dor&3\")", Attempt = leaky });
            writer.Append(new IncidentReported("session-died", "Tr0ub4dor&3", null) { At = RecordedRun.Start });
        }

        var text = System.IO.File.ReadAllText(File);

        text.ShouldNotContain("Tr0ub4dor");
        text.ShouldNotContain("other-secret");
        text.ShouldContain("\"outcome\":\"Failed\"");
    }

    [Fact]
    public void Secrets_in_settings_do_not_reach_the_file()
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString("Host=db;Username=app;Password=Tr0ub4dor&3");
        using (var writer = new JournalWriter(redactor, TimeProvider.System))
        {
            writer.Begin(File);
            writer.Append(new RunStarted
            {
                At = RecordedRun.Start,
                Run = "run",
                Machine = "machine",
                Seed = 1,
                Settings = new ConcurrentTestSettings
                {
                    Filter = "Name~Tr0ub4dor&3",
                    Template = ["sql/Tr0ub4dor&3"],
                    Environment = [new EnvironmentPattern("Tr0ub4dor&3", "{Host}Tr0ub4dor&3")],
                },
            });
        }

        var text = System.IO.File.ReadAllText(File);

        text.ShouldNotContain("Tr0ub4dor");
        text.ShouldContain("\"filter\":\"Name~");
        text.ShouldContain("\"pattern\":\"{Host}");
    }

    [Fact]
    public void A_secret_that_becomes_known_later_is_hidden_from_then_on()
    {
        var redactor = new Redactor();
        using (var writer = new JournalWriter(redactor, TimeProvider.System))
        {
            writer.Begin(File);
            writer.Append(new IncidentReported("a", "made 7f3a9c2e11", null) { At = RecordedRun.Start });
            redactor.Register("7f3a9c2e11");
            writer.Append(new IncidentReported("b", "made 7f3a9c2e11", null) { At = RecordedRun.Start });
        }

        Lines()[1].ShouldContain("\"message\":\"made ***\"");
    }

    [Fact]
    public void A_password_that_is_a_word_of_ours_leaves_what_readers_go_by()
    {
        var redactor = new Redactor();
        redactor.Register("session-died");
        using (var writer = new JournalWriter(redactor, TimeProvider.System))
        {
            writer.Begin(File);
            writer.Append(new IncidentReported("session-died", "It session-died.", null) { At = RecordedRun.Start });
        }

        System.IO.File.ReadAllText(File).ShouldContain("\"kind\":\"session-died\",\"message\":\"It ***.\"");
    }

    [Fact]
    public void Settings_keep_no_secret()
    {
        var settings = new ConcurrentTestSettings
        {
            ConnectionString = "Host=db;Password=one",
            MetricsPushUrl = "http://me:two@gateway",
            Queue = "Host=queue;Password=three",
            Template = ["shop.sql", "cmd:migrate --password three", "audit=cmd:PGPASSWORD=four migrate"],
            Environment =
            [
                EnvironmentPattern.Default, new EnvironmentPattern("Audit", "Host=x;Password=five;Database={Database:audit}"),
                new EnvironmentPattern("Key", "{six}"), new EnvironmentPattern("Odbc", "{seven}{Host}"),
            ],
            TemplateHook = new TemplateHook("1", (_, _) => Task.CompletedTask),
        };

        var recorded = RecordedSettings.Of(settings);

        recorded.ConnectionString.ShouldBe("***");
        (recorded.MetricsPushUrl, recorded.TemplateHook, recorded.Queue).ShouldBe((null, null, "***"));
        recorded.Template.ShouldBe(["shop.sql", "cmd:migrate ***", "audit=cmd:***"]);
        recorded.Environment.Select(variable => variable.Pattern).ShouldBe(["{ConnectionString}", "***{Database:audit}", "***", "***{Host}"]);
        RecordedSettings.Of(recorded).Template.ShouldBe(recorded.Template);
        RecordedSettings.Of(recorded).Environment.ShouldBe(recorded.Environment);
    }

    [Fact]
    public void A_full_disk_ends_the_journal_and_nothing_else()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("/dev/full is Linux's.");
        using var writer = new JournalWriter(new Redactor(), TimeProvider.System);

        writer.Begin("/dev/full");
        new RandomRun(1, writer).Play(10).Tests.ShouldNotBeEmpty();
        writer.Flush();

        writer.Failure.ShouldNotBeNull().ShouldContain("No space left");
    }

    [Fact]
    public async Task Lines_are_with_the_operating_system_while_the_run_goes_on()
    {
        using var writer = new JournalWriter(new Redactor(), TimeProvider.System);
        writer.Append(new WorkerIdle(1) { At = RecordedRun.Start });
        writer.Begin(File);
        writer.Append(new WorkerIdle(2) { At = RecordedRun.Start });

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (Lines().Length < 2)
            await Task.Delay(10, patience.Token);
    }

    [Fact(Explicit = true)]
    public void A_test_costs_less_than_a_fiftieth_of_a_millisecond()
    {
        const int Tests = 100_000;
        using var writer = new JournalWriter(Redactor.Of(new ConcurrentTestSettings { ConnectionString = "Host=db;Password=Tr0ub4dor&3" }), TimeProvider.System);
        writer.Begin(File);
        var entries = Catalogs.Of(100, 100).Entries();
        var recorder = new RunRecorder(TimeProvider.System, new Nobody(), Quarantine.None, writer);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var test = 0; test < Tests; test++)
        {
            var entry = entries[test % entries.Length];
            recorder.Add(new TestStarted(0, new TestRef(entry.Assembly, entry.Id), entry.ClassName, entry.MethodName) { At = recorder.Now }, entry.Assembly);
            recorder.Add(entry, entry.MethodName, test / entries.Length, RecordedRun.Attempt(), []);
        }

        TestContext.Current.SendDiagnosticMessage($"{watch.Elapsed.TotalMilliseconds * 1000 / Tests:0.0} µs a test, {new FileInfo(File).Length / Tests} bytes");
        (watch.Elapsed / Tests).ShouldBeLessThan(TimeSpan.FromMilliseconds(0.02));
    }

    private static string Text(RunRecord record) => JsonSerializer.Serialize(record);

    private static RunRecord Play(string file, int seed, int steps)
    {
        using var writer = new JournalWriter(new Redactor(), TimeProvider.System);
        writer.Begin(file);
        return new RandomRun(seed, writer).Play(steps);
    }

    private IEnumerable<object> Kinds(int steps)
    {
        Play(File, 3, steps);
        return Lines().Select(line => (object)JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!).Distinct();
    }

    private string[] Lines()
    {
        using var reader = new StreamReader(new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private sealed class Nobody : IRunObserver;

    private string Refusal()
    {
        var refusal = Should.Throw<ConcurrentTestException>(() => SavedJournal.Read(File));
        refusal.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        return refusal.Message;
    }
}
