using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>The test cases behind an entry, as VSTest told them.</summary>
internal sealed record CasesPayload(ImmutableArray<TestCase> Cases) : TestPayload
{
    /// <summary>The cases of entries that were discovered through VSTest, in their order.</summary>
    public static ImmutableArray<TestCase> Of(IEnumerable<TestEntry> entries) =>
        [.. entries.SelectMany(entry => ((CasesPayload)entry.Payload).Cases)];
}
