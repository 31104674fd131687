namespace Lending.XUnit3.Tests.Notices;

/// <summary>Takes its time, refuses the first few, keeps the rest.</summary>
public sealed class Mailbox(int milliseconds = 0, int refusals = 0, Func<Task>? beforeTaking = null) : IMailbox
{
    private readonly List<string> _letters = [];

    public int Attempts { get; private set; }

    public IReadOnlyList<string> Letters => _letters;

    public async Task SendAsync(string address, string body, CancellationToken cancellation)
    {
        Attempts++;
        await Task.Delay(milliseconds, cancellation);
        if (Attempts <= refusals)
            throw new IOException("The mailbox is full.");
        if (beforeTaking is not null)
            await beforeTaking();
        _letters.Add($"{address}\n{body}");
    }
}
