namespace Troubled.Outside;

[TestClass]
public class UnknownRows
{
    [TestMethod]
    [DynamicData(nameof(Thing.All), typeof(Thing))]
    public void Row(Thing thing)
    {
        if (thing.Number == 7)
            BadEnd.IfAsked("ROW_END");
    }
}

[TestClass]
public class CleanedByClass
{
    [TestMethod]
    public void Passes()
    {
    }

    [ClassCleanup]
    public static void CleanUp()
    {
        BadEnd.IfAsked("LATE_END");
        if (Trouble.IsAskedOnce("CLEANUP_INFRASTRUCTURE", typeof(CleanedByClass).Assembly.GetName().Name!))
            throw new ConcurrentTestInfrastructureException("TROUBLED_CLEANUP_INFRASTRUCTURE asks for it, once.");
        if (Trouble.IsAsked("CLEANUP", "class"))
            throw new InvalidOperationException("TROUBLED_CLEANUP asks for it.");
    }

    [AssemblyCleanup]
    public static void CleanUpAll()
    {
        if (Trouble.IsAsked("CLEANUP", "assembly"))
            throw new InvalidOperationException("TROUBLED_CLEANUP asks for it.");
    }
}
