using Xunit;

#if XUNIT3
[assembly: AssemblyFixture(typeof(Troubled.Outside.AssemblyFixture))]
#endif

namespace Troubled.Outside;

public class UnknownRows
{
    [Theory]
    [MemberData(nameof(Thing.All), MemberType = typeof(Thing))]
    public void Row(Thing thing)
    {
        if (thing.Number == 7)
            BadEnd.IfAsked("ROW_END");
    }
}

public sealed class ClassFixture : IDisposable
{
    public void Dispose()
    {
        BadEnd.IfAsked("LATE_END");
        if (Trouble.IsAskedOnce("CLEANUP_INFRASTRUCTURE", typeof(CleanedByClass).Assembly.GetName().Name!))
            throw new ConcurrentTestInfrastructureException("TROUBLED_CLEANUP_INFRASTRUCTURE asks for it, once.");
        if (Trouble.IsAsked("CLEANUP", "class"))
            throw new InvalidOperationException("TROUBLED_CLEANUP asks for it.");
    }
}

#if XUNIT3
public sealed class CollectionFixture : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
#else
public sealed class CollectionFixture : IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
#endif
    {
        await Task.Yield();
        if (Trouble.IsAsked("CLEANUP", "collection"))
            throw new InvalidOperationException("TROUBLED_CLEANUP asks for it.");
    }
}

#if XUNIT3
public sealed class AssemblyFixture : IDisposable
{
    public void Dispose()
    {
        if (Trouble.IsAsked("CLEANUP", "assembly"))
            throw new InvalidOperationException("TROUBLED_CLEANUP asks for it.");
    }
}
#endif

[CollectionDefinition("Cleaned")]
public class CleanedDefinition : ICollectionFixture<CollectionFixture>;

public class CleanedByClass : IClassFixture<ClassFixture>
{
    [Fact]
    public void Passes()
    {
    }
}

[Collection("Cleaned")]
public class CleanedByCollection
{
    [Fact]
    public void Passes()
    {
    }
}
