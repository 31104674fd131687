using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.RunJson;

public sealed class RunJsonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fields_stand_in_the_documented_order()
    {
        var root = Write(Record());

        root.EnumerateObject().Select(property => property.Name).ShouldBe(
        [
            "version", "run", "workers", "seed", "host", "nuke", "startedAt", "finishedAt", "settings", "discovered", "outcome", "exitCode", "reason", "tests", "batches",
            "lowerBoundSeconds", "wallSeconds", "efficiency", "summary", "incidents", "machine", "workerTimes", "database", "overrides", "retries", "phases", "benchmark", "outside", "explicit", "leftOut", "coverage", "shard", "parts",
        ]);
        root.GetProperty("tests")[0].EnumerateObject().Select(property => property.Name).Take(24).ShouldBe(
        [
            "id", "assembly", "framework", "class", "name", "outcome", "worker", "database", "startedAt", "seconds", "attempts", "operations", "queries", "reads", "writes",
            "others", "querySeconds", "rows", "transactions", "connections", "connectionErrors", "allocatedBytes", "peakBytes", "flaky",
        ]);
        root.GetProperty("batches")[0].EnumerateObject().Select(property => property.Name).Take(5).ShouldBe(["worker", "startedAt", "seconds", "tests", "reason"]);
    }

    [Fact]
    public void Coverage_and_repeats_are_figures_alone()
    {
        var test = RecordedRun.Test("Shakes", RecordedRun.Attempt() with { Round = 1 }, RecordedRun.Attempt(TestOutcome.Failed, number: 2) with { Round = 2 });
        var root = Write(RecordedRun.Of(_folder.Path, [test]) with { Coverage = new CoverageRecord(1, 2, 3, 4) { LostBatches = 5, LostResults = 6 } });

        root.GetProperty("coverage").EnumerateObject().Select(property => $"{property.Name} {property.Value}")
            .ShouldBe(["linesCovered 1", "linesValid 2", "branchesCovered 3", "branchesValid 4", "lostBatches 5", "lostResults 6"]);
        root.GetProperty("tests")[0].GetProperty("repeats").GetRawText().ShouldBe("""{"runs":2,"failed":1,"rate":0.5}""");
        var read = RunJsonFile.Read(_folder.File("run.json"));
        read.Coverage.ShouldBe(new CoverageRecord(1, 2, 3, 4) { LostBatches = 5, LostResults = 6 });
        read.Tests.Single().Repeats.ShouldBe(new RepeatCount(2, 1));
    }

    [Fact]
    public void Every_field_is_documented()
    {
        var documentation = File.ReadAllText(Path.Combine(Repository.Docs, "run-json.md"));
        var settings = Write(Record()).GetProperty("settings").EnumerateObject().Select(setting => setting.Name);
        foreach (var name in settings.Concat(MeasuredFigure.All.Select(figure => figure.Name)))
        {
            documentation.ShouldContain($"`{name}`");
        }

        foreach (var type in typeof(RunDocument).Assembly.GetTypes().Where(type => type.Namespace == typeof(RunDocument).Namespace && type.Name.EndsWith("Document", StringComparison.Ordinal))
            .Concat([typeof(CoverageRecord), typeof(Incident), typeof(RepeatCount)]))
        {
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetCustomAttribute<JsonIgnoreAttribute>() is null))
            {
                documentation.ShouldContain($"`{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}`", customMessage: $"{type.Name}.{property.Name}");
            }
        }
    }

    [Fact]
    public void All_tests_of_a_large_run_are_in_the_file_a_line_each_in_their_order()
    {
        var record = RecordedRun.Of(_folder.Path, [.. Enumerable.Range(0, 1_000).Select(number => RecordedRun.Test($"Test{number:0000}_ä\"\n"))], RecordedRun.Batch(0));

        var tests = Write(record).GetProperty("tests").EnumerateArray().ToList();

        tests.Select(test => test.GetProperty("id").GetString()).ShouldBe(record.Tests.Select(test => test.Id));
        File.ReadLines(_folder.File("run.json")).Count(line => line.StartsWith("    {\"id\":", StringComparison.Ordinal)).ShouldBe(1_000);
    }

    [Fact]
    public void What_was_not_measured_is_null_and_never_zero()
    {
        var test = Write(Record()).GetProperty("tests")[0];

        foreach (var name in MeasuredFigure.All.Select(figure => figure.Name))
        {
            test.GetProperty(name).ValueKind.ShouldBe(JsonValueKind.Null, name);
        }

        var nothing = Write(RecordedRun.Of(_folder.Path, []) with { Efficiency = null, Workers = [] });
        nothing.GetProperty("efficiency").ValueKind.ShouldBe(JsonValueKind.Null);
        nothing.GetProperty("summary").GetProperty("averageSeconds").ValueKind.ShouldBe(JsonValueKind.Null);
        nothing.GetProperty("summary").GetProperty("speedup").ValueKind.ShouldBe(JsonValueKind.Null);
        nothing.GetProperty("database").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public void What_kept_a_guard_quiet_is_named_without_secrets()
    {
        var overrides = Write(Record() with { Overrides = ["production-environment: DOTNET_ENVIRONMENT is Production", "remote-host: Password=hunter2hunter2"] }).GetProperty("overrides");

        overrides.EnumerateArray().Select(text => text.GetString()).ShouldBe(["production-environment: DOTNET_ENVIRONMENT is Production", "remote-host: Password=***"]);
    }

    [Fact]
    public void A_test_is_one_line_of_the_file()
    {
        Write(Record());

        var lines = File.ReadAllLines(_folder.File("run.json"));
        lines.Count(line => line.Contains("\"id\":\"Shop.Tests (net10.0)/Shop.Tests.BasketTests.", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public void What_was_written_can_be_read_again()
    {
        var record = Record();
        Write(record);

        var read = RunJsonFile.Read(_folder.File("run.json"));

        read.Run.ShouldBe(record.RunId);
        read.Outcome.ShouldBe("TestsFailed");
        read.ExitCode.ShouldBe(1);
        read.StartedAt.ShouldBe(record.StartedAt);
        read.Efficiency.ShouldBe(0.75);
        read.Tests.Select(test => test.Name).ShouldBe(record.Tests.Select(test => test.Name.Replace("\ud800", "\uFFFD", StringComparison.Ordinal)));
        read.Tests.Select(test => test.CaseId).ShouldBe(record.Tests.Select(test => (Guid?)test.CaseId));
        var flaky = read.Tests.Single(test => test.Flaky);
        flaky.Outcome.ShouldBe("Passed");
        flaky.Attempts.Select(attempt => (attempt.Number, attempt.Outcome, attempt.Worker, attempt.Batch, attempt.Cause, attempt.Message))
            .ShouldBe([(1, "Failed", 0, 0, null, "first"), (2, "Passed", 1, 1, "rerun", null)]);
        read.Batches.Select(batch => (batch.Number, batch.Worker, batch.Reason, batch.Trx)).ShouldBe([(0, 0, "plan", Path.Combine("worker-0", "batch-0.trx")), (1, 1, "rerun", null)]);
        read.Summary.Failed.ShouldBe(1);
        read.Summary.Flaky.ShouldBe(1);
        read.Incidents.Single().ShouldBe(new Incident(RecordedRun.Start, "session-died", "it was killed", 1));
        read.WorkerTimes.Select(worker => worker.BusySeconds).ShouldBe([8, 4]);
        read.Database!.CloneSeconds.ShouldBe([0.004, 0.006]);
        read.Database.Counts["leaked"].ShouldBe(2);
        read.Phases["tests"].ShouldBe(9.5);
    }

    [Fact]
    public void Every_setting_is_written_or_withheld_on_purpose()
    {
        string[] withheld = [nameof(ConcurrentTestSettings.ConnectionString), nameof(ConcurrentTestSettings.MetricsPushUrl), nameof(ConcurrentTestSettings.Queue), nameof(ConcurrentTestSettings.SecretVariables), nameof(ConcurrentTestSettings.TemplateHook), nameof(ConcurrentTestSettings.DryRun), nameof(ConcurrentTestSettings.ShowHelp), nameof(ConcurrentTestSettings.ReportFrom), nameof(ConcurrentTestSettings.RepeatedArguments)];
        string[] elsewhere = [nameof(ConcurrentTestSettings.Host), nameof(ConcurrentTestSettings.Nuke), nameof(ConcurrentTestSettings.TemporaryDirectory)];

        var written = Write(Record()).GetProperty("settings").EnumerateObject().Select(property => property.Name.Replace("Seconds", "", StringComparison.Ordinal)).ToList();

        typeof(ConcurrentTestSettings).GetProperties()
            .Select(property => property.Name)
            .Except([.. withheld, .. elsewhere])
            .Select(JsonNamingPolicy.CamelCase.ConvertName)
            .Except(written)
            .ShouldBeEmpty("a setting that is no parameter goes into RecordedValue and docs/run-json.md, or is withheld here");
    }

    [Fact]
    public void Nothing_secret_is_written()
    {
        var record = Record();
        record = record with
        {
            Reason = "cannot log in with topsecret1",
            Settings = record.Settings with
            {
                ConnectionString = "Host=db;Username=me;Password=topsecret1",
                Template = ["schema.sql", "cmd:flyway migrate --password topsecret2", "cmd:PGPASSWORD=topsecret3 psql", "db:shop"],
                Environment = [EnvironmentPattern.Default, new("URL", "http://{Host}:{Port}/{Database}"), new("API", "{Host};Key=topsecret4")],
            },
            Tests = [.. record.Tests, RecordedRun.Test("Row(topsecret1)", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "Password=topsecret1", StackTrace = "topsecret1" })],
            Incidents = [new Incident(RecordedRun.Start, "kind", "topsecret1")],
            Batches = [RecordedRun.Batch(0, error: "topsecret1")],
        };

        var settings = Write(record).GetProperty("settings");

        File.ReadAllText(_folder.File("run.json")).ShouldNotContain("topsecret");
        settings.GetProperty("hasConnectionString").GetBoolean().ShouldBeTrue();
        settings.GetProperty("template").EnumerateArray().Select(item => item.GetString()).ShouldBe(["schema.sql", "cmd:flyway ***", "cmd:***", "db:shop"]);
        settings.GetProperty("environment").EnumerateArray().Select(item => item.GetString())
            .ShouldBe(["ConnectionStrings__Default={ConnectionString}", "URL=***", "API=***"]);
    }

    [Fact]
    public void A_muted_failure_says_why()
    {
        var failing = RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed)) with { Quarantine = "quarantined until 2027-01-31: flaky server" };
        var passing = RecordedRun.Test("Passes") with { Quarantine = "quarantined until 2027-01-31: flaky server" };

        var tests = Write(RecordedRun.Of(_folder.Path, [failing, passing])).GetProperty("tests");

        tests[0].GetProperty("outcome").GetString().ShouldBe("Skipped");
        tests[0].GetProperty("quarantine").GetString().ShouldBe("quarantined until 2027-01-31: flaky server");
        tests[0].GetProperty("attempts")[0].GetProperty("outcome").GetString().ShouldBe("Failed");
        tests[1].GetProperty("quarantine").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public void A_line_of_a_test_is_what_a_serializer_makes_of_its_document()
    {
        var attempt = RecordedRun.Attempt(TestOutcome.Failed) with { Database = "shop_0", Message = "müßte \"1\" <sein>", StackTrace = "at A()\n", Cause = "rerun", Round = 1 };
        var full = RecordedRun.Test("Full", attempt, RecordedRun.Attempt(number: 2) with { Round = 2, Figures = new TestFigures { Queries = 3, QuerySeconds = 0.0625 } }) with
        {
            SourceFile = "/repo/Full.cs",
            Line = 17,
            Quarantine = "until tomorrow",
            KnownFlaky = new KnownFlaky(2, 9),
        };
        Write(Record() with { Tests = [RecordedRun.Test("Odd(\"😀 <&>\u0001\")"), full, full with { Quarantine = null }] });
        var options = new JsonSerializerOptions(RunDocumentJson.Default.Options)
        {
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = System.Text.Json.Serialization.Metadata.JsonTypeInfoResolver.WithAddedModifier(RunDocumentJson.Default, FigureProperties.AddTo),
        };

        var lines = File.ReadLines(_folder.File("run.json")).Where(line => line.StartsWith("    {\"id\":", StringComparison.Ordinal)).Select(line => line.Trim(' ', ','));

        lines.ShouldBe(RunJsonFile.Read(_folder.File("run.json")).Tests.Select(test => JsonSerializer.Serialize(test, options)));
    }

    [Fact]
    public void A_newer_version_is_refused()
    {
        Write(Record());
        var path = _folder.File("run.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal));

        var exception = Should.Throw<ConcurrentTestException>(() => RunJsonFile.Read(path));

        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        exception.Message.ShouldContain(path);
        exception.Message.ShouldContain("version 2");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"version\": 1}")]
    [InlineData("{\"version\": 1, \"run\": ")]
    public void A_damaged_file_is_refused_by_name(string content)
    {
        File.WriteAllText(_folder.File("run.json"), content);

        Should.Throw<ConcurrentTestException>(() => RunJsonFile.Read(_folder.File("run.json"))).Message.ShouldContain(_folder.File("run.json"));
    }

    [Fact]
    public void A_missing_file_is_refused_by_name() =>
        Should.Throw<ConcurrentTestException>(() => RunJsonFile.Read(_folder.File("none.json"))).Message.ShouldContain("none.json");

    [Fact]
    public void Fields_of_later_versions_are_passed_over()
    {
        Write(Record());
        var path = _folder.File("run.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"seed\":", "\"later\": {\"a\": [1]}, \"seed\":", StringComparison.Ordinal));

        RunJsonFile.Read(path).Seed.ShouldBe(7);
    }

    private RunRecord Record() => RecordedRun.Of(
        _folder.Path,
        [
            RecordedRun.Test("Odd(\"😀 <&>\u0001\ud800\")"),
            RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed)),
            RecordedRun.Test("Flaky", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "first" }, RecordedRun.Attempt(number: 2, batch: 1, worker: 1) with { Cause = "rerun" }),
        ],
        RecordedRun.Batch(0, _folder.File("worker-0", "batch-0.trx")),
        RecordedRun.Batch(1, worker: 1, reason: "rerun")) with
    {
        Incidents = [new Incident(RecordedRun.Start, "session-died", "it was killed", 1)],
        Database = new DatabaseRecord
        {
            Engine = "postgresql",
            TemplateHit = true,
            CloneTimes = [TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(6)],
            Counts = System.Collections.Immutable.ImmutableSortedDictionary<string, long>.Empty.Add("leaked", 2),
        },
        Phases = System.Collections.Immutable.ImmutableSortedDictionary<string, double>.Empty.Add("tests", 9.5),
    };

    private JsonElement Write(RunRecord record)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString(record.Settings.ConnectionString);
        using (var stream = File.Create(_folder.File("run.json")))
        {
            RecordedRun.WriteJson(record, stream, redactor);
        }

        return JsonDocument.Parse(File.ReadAllBytes(_folder.File("run.json"))).RootElement;
    }
}
