using System.Text.Json.Serialization;

namespace ConcurrentTesting.Reports.History;

/// <summary>A run as its line in the history has it; a test is <c>[number of its name, letter of its outcome, seconds,
/// queries]</c>.</summary>
internal sealed record PastRun(
    string Run, DateTimeOffset At, int ExitCode, double WallSeconds, ImmutableArray<(string Id, PastResult Result)> Tests)
{
    // Each letter stands for an outcome in its order (passed, failed, skipped, error, timed out); K is a flaky one.
    private const string Letters = "PFSET";
    private const char Flaky = 'K';
    private const int CharactersOfATest = 20;

    /// <summary>About as many characters as its line has.</summary>
    public long Size => 100 + ((long)Tests.Length * CharactersOfATest);

    /// <exception cref="JsonException">The line is damaged.</exception>
    public static PastRun Parse(string line, string[] names)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var run = document.RootElement;
            return new PastRun(
                run.GetProperty("run").GetString()!,
                run.GetProperty("at").GetDateTimeOffset(),
                run.GetProperty("exitCode").GetInt32(),
                run.GetProperty("wallSeconds").GetDouble(),
                [.. run.GetProperty("tests").EnumerateArray().Select(test => (names[test[0].GetInt32()], Result(test)))]);
        }
        catch (Exception exception) when (exception is KeyNotFoundException
            or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new JsonException($"a run in it is damaged: {exception.Message}", exception);
        }
    }

    public string ToLine(Dictionary<string, int> numbers)
    {
        var line = new StringBuilder(100 + (Tests.Length * CharactersOfATest));
        line.Append(
            CultureInfo.InvariantCulture,
            $"{{\"run\":{JsonSerializer.Serialize(Run, HistoryJson.Default.String)},\"at\":\"{At:O}\",\"exitCode\":{ExitCode},\"wallSeconds\":{WallSeconds},\"tests\":[");
        for (var index = 0; index < Tests.Length; index++)
        {
            var (id, result) = Tests[index];
            line.Append(index == 0 ? "" : ",").Append(
                CultureInfo.InvariantCulture,
                $"[{numbers[id]},\"{Letter(result)}\",{result.Seconds}{(result.Queries is { } queries ? $",{queries}" : "")}]");
        }

        return line.Append("]}").ToString();
    }

    private static PastResult Result(JsonElement test)
    {
        var letter = test[1].GetString()![0];
        var outcome = letter == Flaky ? TestOutcome.Passed : (TestOutcome)Math.Max(0, Letters.IndexOf(letter));
        return new PastResult(outcome, test[2].GetDouble(), test.GetArrayLength() > 3 ? test[3].GetInt64() : null, letter == Flaky);
    }

    private static char Letter(PastResult result) => result.IsFlaky ? Flaky : Letters[(int)result.Outcome];
}

[JsonSerializable(typeof(string))]
internal sealed partial class HistoryJson : JsonSerializerContext;
