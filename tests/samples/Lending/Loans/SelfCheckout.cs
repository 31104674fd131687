namespace Lending;

/// <summary>
/// A terminal where members lend books themselves. Whoever walks away is signed out: <see cref="SignedOut"/> completes when nothing was scanned
/// for <paramref name="patience"/>.
/// </summary>
public sealed class SelfCheckout(Library library, string card, TimeSpan patience) : IDisposable
{
    private readonly CancellationTokenSource _idle = new(patience);
    private readonly List<Loan> _loans = [];

    public IReadOnlyList<Loan> Loans => _loans;

    public bool IsSignedIn => !_idle.IsCancellationRequested;

    public Task SignedOut
    {
        get
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _idle.Token.Register(done.SetResult);
            return done.Task;
        }
    }

    public async Task<Loan> ScanAsync(string barcode)
    {
        if (!IsSignedIn)
            throw new InvalidOperationException("Signed out: hold your card to the reader again.");
        _idle.CancelAfter(patience);
        var loan = await library.Loans.LendAsync(card, barcode);
        _loans.Add(loan);
        return loan;
    }

    public void Dispose() => _idle.Dispose();
}
