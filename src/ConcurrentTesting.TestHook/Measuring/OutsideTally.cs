namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>Work of no test's, which has no end at which it could be told: each change is told at once, because VSTest may end the process
/// after the last test.</summary>
internal sealed class OutsideTally(Action changed) : Tally
{
    protected override void Changed()
    {
        base.Changed();
        changed();
    }
}
