/// <summary>Ends a target for a reason that a user can mend: NUKE logs exceptions as text, and this one is its reason alone.</summary>
internal sealed class TargetFailedException(string reason) : Exception(reason)
{
    public override string ToString() => Message;
}
