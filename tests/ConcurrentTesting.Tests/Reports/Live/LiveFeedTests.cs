using System.Text;
using System.Text.Json;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Live;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Record;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Live;

public sealed class LiveFeedTests
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();

    private readonly LiveFeed _feed = new();
    private readonly RunRecorder _recorder;

    public LiveFeedTests() => _recorder = new RunRecorder(TimeProvider.System, _feed, Quarantine.None);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_happens_a_reader_knows_the_rows_of_the_record(int seed)
    {
        using var journal = new JournalWriter(new Redactor(), TimeProvider.System);
        var reader = new Reader(_feed, seed);

        var record = new RandomRun(seed, journal, reader).Play(3000);
        reader.Read();

        reader.Rows.Count.ShouldBe(record.Tests.Length);
        reader.Rows.Values.Select(row => Told(row.Test)).Order().ShouldBe(record.Tests.Select(Told).Order());
        reader.Outside.Select(failure => failure.Name).ShouldBe(record.Outside.Where(failure => !failure.IsFlaky).Select(failure => failure.Name));
        reader.Snapshots.ShouldBeGreaterThan(1, "rows were taken away meanwhile");
    }

    [Fact]
    public void Who_is_behind_reads_what_changed_and_who_is_too_far_behind_reads_all()
    {
        Begin();
        Enumerable.Range(0, 10).ToList().ForEach(number => Pass($"Test{number}"));
        var (near, far) = (new LiveCursor(), new LiveCursor());
        _feed.Read(near)!.IsWhole.ShouldBeTrue();
        _feed.Read(far);

        Pass("One more");
        var news = _feed.Read(near)!;
        Enumerable.Range(0, LiveRows.Remembered).ToList().ForEach(number => Pass($"Many{number}"));

        news.IsWhole.ShouldBeFalse();
        news.Rows.ShouldHaveSingleItem().Test.Name.ShouldBe("One more");
        _feed.Read(near)!.Rows.Length.ShouldBe(LiveRows.Remembered);
        var all = _feed.Read(far)!;
        all.IsWhole.ShouldBeTrue();
        all.HasMore.ShouldBeTrue();
        (all.Rows.Length + _feed.Read(far)!.Rows.Length + _feed.Read(far)!.Rows.Length).ShouldBe(LiveRows.Remembered + 11);
        _feed.HasNews(far).ShouldBeFalse();
    }

    [Fact]
    public void A_failure_that_may_be_tried_again_is_none_yet()
    {
        Begin();
        var entry = Catalogs.Entry(Assembly, "Shop.Tests.BasketTests", "Shakes");

        _recorder.Add(entry, "Shakes", 0, RecordedRun.Attempt(TestOutcome.Failed), [], isFinal: false);
        var first = Messages(new LiveCursor()).Single();
        _recorder.SettleFailures(entry, 0);
        var settled = Messages(new LiveCursor()).Single();

        Outcome(first, 0).ShouldBe("will run again");
        Outcome(settled, 0).ShouldBe("failed");
    }

    [Fact]
    public void Messages_hold_no_secret_and_no_line_break_and_turn_no_text()
    {
        Begin();
        var entry = Catalogs.Entry(Assembly, "Shop.Tests.BasketTests", "Fails");
        _recorder.Add(
            entry, "Fails(\"\u202Eevil\", \"Xk9-secret-Zz\")", 0,
            RecordedRun.Attempt(TestOutcome.Failed) with { Message = "</script>Xk9-secret-Zz\nsecond line" }, []);
        _recorder.Report("session-died", "Xk9-secret-Zz\n\ndata: forged", 1);

        var redactor = new Redactor();
        redactor.Register("Xk9-secret-Zz");
        var text = string.Concat(new LiveMessages(_feed, TimeProvider.System, new ReportText(redactor)).Since(new LiveCursor()).Select(
            message => Encoding.UTF8.GetString(message.Span)));

        text.ShouldNotContain("secret-Zz");
        text.ShouldNotContain("\n");
        text.ShouldNotContain("\u202E");
        text.ShouldNotContain("</script>");
        var message = JsonDocument.Parse(text).RootElement;
        message.GetProperty("messages")[0][1].GetString().ShouldBe("</script>***");
        message.GetProperty("rows")[0][1].GetString().ShouldBe("Fails(\"\\u202eevil\", \"***\")");
    }

    [Fact]
    public void A_message_says_each_thing_in_its_place()
    {
        var time = new FakeTimeProvider(RecordedRun.Start);
        var recorder = new RunRecorder(time, _feed, Quarantine.None);
        Begin(recorder);
        recorder.Add(new RunPlanned(3, 2, TimeSpan.FromSeconds(1.26), 0.5) { At = recorder.Now });
        recorder.Add(new PhaseStarted("tests") { At = recorder.Now });
        recorder.Add(
            Catalogs.Entry(Assembly, "Shop.Tests.BasketTests", "Pays"), "Pays", 0,
            RecordedRun.Attempt(TestOutcome.Failed) with { StartedAt = RecordedRun.Start, Message = "<b>\nno" }, []);
        time.Advance(TimeSpan.FromMilliseconds(1234.56));
        recorder.Report("session-died", "It is gone.", null);

        var message = new LiveMessages(_feed, time, new ReportText(new Redactor())).Since(new LiveCursor()).Single();

        Encoding.UTF8.GetString(message.Span).ShouldBe(
            """
            {"whole":true,"at":1.235,"run":{"id":"r1","machine":"build-1","seed":7,"workers":2,"startedAt":"2026-11-22 14:48:00","runJson":"results/run.json"},
            "cases":3,"expected":1.3,"phases":[["tests",0,null]],"running":[],"batches":[],"spans":[],"incidents":[[1.235,"session-died","It is gone.",""]],"outside":[],
            "rows":[[0,"Pays",0,0,0,0.01,0,1,0,0,0,null,null,null]],"messages":[[0,"\u003Cb\u003E"]],"classes":["Shop.Tests.BasketTests"],"assemblies":["Shop.Tests (net10.0)"]}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public void All_rows_come_in_messages_of_a_bounded_size_and_each_name_once()
    {
        Begin();
        Enumerable.Range(0, 5000).ToList().ForEach(number => Pass($"Test{number}"));

        var cursor = new LiveCursor();
        var messages = Messages(cursor);
        Pass("One more");
        var next = Messages(cursor).Single();

        messages.Select(message => message.GetProperty("rows").GetArrayLength()).ShouldBe([2000, 2000, 1000]);
        messages.Select(message => message.GetProperty("classes").GetArrayLength()).ShouldBe([1, 0, 0]);
        messages[0].GetProperty("whole").GetBoolean().ShouldBeTrue();
        next.GetProperty("whole").GetBoolean().ShouldBeFalse();
        next.GetProperty("classes").GetArrayLength().ShouldBe(0);
    }

    private static string Told(TestRecord test) =>
        $"{test.Id} {test.Outcome} {test.Attempts.Length} {test.IsFlaky} {test.Final.Batch} {test.Final.Figures?.Queries} {test.Final.Figures?.QuerySeconds}";

    private static string? Outcome(JsonElement message, int row) =>
        HtmlOutcome(message.GetProperty("rows")[row][4].GetInt32());

    private static string HtmlOutcome(int rank) => ConcurrentTesting.Reports.Html.HtmlTestRow.LiveOutcomes[rank].Name;

    private List<JsonElement> Messages(LiveCursor cursor) =>
        [.. new LiveMessages(_feed, TimeProvider.System, new ReportText(new Redactor())).Since(cursor).Select(message => JsonDocument.Parse(message).RootElement)];

    private void Begin() => Begin(_recorder);

    private static void Begin(RunRecorder recorder) => recorder.Add(new RunStarted
    {
        At = recorder.Now,
        Run = "r1",
        Machine = "build-1",
        Seed = 7,
        Settings = new ConcurrentTestSettings { Workers = 2, RootDirectory = "/repo", ResultsDirectory = "/repo/results" },
    });

    private void Pass(string name) =>
        _recorder.Add(Catalogs.Entry(Assembly, "Shop.Tests.BasketTests", name), name, 0, RecordedRun.Attempt(), []);

    /// <summary>Hears a run and reads now and then, as a browser would.</summary>
    private sealed class Reader(LiveFeed feed, int seed) : IRunObserver
    {
        private readonly Random _random = new(seed);
        private readonly LiveCursor _cursor = new();

        public Dictionary<int, LiveRow> Rows { get; } = [];

        public IReadOnlyList<OutsideFailure> Outside { get; private set; } = [];

        public int Snapshots { get; private set; }

        public void Happened(RunEvent happened)
        {
            feed.Happened(happened);
            if (_random.Next(20) == 0)
                Read();
        }

        public void Read()
        {
            while (feed.Read(_cursor) is { } changes)
            {
                if (changes.IsWhole)
                {
                    Rows.Clear();
                    Snapshots++;
                }

                foreach (var row in changes.Rows)
                    Rows[row.Number] = row;
                Outside = changes.Outside;
                if (!changes.HasMore)
                    break;
            }
        }
    }
}
