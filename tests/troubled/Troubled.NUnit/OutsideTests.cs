using NUnit.Framework;

namespace Troubled.Outside;

public class CleanedByClass
{
    [Test]
    public void Passes()
    {
    }

    [OneTimeTearDown]
    public void CleanUp()
    {
        BadEnd.IfAsked("LATE_END");
        if (Trouble.IsAskedOnce("CLEANUP_INFRASTRUCTURE", typeof(CleanedByClass).Assembly.GetName().Name!))
            throw new ConcurrentTestInfrastructureException("TROUBLED_CLEANUP_INFRASTRUCTURE asks for it, once.");
        if (Trouble.IsAsked("CLEANUP", "class"))
            throw new InvalidOperationException("TROUBLED_CLEANUP asks for it.");
    }
}

[SetUpFixture]
public class AllOfThem
{
    [OneTimeTearDown]
    public void CleanUp()
    {
        if (Trouble.IsAsked("CLEANUP", "namespace"))
            throw new InvalidOperationException("TROUBLED_CLEANUP asks for it.");
    }
}
