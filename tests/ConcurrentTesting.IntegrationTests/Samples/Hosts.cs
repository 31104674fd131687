using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>
/// The two ways in which test processes start, for tests of what becomes of results, processes and faults: those run on both. What they
/// never meet (queues, plans, timings, reports, databases) is tested on the one that a run takes by itself.
/// </summary>
internal static class Hosts
{
    public const string Direct = "direct";
    public const string Console = "console";

    public static TheoryData<string> Both => [Direct, Console];

    /// <summary>Each of these with each host.</summary>
    public static TheoryData<string, string> With(params string[] suites)
    {
        var data = new TheoryData<string, string>();
        foreach (var suite in suites)
        {
            data.Add(suite, Direct);
            data.Add(suite, Console);
        }

        return data;
    }
}
