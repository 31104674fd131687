using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>Finds the entry of a result whose id was not asked for, in a batch that was selected by <see cref="NameSelection"/>.</summary>
internal static class NameMatch
{
    /// <param name="hasRoom">Whether an entry still lacks a result.</param>
    public static TestEntry? Find(ToldTest test, Batch batch, AskedTests asked, Func<TestEntry, bool> hasRoom)
    {
        var method = NameOf(test.IsMethodKnown, test.MethodName, test.DisplayName);
        if (asked.HasClass(batch.Assembly, test.ClassName))
            return batch.Entries.FirstOrDefault(entry => entry.ClassName == test.ClassName && NameOf(entry) == method && hasRoom(entry));

        // A fixture's arguments may differ from process to process too, so it is found by its type.
        var type = NUnitFixtures.WithoutArguments(test.ClassName);
        return batch.Entries.FirstOrDefault(
            entry => NUnitFixtures.WithoutArguments(entry.ClassName) == type && NameOf(entry) == method && hasRoom(entry));
    }

    private static string NameOf(TestEntry entry) => NameOf(entry.IsMethodKnown, entry.MethodName, entry.DisplayName);

    // A test without a known method was selected by the length of its name, and is found by it.
    private static string NameOf(bool isMethodKnown, string method, string displayName) =>
        isMethodKnown ? method : displayName.Length.ToString(CultureInfo.InvariantCulture);
}
