using System.Globalization;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.Execution;

/// <summary>
/// Finds whose result it is that has no id of any test that was asked for, in a batch that was asked for by <see cref="NameSelection"/>.
/// </summary>
internal static class NameMatch
{
    /// <param name="hasRoom">Whether an entry still lacks a result.</param>
    public static TestEntry? Find(TestCase test, Batch batch, AskedTests asked, Func<TestEntry, bool> hasRoom)
    {
        var className = TestCaseNames.ClassOf(test, batch.Assembly.Framework);
        var method = MethodOf(test, batch.Assembly.Framework);
        if (asked.HasClass(batch.Assembly, className))
            return batch.Entries.FirstOrDefault(entry => entry.ClassName == className && MethodOf(entry) == method && hasRoom(entry));

        // A fixture whose arguments differ from process to process too: by its type.
        var type = NUnitFixtures.WithoutArguments(className);
        return batch.Entries.FirstOrDefault(entry => NUnitFixtures.WithoutArguments(entry.ClassName) == type && MethodOf(entry) == method && hasRoom(entry));
    }

    private static string MethodOf(TestEntry entry) => MethodOf(entry.Cases[0], entry.Assembly.Framework);

    // As it was selected: by the length of its name where no method is known.
    private static string MethodOf(TestCase test, TestFramework framework) => TestCaseNames.IsMethodKnown(test, framework)
        ? TestCaseNames.MethodOf(test, framework)
        : test.DisplayName.Length.ToString(CultureInfo.InvariantCulture);
}
