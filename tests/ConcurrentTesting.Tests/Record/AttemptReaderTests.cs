using System.Text;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class AttemptReaderTests : IDisposable
{
    private const string Line =
        """{"event":"attempt-ended","v":1,"at":"2026-11-29T12:00:00.1234567+01:00","test":{"assembly":"Shop.Tests (net10.0)","case":"8f01ba99-1d55-d92a-6cbe-da7abf0a0b72"},"row":1,"occurrence":2,"className":"Shop.Class","methodName":"Test","name":"Test(\"a\\b\")","traits":[["Category","slow"],["Owner","\u0041"]],"sourceFile":"/repo/a.cs","line":7,"quarantine":"#1","attempt":{"outcome":"Failed","worker":1,"batch":3,"number":2,"database":"ct_1","startedAt":"2026-11-29T12:00:00+00:00","duration":"00:00:00.5000000","message":"no\nway","stackTrace":"at x","standardOutput":"out","standardError":"err","cause":"rerun","round":4,"attachments":["/a","/b"]},"isFinal":false}""";

    private readonly TemporaryFolder _folder = new();
    private readonly AssemblyKeys _assemblies = new();
    private readonly RunEventJson _format;
    private readonly AttemptReader _reader;

    public AttemptReaderTests()
    {
        var text = new SharedText();
        (_format, _reader) = (RunEventJson.For(_assemblies, text), new AttemptReader(_assemblies, text));
        _assemblies.Add(AssemblyFound.Of("Shop.Tests (net10.0)", Catalogs.Assembly(), DateTimeOffset.UnixEpoch));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_line_with_all_that_it_knows_is_read_as_the_serializer_reads_it() => ShouldBeAsSerialized(Line).ShouldBeTrue();

    [Theory]
    [InlineData("\"isFinal\":false", "\"isFinal\":false,\"later\":1")]
    [InlineData("\"round\":4", "\"round\":4,\"later\":1")]
    [InlineData("\"v\":1", "\"v\":2")]
    [InlineData("\"attachments\":[\"/a\",\"/b\"]", "\"attachments\":[\"/a\",null]")]
    [InlineData("\"attachments\":[\"/a\",\"/b\"]", "\"attachments\":[\"/a\",7]")]
    [InlineData("\"attachments\":[\"/a\",\"/b\"]", "\"attachments\":\"/a\"")]
    [InlineData("\"line\":7", "\"line\":null")]
    [InlineData("\"row\":1", "\"row\":1,\"row\":2")]
    [InlineData("\"row\":1,", "")]
    [InlineData("\"outcome\":\"Failed\"", "\"outcome\":\"TimedOut\"")]
    [InlineData("[\"Owner\",\"\\u0041\"]", "[\"Owner\"]")]
    [InlineData("Shop.Tests (net10.0)", "Unknown.Tests")]
    [InlineData("\"00:00:00.5000000\"", "\"half a second\"")]
    [InlineData("}}", "}")]
    public void Whatever_else_is_in_a_line_is_left_to_the_serializer(string known, string other)
    {
        var line = Line.Contains(known, StringComparison.Ordinal) ? Line.Replace(known, other, StringComparison.Ordinal) : Line + "}";

        _reader.Read(Encoding.UTF8.GetBytes(line)).ShouldBeNull();
    }

    [Fact]
    public void Most_lines_of_any_run_are_read_as_the_serializer_reads_them()
    {
        var (read, attempts) = (0, 0);
        for (var seed = 0; seed < 20; seed++)
        {
            var file = Path.Combine(_folder.Path, $"{seed}.jsonl");
            using (var journal = new JournalWriter(new Redactor(), TimeProvider.System))
            {
                journal.Begin(file);
                new RandomRun(seed, journal).Play(200);
            }

            foreach (var line in File.ReadLines(file))
            {
                if (JsonSerializer.Deserialize(line, _format.RunEvent) is AssemblyFound found)
                    _assemblies.Add(found);
                attempts += line.Contains("\"attempt-ended\"", StringComparison.Ordinal) ? 1 : 0;
                read += ShouldBeAsSerialized(line) ? 1 : 0;
            }
        }

        read.ShouldBeInRange(attempts / 4, attempts);
    }

    private bool ShouldBeAsSerialized(string line)
    {
        if (_reader.Read(Encoding.UTF8.GetBytes(line)) is not { } read)
            return false;
        JsonSerializer.Serialize(read, _format.RunEvent).ShouldBe(JsonSerializer.Serialize(JsonSerializer.Deserialize(line, _format.RunEvent), _format.RunEvent));
        return true;
    }
}
