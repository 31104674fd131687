namespace Lending.MSTest.Tests;

/// <summary>Green, unless a variable asks for trouble. Who crashes or hangs has written to the database before.</summary>
[TestClass]
public class TroubleTests : LibraryTest
{
    private const string Me = "mstest";

    [TestMethod]
    public void Fails_when_asked_to() => Assert.IsFalse(Trouble.Fail(Me), "SAMPLE_FAIL asks for it.");

    [TestMethod]
    public void Fails_the_first_time_when_asked_to() => Assert.IsFalse(Trouble.FlakesNow(Me), "SAMPLE_FLAKY asks for it, the first time.");

    [TestMethod]
    public async Task Ends_its_process_when_asked_to()
    {
        await Given.MemberAsync();
        if (Trouble.Crash(Me))
            Environment.FailFast("SAMPLE_CRASH asks for it.");
    }

    [TestMethod]
    public async Task Never_ends_when_asked_to()
    {
        await Given.MemberAsync();
        if (Trouble.Hang(Me))
            await Task.Delay(Timeout.Infinite);
    }

    [TestMethod]
    public void Talks_a_lot_when_asked_to()
    {
        if (!Trouble.Chatty(Me))
            return;
        foreach (var line in Trouble.ChattyLines())
            Console.WriteLine(line);
    }
}

[TestClass]
public class FragileFixtureTests
{
    [ClassInitialize]
    public static void BreakWhenAskedTo(TestContext context)
    {
        if (Trouble.ClassFixture("mstest"))
            throw new InvalidOperationException($"SAMPLE_FIXTURE asks for it in {context.FullyQualifiedTestClassName}.");
    }

    [TestMethod]
    public void Runs_where_the_fixture_holds() => Assert.IsNotNull(typeof(FragileFixtureTests));

    [TestMethod]
    [DataRow("one")]
    [DataRow("two")]
    public void Runs_with_rows_where_the_fixture_holds(string row) => Assert.IsNotEmpty(row);
}
