namespace Lending;

public enum Refusal
{
    UnknownMember,
    UnknownCopy,
    UnknownBook,
    UnknownBranch,
    MemberBlocked,
    LoanLimitReached,
    CopyOnLoan,
    CopyWithdrawn,
    NotOnLoan,
    ReservedForAnother,
    FinesOwed,
    RenewalLimitReached,
    AlreadyReserved,
    NotReserved,
    StillLent,
    PaysTooMuch,
}

/// <summary>The library says no, and why.</summary>
public sealed class LendingRefusedException(Refusal reason, string message) : Exception(message)
{
    public Refusal Reason { get; } = reason;
}
