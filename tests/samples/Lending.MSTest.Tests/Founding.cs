namespace Lending.MSTest.Tests;

/// <summary>What the whole suite shares: the founder's card.</summary>
[TestClass]
public sealed class Founding
{
    private static readonly Library Library = new(LendingDatabase.FromEnvironment(), TimeProvider.System, $"{nameof(Founding)} {Guid.NewGuid():N}");
    private static int _foundings;

    public static Member Founder { get; private set; } = null!;

    public static int Foundings => _foundings;

    [AssemblyInitialize]
    public static async Task FoundAsync(TestContext context)
    {
        if (Trouble.WideFixture("mstest"))
            throw new InvalidOperationException("Nobody founds a library: SAMPLE_WIDE_FIXTURE asks for it.");
        _foundings++;
        Founder = await new Given(Library).MemberAsync(name: "Founder");
        await Task.Delay(200, context.CancellationToken);
    }

    [AssemblyCleanup]
    public static Task CloseAsync() => Library.Journal.UndoInsertsAsync(Library.Actor);
}
