using ConcurrentTesting.Discovery;

namespace ConcurrentTesting.Execution;

/// <summary>Selects tests by the names of their methods, where their ids or row names differ from process to process or cannot be asked for.</summary>
/// <param name="Filter">In VSTest's language.</param>
/// <param name="NUnitWhere">In NUnit's, which finds methods whatever their rows are called.</param>
internal sealed record NameSelection(string Filter, string NUnitWhere)
{
    public static NameSelection Of(IReadOnlyCollection<TestEntry> entries) => new(
        string.Join('|', entries.Select(entry => PlainPrefix(entry.Cases[0].FullyQualifiedName)).Distinct().Select(name => $"FullyQualifiedName~{name}")),
        string.Join(" or ", entries.Select(entry => (entry.ClassName, entry.MethodName)).Distinct().Select(test => $"(class=='{test.ClassName}' and method=='{test.MethodName}')")));

    // A character that has a meaning in filters, or that an adapter cannot pass on, would select something else.
    private static string PlainPrefix(string name) => string.Concat(name.TakeWhile(character => char.IsLetterOrDigit(character) || character is '.' or '_'));
}
