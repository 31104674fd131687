using System.Reflection;
using System.Text.Json;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

public sealed class TimingStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("timings").FullName;

    private string File_ => Path.Combine(_folder, "test-timings.json");

    [Fact]
    public void Every_field_is_documented()
    {
        var documentation = File.ReadAllText(Path.Combine(Repository.Docs, "timings-json.md"));

        foreach (var property in typeof(Timing).GetProperties(BindingFlags.Public | BindingFlags.Instance))
            documentation.ShouldContain($"| `{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}` |");
    }

    [Fact]
    public async Task Durations_are_averaged_and_counted_and_the_last_outcome_is_kept()
    {
        var catalog = Catalogs.Of(1, 1);
        await LearnAsync(catalog, TestOutcome.Passed, 1);
        await LearnAsync(catalog, TestOutcome.Passed, 3);
        await LearnAsync(catalog, TestOutcome.Failed, 2);

        var timing = (await ReadAsync()).Find(catalog.Entries()[0])!;

        timing.Seconds.ShouldBe(2, 0.001);
        timing.Samples.ShouldBe(3);
        timing.LastOutcome.ShouldBe("Failed");
    }

    [Theory]
    [InlineData("TimedOut")]
    [InlineData("Error")]
    public async Task What_came_to_no_end_has_failed_last_and_took_what_it_took_before(string outcome)
    {
        var catalog = Catalogs.Of(1, 1);
        await LearnAsync(catalog, TestOutcome.Passed, 2);
        await LearnAsync(catalog, Enum.Parse<TestOutcome>(outcome), 300);

        var store = await ReadAsync();

        store.HasFailedLast(catalog.Entries()[0]).ShouldBeTrue();
        store.Find(catalog.Entries()[0])!.Seconds.ShouldBe(2, 0.001);
    }

    [Fact]
    public void A_test_that_became_slow_is_known_as_slow_within_a_few_runs()
    {
        var timing = Enumerable.Range(0, 50).Aggregate(Timing.First(1, "Passed", isFlaky: false), (timing, _) => timing.With(1, "Passed", isFlaky: false));

        for (var run = 0; run < 5; run++)
            timing = timing.With(10, "Passed", isFlaky: false);

        timing.Seconds.ShouldBeGreaterThan(8);
    }

    [Fact]
    public void A_flaky_test_is_remembered_until_it_was_stable_for_long()
    {
        var flaky = Timing.First(1, "Passed", isFlaky: true).With(1, "Passed", isFlaky: false).With(1, "Passed", isFlaky: true);
        flaky.ShouldSatisfyAllConditions(timing => timing.FlakyRuns.ShouldBe(2), timing => timing.RunsSinceFlaky.ShouldBe(0), timing => timing.Samples.ShouldBe(3));

        var stable = Enumerable.Range(0, 99).Aggregate(flaky, (timing, _) => timing.With(1, "Passed", isFlaky: false));

        stable.FlakyRuns.ShouldBe(2);
        stable.With(1, "Passed", isFlaky: false).FlakyRuns.ShouldBeNull();
    }

    [Theory]
    [InlineData(nameof(TestOutcome.Skipped))]
    [InlineData(nameof(TestOutcome.Error))]
    [InlineData(nameof(TestOutcome.TimedOut))]
    public async Task Only_tests_that_ran_to_their_end_are_learned_from(string outcome)
    {
        var catalog = Catalogs.Of(1, 1);

        await LearnAsync(catalog, Enum.Parse<TestOutcome>(outcome), 5);

        (await ReadAsync()).Find(catalog.Entries()[0]).ShouldBeNull();
    }

    [Fact]
    public async Task Fewer_rows_than_in_the_last_run_are_noticed_where_their_number_is_not_known_before()
    {
        var entry = Catalogs.Entry(Catalogs.Assembly(), "Orders", "Ships", hasKnownRows: false);
        var catalog = Catalogs.Of(new TestUnit("Orders", entry.Assembly, [entry]));
        var rows = Enumerable.Range(0, 12).Select(_ => Record(entry, TestOutcome.Passed, 1)).ToList();
        var store = await ReadAsync();
        store.Learn(catalog, rows, complete: true);
        await store.SaveAsync(File_, new Redactor(), TestContext.Current.CancellationToken);

        var read = await ReadAsync();

        read.WithFewerRows(catalog, rows).ShouldBeEmpty();
        read.WithFewerRows(catalog, rows[..5]).ShouldHaveSingleItem().ShouldBe((entry, 12, 5));
        read.WithFewerRows(catalog, rows[..5].Select(row => row with { Attempts = [row.Final with { Outcome = TestOutcome.Skipped }] })).ShouldBeEmpty();
    }

    // Their test platform gives their tests the same ids.
    [Fact]
    public async Task Two_assemblies_of_one_name_are_remembered_apart()
    {
        TestAssembly[] assemblies = [Catalogs.Assembly(), Catalogs.Assembly() with { Path = "/repo/other/Shop.Tests.dll", Ordinal = 1 }];
        var catalog = Catalogs.Of([.. assemblies.Select(assembly => new TestUnit("Orders", assembly, [Catalogs.Entry(assembly, "Orders", "Ships", hasKnownRows: false)]))]);
        var (first, second) = (catalog.Entries()[0], catalog.Entries()[1]);
        var store = await ReadAsync();
        store.Learn(catalog, [Record(first, TestOutcome.Passed, 1), Record(second, TestOutcome.Failed, 3)], complete: true);
        await store.SaveAsync(File_, new Redactor(), TestContext.Current.CancellationToken);

        var read = await ReadAsync();

        second.Id.ShouldBe(first.Id);
        read.Find(first)!.ShouldSatisfyAllConditions(timing => timing.Seconds.ShouldBe(1), timing => timing.Rows.ShouldBe(1), timing => timing.LastOutcome.ShouldBe("Passed"));
        read.Find(second)!.ShouldSatisfyAllConditions(timing => timing.Seconds.ShouldBe(3), timing => timing.LastOutcome.ShouldBe("Failed"));
        read.WithFewerRows(catalog, [Record(first, TestOutcome.Passed, 1)]).ShouldBeEmpty();
        read.NewAmong(catalog.Entries()).ShouldBeEmpty();
    }

    [Fact]
    public void A_test_that_failed_before_its_rows_has_no_fewer_of_them()
    {
        var entry = Catalogs.Entry(Catalogs.Assembly(), "Orders", "Ships", hasKnownRows: false);
        var catalog = Catalogs.Of(new TestUnit("Orders", entry.Assembly, [entry]));
        var rows = Enumerable.Repeat(Record(entry, TestOutcome.Passed, 1), 3).ToList();
        var thrown = Record(entry, TestOutcome.Failed, 1);
        var store = TimingStore.Empty;
        store.Learn(catalog, rows, complete: true);

        store.WithFewerRows(catalog, [thrown]).ShouldBeEmpty();

        store.Learn(catalog, [thrown], complete: true);
        store.WithFewerRows(catalog, rows[..2]).ShouldHaveSingleItem().ShouldBe((entry, 3, 2), "what it had before is remembered");
    }

    [Fact]
    public void Rows_that_each_of_several_times_names_anew_count_once()
    {
        var entry = Catalogs.Entry(Catalogs.Assembly(), "Orders", "Ships", hasKnownRows: false);
        var catalog = Catalogs.Of(new TestUnit("Orders", entry.Assembly, [entry]));
        var rows = Enumerable.Range(1, 30).SelectMany(round => Enumerable.Repeat(Times(entry, (round, 2, TestOutcome.Passed)), 3)).ToList();
        var store = TimingStore.Empty;

        store.Learn(catalog, rows, complete: true);

        store.Find(entry)!.ShouldSatisfyAllConditions(timing => timing.Seconds.ShouldBe(6, 0.001), timing => timing.Rows.ShouldBe(3));
        store.WithFewerRows(catalog, rows).ShouldBeEmpty();
        store.WithFewerRows(catalog, rows.Take(2)).ShouldHaveSingleItem().ShouldBe((entry, 3, 2));
    }

    [Fact]
    public void Of_several_times_those_that_went_well_tell_how_long_a_test_takes()
    {
        var entry = Catalogs.Entry(Catalogs.Assembly(), "Orders", "Ships");
        var store = TimingStore.Empty;

        store.Learn(
            Catalogs.Of(new TestUnit("Orders", entry.Assembly, [entry])),
            [Times(entry, (1, 30, TestOutcome.Passed), (2, 0.005, TestOutcome.Failed), (3, 31, TestOutcome.Passed), (4, 90, TestOutcome.Passed))], complete: true);

        store.Find(entry)!.ShouldSatisfyAllConditions(timing => timing.Seconds.ShouldBe(31, 0.001), timing => timing.LastOutcome.ShouldBe("Failed"));
    }

    [Fact]
    public async Task A_test_whose_name_holds_a_secret_is_not_remembered()
    {
        var redactor = new Redactor();
        redactor.Register("Zq7-x91-Qm4");
        var (open, secret) = (Catalogs.Entry(Catalogs.Assembly(), "Orders", "Ships"), Catalogs.Entry(Catalogs.Assembly(), "Orders", "Logs_in(\"Zq7-x91-Qm4\")"));
        var catalog = Catalogs.Of(new TestUnit("Orders", open.Assembly, [open, secret]));
        var store = await ReadAsync();
        store.Learn(catalog, [Record(open, TestOutcome.Passed, 1), Record(secret, TestOutcome.Passed, 1)], complete: true);

        await store.SaveAsync(File_, redactor, TestContext.Current.CancellationToken);

        (await File.ReadAllTextAsync(File_, TestContext.Current.CancellationToken)).ShouldNotContain("Zq7");
        var read = await ReadAsync();
        read.Find(open).ShouldNotBeNull();
        read.Find(secret).ShouldBeNull();
    }

    [Fact]
    public async Task A_damaged_file_is_set_aside_with_a_word()
    {
        await File.WriteAllTextAsync(File_, "{\"version\":1,\"tests\":{", TestContext.Current.CancellationToken);
        var messages = new List<string>();

        var store = await TimingStore.LoadAsync(File_, messages.Add, TestContext.Current.CancellationToken);

        store.Find(Catalogs.Of(1, 1).Entries()[0]).ShouldBeNull();
        messages.ShouldHaveSingleItem().ShouldContain(File_ + ".damaged");
        File.Exists(File_ + ".damaged").ShouldBeTrue();
        File.Exists(File_).ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"version":1,"tests":{"a":{"seconds":1e15,"samples":1}}}""")]
    [InlineData("""{"version":1,"tests":{"a":{"seconds":1e400,"samples":1}}}""")]
    [InlineData("""{"version":1,"tests":{"a":{"seconds":-1,"samples":1}}}""")]
    [InlineData("""{"version":1,"tests":{"a":{"seconds":NaN,"samples":1}}}""")]
    [InlineData("""{"version":1,"tests":{"a":{"seconds":"NaN","samples":1}}}""")]
    [InlineData("""{"version":1,"tests":{"a":{"seconds":1,"samples":0}}}""")]
    [InlineData("""{"version":1,"tests":{"a":{"seconds":1,"samples":2147483647}}}""")]
    [InlineData("""{"version":1,"tests":{"\ud800":{"seconds":1,"samples":1}}}""")]
    [InlineData("""{"version":1,"tests":{"a":{"seconds":1,"samples":1,"lastOutcome":"\udc00"}}}""")]
    [InlineData("""{"version":1,"tests":{},"assemblies":{"\ud800":{}}}""")]
    [InlineData("""{"version":1,"tests":{},"assemblies":{"a":{"host":{"seconds":-1,"samples":1}}}}""")]
    [InlineData("""{"version":1,"tests":{},"assemblies":{"a":{"setUps":{"b":{"seconds":1e15,"samples":1}}}}}""")]
    [InlineData("""{"a":1e15}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""["a"]""")]
    [InlineData("")]
    public async Task Figures_and_texts_that_cannot_be_are_damage(string content)
    {
        await File.WriteAllTextAsync(File_, content, TestContext.Current.CancellationToken);
        var messages = new List<string>();

        var store = await TimingStore.LoadAsync(File_, messages.Add, TestContext.Current.CancellationToken);

        store.Find(Catalogs.Of(1, 1).Entries()[0]).ShouldBeNull();
        messages.ShouldHaveSingleItem().ShouldContain(File_ + ".damaged");
    }

    [Theory]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xED, 0xA0, 0x80, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'{', 0, (byte)'}', 0 })]
    public async Task Bytes_that_are_no_text_are_damage(byte[] content)
    {
        await File.WriteAllBytesAsync(File_, content, TestContext.Current.CancellationToken);
        var messages = new List<string>();

        await TimingStore.LoadAsync(File_, messages.Add, TestContext.Current.CancellationToken);

        messages.ShouldHaveSingleItem().ShouldContain(File_ + ".damaged");
    }

    [Fact]
    public async Task A_flat_file_is_matched_on_the_name()
    {
        var entry = Catalogs.Of(1, 1).Entries()[0];
        await File.WriteAllTextAsync(File_, JsonSerializer.Serialize(new Dictionary<string, double> { [$"{entry.ClassName}.Test0"] = 2.5 }), TestContext.Current.CancellationToken);

        (await ReadAsync()).Find(entry)!.Seconds.ShouldBe(2.5);
    }

    [Fact]
    public async Task A_complete_run_forgets_tests_that_are_gone_and_a_filtered_one_does_not()
    {
        var both = Catalogs.Of(Catalogs.Unit(Catalogs.Assembly(), "Old", 1), Catalogs.Unit(Catalogs.Assembly(), "New", 1));
        var other = Catalogs.Of(Catalogs.Unit(Catalogs.Assembly("Other.Tests"), "Old", 1));
        await LearnAsync(both, TestOutcome.Passed, 1);
        await LearnAsync(other, TestOutcome.Passed, 1);
        var now = Catalogs.Of(both.Units[1]);

        await LearnAsync(now, TestOutcome.Passed, 1, complete: false);
        (await ReadAsync()).Find(both.Units[0].Entries[0]).ShouldNotBeNull();
        await LearnAsync(now, TestOutcome.Passed, 1, complete: true);

        var store = await ReadAsync();
        store.Find(both.Units[0].Entries[0]).ShouldBeNull();
        store.Find(both.Units[1].Entries[0]).ShouldNotBeNull();
        store.Find(other.Units[0].Entries[0]).ShouldNotBeNull();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<TimingStore> ReadAsync() =>
        TimingStore.LoadAsync(File_, message => throw new InvalidOperationException(message), TestContext.Current.CancellationToken);

    private async Task LearnAsync(TestCatalog catalog, TestOutcome outcome, double seconds, bool complete = false)
    {
        var store = await ReadAsync();
        store.Learn(catalog, catalog.Entries().Select(entry => Record(entry, outcome, seconds)), complete);
        await store.SaveAsync(File_, new Redactor(), TestContext.Current.CancellationToken);
    }

    private static TestRecord Times(TestEntry entry, params (int Round, double Seconds, TestOutcome Outcome)[] times) => Record(entry, TestOutcome.Passed, 1) with
    {
        Attempts = [.. times.Select((time, index) => new TestAttempt
        {
            Outcome = time.Outcome,
            Worker = 0,
            Batch = index,
            Number = index + 1,
            Round = time.Round,
            Duration = TimeSpan.FromSeconds(time.Seconds),
        })],
    };

    private static TestRecord Record(TestEntry entry, TestOutcome outcome, double seconds) => new()
    {
        Id = entry.Key,
        Assembly = entry.Assembly,
        CaseId = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = entry.MethodName,
        Attempts = [new TestAttempt { Outcome = outcome, Worker = 0, Batch = 1, Number = 1, Duration = TimeSpan.FromSeconds(seconds) }],
    };
}
