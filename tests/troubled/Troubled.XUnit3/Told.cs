using Xunit;

namespace Troubled.Told;

/// <summary>Results with everything that xunit v3 can say of them, where <c>TROUBLED_TOLD</c> asks for it.</summary>
public sealed class TestsThatSayMuch(ITestOutputHelper output)
{
    private static bool IsAsked => Environment.GetEnvironmentVariable("TROUBLED_TOLD") is not null;

    [Fact]
    public void Writes_and_attaches()
    {
        output.WriteLine("first line");
        output.WriteLine("second line with <markup> & \"quotes\"");
        Console.WriteLine("on the console");
        TestContext.Current.AddWarning("a warning");
        TestContext.Current.AddAttachment("notes: of/a test", "text");
        TestContext.Current.AddAttachment("pixels", new byte[] { 1, 2, 3 }, "image/png");
        TestContext.Current.AddAttachment("bytes", new byte[] { 4 }, "application/x-unknown");
    }

    [Fact]
    public void Fails_with_one_inside_another()
    {
        output.WriteLine("before it failed");
        if (!IsAsked)
            return;
        try
        {
            throw new InvalidOperationException("inner\nof two lines");
        }
        catch (InvalidOperationException inner)
        {
            throw new ArgumentException("outer", inner);
        }
    }

    [Fact]
    public void Fails_with_several()
    {
        if (IsAsked)
            throw new AggregateException(new InvalidOperationException("one"), new FormatException("two"));
    }

    [Fact]
    public void Fails_several_assertions() => Assert.Multiple(
        () => Assert.True(!IsAsked),
        () => Assert.Equal("expected", IsAsked ? "actual" : "expected"));

    [Fact]
    public void Skips_when_it_runs() => Assert.SkipWhen(IsAsked, "told when it ran");

    [Fact(Skip = "always")]
    public void Is_skipped() => Assert.Fail("it is skipped.");

    [Theory]
    [InlineData("it's \"quoted\" \\ and\ttabbed")]
    [InlineData("snow ☃ and a lone \ud800 surrogate")]
    [InlineData(null)]
    public void Rows_by_odd_names(string? text) => Assert.False(IsAsked && text is not null, text);
}
