namespace Nuke.Common;

internal sealed class WhenDisposed(Action action) : IDisposable
{
    public void Dispose() => action();
}
