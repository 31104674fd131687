namespace ConcurrentTesting.Execution;

/// <summary>How often each test may be tried again after a fault that was not its own, with exponential delays and jitter. A test that is
/// to run several times has this budget for each time.</summary>
internal sealed class RetryBudget(int perTest, TimeSpan firstDelay, Random random)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<(TestEntry, int Round), int> _used = [];

    /// <summary>Takes one retry of the test's; false where it has none left.</summary>
    public bool TryTake(TestEntry entry, int? round)
    {
        lock (_gate)
        {
            var key = (entry, round ?? 1);
            var used = _used.GetValueOrDefault(key);
            if (used >= perTest)
                return false;

            _used[key] = used + 1;
            return true;
        }
    }

    /// <summary>The wait before the retry that was taken last.</summary>
    public TimeSpan DelayOf(TestEntry entry, int? round)
    {
        lock (_gate)
        {
            var used = _used.GetValueOrDefault((entry, round ?? 1));
            var delay = firstDelay * Math.Pow(2, Math.Max(0, used - 1)) * (0.75 + (random.NextDouble() / 2));
            return delay < LongestDelay ? delay : LongestDelay;
        }
    }

    /// <summary>How many retries of the test's were taken, where it is to run once.</summary>
    public int Used(TestEntry entry)
    {
        lock (_gate)
            return _used.GetValueOrDefault((entry, 1));
    }

    /// <summary>Remembers how many retries a test took elsewhere.</summary>
    public void Remember(TestEntry entry, int used)
    {
        lock (_gate)
            _used[(entry, 1)] = Math.Max(_used.GetValueOrDefault((entry, 1)), used);
    }
}
