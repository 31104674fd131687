using System.Collections.Immutable;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Html;

public sealed class HtmlTestDetailsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_flaky_test_is_shown_where_it_failed_last()
    {
        var flaky = Details(FailedAt(3), FailedAt(12) with { Number = 2 }, RecordedRun.Attempt(number: 3));

        flaky.GetProperty("place").GetString().ShouldBe("BasketTests.cs:12");
        flaky.GetProperty("source").GetProperty("line").GetInt32().ShouldBe(12);
        flaky.GetProperty("source").GetProperty("lines").EnumerateArray().Select(line => line.GetString()).ShouldContain("// line 12");
    }

    [Fact]
    public void A_test_that_never_failed_has_no_source() => Details(RecordedRun.Attempt()).TryGetProperty("source", out _).ShouldBeFalse();

    private TestAttempt FailedAt(int line) => RecordedRun.Attempt(TestOutcome.Failed) with
    {
        Message = "Expected 1, was 2.",
        StackTrace = $"   at Shop.Tests.BasketTests.Adds() in {_folder.File("BasketTests.cs")}:line {line}",
    };

    private JsonElement Details(params ImmutableArray<TestAttempt> attempts)
    {
        var file = _folder.File("BasketTests.cs");
        File.WriteAllLines(file, Enumerable.Range(1, 20).Select(number => $"// line {number}"));
        File.SetLastWriteTimeUtc(file, RecordedRun.Start.UtcDateTime.AddDays(-1));
        var test = RecordedRun.Test("Adds", attempts) with { SourceFile = file, Line = 1 };
        var details = new HtmlTestDetails(
            _folder.Path, ImmutableDictionary<string, ImmutableArray<PastResult>>.Empty, new ReportText(new Redactor()), new SourceLines(_folder.Path, RecordedRun.Start));
        return JsonDocument.Parse(details.Of(test)).RootElement;
    }
}
