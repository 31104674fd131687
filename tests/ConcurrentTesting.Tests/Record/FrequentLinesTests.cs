using System.Text;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Reports;
using CsCheck;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class FrequentLinesTests : IDisposable
{
    private const string Attempt = """
        {"event":"attempt-ended","v":1,"at":"2026-11-29T12:00:00+00:00","test":{"assembly":"Shop.Tests (net10.0)","case":"fc9a1f1b-9ffc-d6be-82df-4393be807645"},"row":0,"occurrence":0,"className":"A","methodName":"B","name":"B","traits":[],"attempt":{"outcome":"Passed","worker":1,"batch":1,"number":1,"startedAt":"2026-11-29T12:00:00+00:00","duration":"00:00:00.5000000","attachments":[]},"isFinal":true}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly AssemblyKeys _assemblies = new();
    private readonly RunEventJson _serializer;
    private readonly FrequentLines _lines;

    public FrequentLinesTests()
    {
        var text = new SharedText();
        _serializer = RunEventJson.For(_assemblies, text);
        _lines = new FrequentLines(_assemblies, text);
        _assemblies.Add(AssemblyFound.Of("Shop.Tests (net10.0)", Catalogs.Assembly(), default));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void They_mean_what_the_serializer_reads() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 120]).Sample(
        (seed, steps) =>
        {
            var lines = Played(seed, steps);
            lines.ShouldNotBeEmpty();
            foreach (var line in lines)
                Written(Read(line).ShouldNotBeNull(line)).ShouldBe(Written(Serialized(line)));
        },
        iter: 100,
        threads: 1);

    [Theory]
    [InlineData("\"v\":1", "\"v\":1,\"since\":\"a later version\"")]
    [InlineData("\"row\":0,\"occurrence\":0", "\"occurrence\":0,\"row\":0")]
    [InlineData("\"Passed\"", "\"passed\"")]
    [InlineData("\"Passed\"", "\"\\u0050assed\"")]
    [InlineData("\"row\":0", "\"row\":0.5")]
    [InlineData("\"row\":0,", "")]
    [InlineData("\"name\":\"B\"", "\"name\":null")]
    [InlineData("\"name\":\"B\"", "\"name\":\"\\ud800\"")]
    [InlineData("\"traits\":[]", "\"traits\":[[\"a\",\"b\",\"c\"]]")]
    [InlineData("\"traits\":[]", "\"traits\":[[\"a\"]]")]
    [InlineData("00:00:00.5000000", "half a second")]
    [InlineData("\"isFinal\":true}", "\"isFinal\":true,\"more\":1}")]
    [InlineData("\"attempt-ended\",", "\"worker-idle\",")]
    public void A_line_that_is_not_as_it_is_written_is_for_the_serializer(string written, string other)
    {
        Read(Attempt).ShouldNotBeNull();

        Read(Attempt.Replace(written, other, StringComparison.Ordinal)).ShouldBeNull();
    }

    [Fact]
    public void A_line_that_was_cut_off_anywhere_is_no_event()
    {
        for (var length = 0; length < Attempt.Length; length++)
            Cut(Attempt[..length]).ShouldBeTrue();
    }

    // It is for the serializer, or found to be no JSON.
    private bool Cut(string line)
    {
        try
        {
            return Read(line) is null;
        }
        catch (JsonException)
        {
            return true;
        }
    }

    private RunEvent? Read(string line) => _lines.Read(Encoding.UTF8.GetBytes(line));

    private RunEvent Serialized(string line) => JsonSerializer.Deserialize(line, _serializer.RunEvent)!;

    private string Written(RunEvent happened) => JsonSerializer.Serialize(happened, _serializer.RunEvent);

    private List<string> Played(int seed, int steps)
    {
        var file = Path.Combine(_folder.Path, $"{seed}-{steps}.jsonl");
        using (var writer = new JournalWriter(new Redactor(), TimeProvider.System))
        {
            writer.Begin(file);
            new RandomRun(seed, writer).Play(steps);
        }

        var events = SavedJournal.Read(file).Events;
        foreach (var found in events.OfType<AssemblyFound>())
            _assemblies.Add(found);
        var lines = File.ReadAllLines(file);
        File.Delete(file);
        return [.. lines.Where((_, index) => events[index] is UnitPlanned or AttemptEnded)];
    }
}
