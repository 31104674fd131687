using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using ConcurrentTesting.TestHook.Measuring;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>
/// NUnit: the execution context flows with the test and names it, in shared set-ups and tear-downs it names a suite. A test begins where it becomes the context's, on its
/// own thread, and ends where the next begins. The adapter tells of VSTest's cases later, from a queue, before it tells their results; it can be made to tell them in time,
/// but then no test runs while results are sent.
/// </summary>
internal sealed class NUnitContext(Ledger ledger, Action<string, Exception> report) : IFrameworkContext
{
    // More are looked for in vain: theirs are no names that VSTest knows. They are told by their own names.
    private const int MostUntold = 4096;

    private readonly OwnedTallies<Tally> _tallies = new();
    private readonly object _gate = new();

    // Tests that have begun and of which the adapter has not told yet, and the other way round; both in the order they run in.
    private readonly LinkedList<BegunTest> _begun = [];
    private readonly LinkedList<TestCaseIdentity> _announced = [];
    private readonly Dictionary<Guid, TestScope> _told = [];
    private Assembly? _framework;
    private Shape? _shape;
    private TestScope? _running;

    public Tally Current()
    {
        if (_framework is null)
            return ledger.NoTest;
        _shape ??= Shape.Of(_framework);
        return _shape.Context() is { } context && _shape.CurrentTest(context) is { } test ? _tallies.Of(test, TallyOf) : ledger.NoTest;
    }

    public void Loaded(Assembly assembly, string name)
    {
        if (name != "nunit.framework")
            return;
        _framework = assembly;
        _shape = Shape.Of(assembly);
        _shape.Watch(ContextSet);
    }

    public void CaseStarted(TestCaseIdentity testCase)
    {
        lock (_gate)
        {
            if (TryTake(_begun, begun => begun.IsNamedBy(testCase), out var test))
                Pair(testCase, test.Scope);
            else
                _announced.AddLast(testCase);
        }
    }

    public void CaseEnded(TestCaseIdentity testCase)
    {
        TestScope? scope;
        lock (_gate)
        {
            var wasAnnounced = _announced.Remove(testCase);

            // NUnit hands names over in XML, which cannot hold all of them: what comes out has another name. The order is the same.
            if (wasAnnounced && TryTake(_begun, begun => !LegalText.Holds(begun.FullName), out var test))
                Pair(testCase, test.Scope);
            if (_told.Remove(testCase.Id, out scope))
                scope.End();
            else if (wasAnnounced)
                scope = ledger.Add(testCase.Id, "", testCase.DisplayName, isWholeCase: true);
        }

        if (scope is not null)
            ledger.Send(scope);
    }

    public void RunStarted()
    {
    }

    public void TestStarted(string displayName)
    {
    }

    public void TestStopped(string displayName)
    {
    }

    // Called where NUnit makes a context the current one, or the thread's context becomes it by flowing there.
    private void ContextSet(object? context, bool byFlow)
    {
        try
        {
            if (!byFlow && context is not null && _shape!.CurrentTest(context) is { } test && ReferenceEquals(_tallies.Of(test, TallyOf), ledger.Fixtures))
                BeginAfterRunning(null);
        }
        catch (Exception exception)
        {
            report("NUnit context", exception);
        }
    }

    // Called once for each test, at its begin.
    private Tally TallyOf(object test)
    {
        var shape = _shape!;
        if (shape.IsSuite(test) is true)
            return ledger.Fixtures;
        var scope = ledger.Add(Guid.Empty, (string?)shape.ClassName(test) ?? "", (string?)shape.Name(test) ?? "", isWholeCase: false);
        BeginAfterRunning(scope);
        Announce(new BegunTest(scope, (string?)shape.FullName(test) ?? ""));
        return scope;
    }

    private void BeginAfterRunning(TestScope? scope)
    {
        lock (_gate)
        {
            _running?.End();
            _running = scope;
            scope?.Begin();
        }
    }

    private void Announce(BegunTest test)
    {
        lock (_gate)
        {
            if (TryTake(_announced, test.IsNamedBy, out var testCase))
            {
                Pair(testCase, test.Scope);
                return;
            }

            _begun.AddLast(test);
            if (_begun.Count > MostUntold)
                _begun.RemoveFirst();
        }
    }

    private void Pair(TestCaseIdentity testCase, TestScope scope)
    {
        scope.Identify(testCase.Id, testCase.DisplayName);
        _told[testCase.Id] = scope;
    }

    // The first that is meant.
    private static bool TryTake<T>(LinkedList<T> waiting, Func<T, bool> isMeant, [MaybeNullWhen(false)] out T taken)
    {
        var next = waiting.First;
        while (next is not null && !isMeant(next.Value))
            next = next.Next;
        taken = next is null ? default : next.Value;
        if (next is not null)
            waiting.Remove(next);
        return next is not null;
    }

    private sealed record BegunTest(TestScope Scope, string FullName)
    {
        // By default the adapter gives a case NUnit's full name; it can be told to give it the method's.
        public bool IsNamedBy(TestCaseIdentity testCase) =>
            testCase.FullyQualifiedName == FullName
            || (testCase.DisplayName == Scope.DisplayName && testCase.FullyQualifiedName.StartsWith(Scope.ClassName + ".", StringComparison.Ordinal));
    }

    private sealed record Shape(
        object? Local,
        Func<object?> Context,
        Func<object, object?> CurrentTest,
        Func<object, object?> IsSuite,
        Func<object, object?> FullName,
        Func<object, object?> Name,
        Func<object, object?> ClassName)
    {
        public static Shape Of(Assembly framework)
        {
            var context = framework.GetType("NUnit.Framework.Internal.TestExecutionContext", throwOnError: true)!;
            var test = framework.GetType("NUnit.Framework.Internal.Test", throwOnError: true)!;
            var local = Members.StaticField(context, "AsyncLocalCurrentContext");
            return new Shape(
                local,
                ContextOf(context, local),
                Members.Getter(context, "CurrentTest") ?? throw Missing("TestExecutionContext.CurrentTest"),
                Members.Getter(test, "IsSuite") ?? throw Missing("Test.IsSuite"),
                Members.Getter(test, "FullName") ?? throw Missing("Test.FullName"),
                Members.Getter(test, "Name") ?? throw Missing("Test.Name"),
                Members.Getter(test, "ClassName") ?? throw Missing("Test.ClassName"));
        }

        /// <summary>Has each setting of the context told. Without it a test begins with its first command, and its memory is not known.</summary>
        public void Watch(Action<object?, bool> set)
        {
            if (Local is not null)
                Members.Watch(Local, set);
        }

        // The property invents a context where there is none; the field behind it does not.
        private static Func<object?> ContextOf(Type context, object? local)
        {
            if (Members.Getter(local?.GetType(), "Value") is { } value)
                return () => value(local!);
            return Members.StaticGetter(context, "CurrentContext") ?? throw Missing("TestExecutionContext.CurrentContext");
        }

        private static MissingMemberException Missing(string member) => new($"nunit.framework has no {member}");
    }
}
