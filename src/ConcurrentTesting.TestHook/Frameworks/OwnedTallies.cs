using System.Runtime.CompilerServices;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>The tally of each of a framework's tests, made once: parallel first commands of a test must not make two, of which one stays
/// empty and is taken for the test's.</summary>
internal sealed class OwnedTallies<T>
    where T : Tally
{
    private readonly ConditionalWeakTable<object, T> _tallies = [];
    private readonly object _gate = new();

    public T Of(object test, Func<object, T> add)
    {
        if (_tallies.TryGetValue(test, out var known))
            return known;
        lock (_gate)
        {
            if (!_tallies.TryGetValue(test, out known))
                _tallies.Add(test, known = add(test));
            return known;
        }
    }
}
