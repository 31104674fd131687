using ConcurrentTesting.Reports.Text;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Text;

public sealed class SourceLinesTests : IDisposable
{
    private static readonly DateTimeOffset RunStartedAt = RecordedRun.Start;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(7, 3, "line 3|line 4|line 5|line 6|line 7|line 8|line 9|line 10|line 11")]
    [InlineData(1, 1, "line 1|line 2|line 3|line 4|line 5")]
    [InlineData(20, 16, "line 16|line 17|line 18|line 19|line 20")]
    public void The_lines_around_a_place_are_shown(int line, int first, string lines)
    {
        Write("src/Basket.cs");

        var excerpt = Around($"src/Basket.cs:{line}")!;

        excerpt.First.ShouldBe(first);
        excerpt.Line.ShouldBe(line);
        string.Join('|', excerpt.Lines).ShouldBe(lines);
    }

    [Theory]
    [InlineData("src/Basket.cs:21")]
    [InlineData("src/Basket.cs:0")]
    [InlineData("src/Basket.cs:-1")]
    [InlineData("src/Basket.cs")]
    [InlineData("src/None.cs:1")]
    [InlineData("src/.env:1")]
    [InlineData("src/../../outside.cs:1")]
    [InlineData("../outside.cs:1")]
    [InlineData("/etc/passwd:1")]
    [InlineData("src:1")]
    [InlineData(":1")]
    [InlineData("a\0b.cs:1")]
    [InlineData(null)]
    public void Nothing_is_read_but_lines_of_sources_in_the_repository(string? place)
    {
        Write("src/Basket.cs");
        Write("src/.env");
        File.WriteAllText(_folder.File("outside.cs"), "secret");
        File.SetLastWriteTimeUtc(_folder.File("outside.cs"), RunStartedAt.UtcDateTime.AddDays(-1));

        Around(place).ShouldBeNull();
    }

    [Fact]
    public void A_link_to_elsewhere_is_not_followed()
    {
        Write("src/Basket.cs");
        File.CreateSymbolicLink(_folder.File("repository", "link.cs"), "/etc/passwd");

        Around("link.cs:1").ShouldBeNull();
    }

    [Fact]
    public void A_source_that_was_changed_since_is_not_shown()
    {
        Write("src/Basket.cs", RunStartedAt.AddMinutes(1));

        Around("src/Basket.cs:7").ShouldBeNull();
    }

    private SourceExcerpt? Around(string? place) => new SourceLines(_folder.File("repository"), RunStartedAt).Around(place);

    private void Write(string name, DateTimeOffset? changedAt = null)
    {
        var path = _folder.File("repository", name);
        File.WriteAllLines(path, Enumerable.Range(1, 20).Select(number => $"line {number}"));
        File.SetLastWriteTimeUtc(path, (changedAt ?? RunStartedAt.AddDays(-1)).UtcDateTime);
    }
}
