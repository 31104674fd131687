namespace Nuke.ConcurrentTest;

/// <summary>Ends the target. NUKE logs exceptions as text: the reason alone for what a user can mend, with the stack for a
/// defect.</summary>
internal sealed class TestRunFailedException(string reason, Exception? defect) : Exception(reason, defect)
{
    public override string ToString() => InnerException?.ToString() ?? Message;
}
