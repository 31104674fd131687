using Lending.XUnit3.Tests;

[assembly: AssemblyFixture(typeof(OpeningDay))]

namespace Lending.XUnit3.Tests;

/// <summary>What the whole suite shares: a book that everybody wants, bought once.</summary>
public sealed class OpeningDay : IAsyncLifetime
{
    private static int _opened;

    private readonly Library _library = new(LendingDatabase.FromEnvironment(), TimeProvider.System, $"{nameof(OpeningDay)} {Guid.NewGuid():N}");

    public static int TimesOpened => _opened;

    public Book Bestseller { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Trouble.WideFixture("xunit3"))
            throw new InvalidOperationException("The doors stay closed: SAMPLE_WIDE_FIXTURE asks for it.");
        Interlocked.Increment(ref _opened);
        Bestseller = await new Given(_library).BookAsync("The Bestseller");
        await Task.Delay(250);
    }

    public async ValueTask DisposeAsync() => await _library.Journal.UndoInsertsAsync(_library.Actor);
}
