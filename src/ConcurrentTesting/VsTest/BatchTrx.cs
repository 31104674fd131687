using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;
using TestResult = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult;
using VsOutcome = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestOutcome;

namespace ConcurrentTesting.VsTest;

/// <summary>What the TRX of a batch tells, in the order in which it was told, as far as nothing in it is unusual. Not
/// thread-safe.</summary>
/// <param name="skipped">The platform's own words for a skipped test, with a place for its name.</param>
internal sealed class BatchTrx(string skipped)
{
    // A row with a parent is nested in its parent's row, and an ordered test holds other tests.
    private static readonly ImmutableArray<string> OfNestedResults = ["ParentExecId", "TestType"];
    private static readonly ImmutableArray<string> OfUnusualTests = ["MSTestDiscoverer.TmiTestId", "WorkItemIds"];
    private const string ExecutionId = "ExecutionId";

    private readonly List<BatchTrxEvent> _events = [];
    private readonly List<BatchTrxRow> _rows = [];
    private readonly List<BatchTrxMessage> _troubles = [];
    private readonly Dictionary<Guid, BatchTrxTest> _tests = [];
    private readonly HashSet<Guid> _ids = [];
    private readonly StringBuilder _said = new();

    public DateTime Begun { get; } = DateTime.UtcNow;

    /// <summary>All that was told.</summary>
    public IReadOnlyList<BatchTrxEvent> Events => _events;

    public IReadOnlyList<BatchTrxRow> Rows => _rows;

    public IReadOnlyCollection<BatchTrxTest> Tests => _tests.Values;

    /// <summary>Warnings and errors of the run as a whole.</summary>
    public IReadOnlyList<BatchTrxMessage> Troubles => _troubles;

    public string Said => _said.ToString();

    public bool HasFailed { get; private set; }

    /// <returns>False: it is of an unusual kind, and was not added.</returns>
    public bool Add(TestResult result)
    {
        var id = IdOf(result);
        if (!IsUsual(result) || !_ids.Add(id))
            return false;
        _events.Add(new BatchTrxEvent(result, null));
        if (!_tests.TryGetValue(result.TestCase.Id, out var test))
            _tests.Add(result.TestCase.Id, test = new BatchTrxTest(result.TestCase, id));
        _rows.Add(new BatchTrxRow(result, test, id));
        HasFailed |= result.Outcome == VsOutcome.Failed;
        if (result.Outcome == VsOutcome.Skipped)
            _said.AppendLine(string.Format(CultureInfo.CurrentCulture, skipped, result.TestCase.DisplayName));
        return true;
    }

    public void Add(TestMessageLevel level, string text)
    {
        var message = new BatchTrxMessage(level, text, DateTime.UtcNow);
        _events.Add(new BatchTrxEvent(null, message));
        if (level == TestMessageLevel.Informational)
            _said.AppendLine(text);
        else
            _troubles.Add(message);
        HasFailed |= level == TestMessageLevel.Error;
    }

    private static bool IsUsual(TestResult result) =>
        result.Attachments.Count == 0
        && !result.GetProperties().Any(property => OfNestedResults.Contains(property.Key.Id) && !Equals(property.Value, Guid.Empty))
        && !result.TestCase.GetProperties().Any(property => OfUnusualTests.Contains(property.Key.Id))
        && result.Messages.All(message => !string.IsNullOrEmpty(message?.Text));

    private static Guid IdOf(TestResult result) =>
        result.GetProperties().FirstOrDefault(property => property.Key.Id == ExecutionId).Value is Guid id && id != Guid.Empty
            ? id
            : Guid.NewGuid();
}

/// <summary>Either of the two.</summary>
internal readonly record struct BatchTrxEvent(TestResult? Result, BatchTrxMessage? Message);

/// <summary>What was said beside the tests.</summary>
internal sealed record BatchTrxMessage(TestMessageLevel Level, string Text, DateTime At);

/// <summary>A result, and its test as it is described, which is as it was first told.</summary>
internal readonly record struct BatchTrxRow(TestResult Result, BatchTrxTest Test, Guid ExecutionId);

/// <summary>A test as the SDK's logger describes it.</summary>
/// <param name="ExecutionId">The id of its first result.</param>
internal sealed record BatchTrxTest(TestCase Case, Guid ExecutionId)
{
    private const string CategoryProperty = "MSTestDiscoverer.TestCategory";

    // These characters are taken out of a category's name.
    private static readonly ImmutableArray<string> NotInCategories = ["&", "|", "!", ","];

    public string ClassName { get; } = ClassOf(Case);

    /// <summary>What of the full name is not the class's.</summary>
    public string MethodName => Case.FullyQualifiedName.StartsWith(ClassName + ".", StringComparison.CurrentCulture)
        ? Case.FullyQualifiedName[(ClassName.Length + 1)..]
        : Case.FullyQualifiedName;

    public int? Priority => int.TryParse(TraitOf("Priority"), out var priority) && priority != int.MaxValue ? priority : null;

    public string? Owner => TraitOf("Owner") is { Length: > 0 } owner ? owner : null;

    public IEnumerable<string> Categories =>
        (Case.GetProperties().FirstOrDefault(property => property.Key.Id == CategoryProperty).Value as string[] ?? [])
        .Select(category => NotInCategories.Aggregate(
            (category ?? "").Trim(), (name, part) => name.Replace(part, "", StringComparison.Ordinal)))
        .Where(category => category.Length > 0)
        .Distinct(StringComparer.OrdinalIgnoreCase);

    private string? TraitOf(string name) => Case.Traits.FirstOrDefault(trait => trait.Name == name)?.Value;

    private static string ClassOf(TestCase test)
    {
        var (full, name) = (test.FullyQualifiedName, test.DisplayName);
        var holder = !full.Equals(name, StringComparison.OrdinalIgnoreCase) && full.EndsWith(name, StringComparison.CurrentCulture)
            && name.Length <= full.Length
            ? full[..^name.Length]
            : full;
        if (holder.LastIndexOf('.') is >= 0 and var dot)
            return holder[..dot];
        return holder.LastIndexOf("::", StringComparison.Ordinal) is >= 0 and var colons
            ? holder[..colons].Replace("::", ".", StringComparison.Ordinal)
            : OfFile(test.Source);
    }

    private static string OfFile(string source) =>
        Path.GetFileNameWithoutExtension(source) is { Length: > 0 } name ? name : "DefaultClassName";
}
