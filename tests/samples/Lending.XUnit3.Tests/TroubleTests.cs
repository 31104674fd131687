namespace Lending.XUnit3.Tests;

/// <summary>Green, unless a variable asks for trouble. Who crashes or hangs has written to the database before.</summary>
public class TroubleTests(ITestOutputHelper output) : LibraryTest
{
    private const string Me = "xunit3";

    [Fact]
    public void Fails_when_asked_to() => Assert.False(Trouble.Fail(Me), "SAMPLE_FAIL asks for it.");

    [Fact]
    public void Fails_the_first_time_when_asked_to() => Assert.False(Trouble.FlakesNow(Me), "SAMPLE_FLAKY asks for it, the first time.");

    [Fact]
    public async Task Ends_its_process_when_asked_to()
    {
        await Given.MemberAsync();
        if (Trouble.Crash(Me))
            Environment.FailFast("SAMPLE_CRASH asks for it.");
    }

    [Fact]
    public async Task Never_ends_when_asked_to()
    {
        await Given.MemberAsync();
        if (Trouble.Hang(Me))
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
    }

    [Fact]
    public void Talks_a_lot_when_asked_to()
    {
        if (!Trouble.Chatty(Me))
            return;
        foreach (var line in Trouble.ChattyLines())
            output.WriteLine(line);
    }

    [Fact]
    public void Talks_to_the_console_a_lot_when_asked_to()
    {
        if (!Trouble.Chatty(Me))
            return;
        foreach (var line in Trouble.ChattyLines())
            Console.WriteLine(line);
    }
}

public sealed class FragileFixture
{
    public FragileFixture()
    {
        if (Trouble.ClassFixture("xunit3"))
            throw new InvalidOperationException("SAMPLE_FIXTURE asks for it.");
    }
}

public class FragileFixtureTests(FragileFixture fixture) : IClassFixture<FragileFixture>
{
    [Fact]
    public void Runs_where_the_fixture_holds() => Assert.NotNull(fixture);

    [Theory]
    [InlineData("one")]
    [InlineData("two")]
    public void Runs_with_rows_where_the_fixture_holds(string row) => Assert.NotEmpty(row);
}
