namespace ConcurrentTesting.Record;

/// <summary>A test whose failure is muted, why, and until when.</summary>
/// <param name="Test">Namespace, class and method, with or without a row: without one all rows are meant.</param>
/// <param name="Expires">The last day on which it is muted, UTC.</param>
internal sealed record QuarantinedTest(string Test, string Reason, DateOnly Expires);

/// <summary>The quarantine file: <c>[{ "test": "Shop.OrderTests.Ships", "reason": "#123", "expires": "2027-01-31" }]</c>.</summary>
internal sealed class Quarantine
{
    private static readonly JsonSerializerOptions Format = new(
        JsonSerializerDefaults.Web)
    { ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly ImmutableDictionary<string, QuarantinedTest> _tests;

    private Quarantine(IEnumerable<QuarantinedTest> tests, DateOnly today)
    {
        var all = tests.ToArray();
        Expired = [.. all.Where(test => test.Expires < today)];
        _tests = all.Where(test => test.Expires >= today).ToImmutableDictionary(test => test.Test, StringComparer.Ordinal);
    }

    public static Quarantine None { get; } = new([], DateOnly.MinValue);

    /// <summary>Entries that are no longer in force.</summary>
    public ImmutableArray<QuarantinedTest> Expired { get; }

    /// <summary>Reads the file; <see cref="None"/> where there is no path.</summary>
    /// <exception cref="ConcurrentTestException">The file cannot be read, or an entry lacks something.</exception>
    public static Quarantine Read(string? path, DateOnly today)
    {
        if (path is null)
            return None;
        try
        {
            using var stream = File.OpenRead(path);
            var tests = JsonSerializer.Deserialize<QuarantinedTest[]>(stream, Format) ?? [];
            if (Array.FindIndex(tests, IsIncomplete) is var index and >= 0)
                throw new JsonException($"entry {index + 1} needs \"test\", \"reason\" and \"expires\"");
            return new Quarantine(tests.DistinctBy(test => test.Test), today);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"The quarantine file {path} cannot be read: {exception.Message.TrimEnd('.')}. It holds entries like {{ \"test\": \"Namespace.Class.Method\", \"reason\": \"…\", \"expires\": \"2027-01-31\" }}.",
                exception);
        }
    }

    /// <summary>Why and until when a test's failure is muted; null where it is not.</summary>
    public string? ReasonFor(string className, string methodName, string name) =>
        (_tests.TryGetValue($"{className}.{name}", out var test) || _tests.TryGetValue($"{className}.{methodName}", out test))
            ? string.Create(CultureInfo.InvariantCulture, $"quarantined until {test.Expires:yyyy-MM-dd}: {test.Reason}")
            : null;

    private static bool IsIncomplete(QuarantinedTest? test) =>
        test is null || string.IsNullOrWhiteSpace(test.Test) || string.IsNullOrWhiteSpace(test.Reason) || test.Expires == default;
}
