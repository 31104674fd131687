namespace Lending.Tests;

/// <summary>How many tests run in this process right now.</summary>
public static class RunningTests
{
    private static readonly HashSet<Ticket> Now = [];
    private static readonly object Gate = new();

    public static Ticket Enter(string name)
    {
        var ticket = new Ticket(name);
        lock (Gate)
        {
            Now.Add(ticket);
            foreach (var running in Now)
                running.Saw(Now.Count);
        }

        return ticket;
    }

    /// <summary>One running test.</summary>
    public sealed class Ticket(string name) : IDisposable
    {
        public string Name { get; } = name;

        /// <summary>The most tests that ran at once while this one did, itself included.</summary>
        public int MostAtOnce { get; private set; }

        internal void Saw(int count) => MostAtOnce = Math.Max(MostAtOnce, count);

        public void Dispose()
        {
            lock (Gate)
                Now.Remove(this);
        }
    }
}
