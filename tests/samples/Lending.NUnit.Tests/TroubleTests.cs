namespace Lending.NUnit.Tests;

/// <summary>Green, unless a variable asks for trouble. Who crashes or hangs has written to the database before.</summary>
[TestFixture]
public class TroubleTests : LibraryTest
{
    private const string Me = "nunit";

    [Test]
    public void Fails_when_asked_to() => Assert.That(Trouble.Fail(Me), Is.False, "SAMPLE_FAIL asks for it.");

    [Test]
    public void Fails_the_first_time_when_asked_to() => Assert.That(Trouble.FlakesNow(Me), Is.False, "SAMPLE_FLAKY asks for it, the first time.");

    [Test]
    public async Task Ends_its_process_when_asked_to()
    {
        await Given.MemberAsync();
        if (Trouble.Crash(Me))
            Environment.FailFast("SAMPLE_CRASH asks for it.");
    }

    [Test]
    public async Task Never_ends_when_asked_to()
    {
        await Given.MemberAsync();
        if (Trouble.Hang(Me))
            await Task.Delay(Timeout.Infinite);
    }

    [Test]
    public void Talks_a_lot_when_asked_to()
    {
        if (!Trouble.Chatty(Me))
            return;
        foreach (var line in Trouble.ChattyLines())
            Console.WriteLine(line);
    }
}

[TestFixture]
public class FragileFixtureTests
{
    [OneTimeSetUp]
    public void BreakWhenAskedTo()
    {
        if (Trouble.ClassFixture("nunit"))
            throw new InvalidOperationException("SAMPLE_FIXTURE asks for it.");
    }

    [Test]
    public void Runs_where_the_fixture_holds() => Assert.Pass();

    [TestCase("one")]
    [TestCase("two")]
    public void Runs_with_rows_where_the_fixture_holds(string row) => Assert.That(row, Is.Not.Empty);
}
