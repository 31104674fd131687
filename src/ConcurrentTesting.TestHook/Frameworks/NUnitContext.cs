using System.Reflection;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>
/// NUnit: the execution context flows with the test and names it, in shared set-ups and tear-downs it names a suite. A case's begin and end come from the
/// adapter, which tells them on the test's thread because the run settings ask for it.
/// </summary>
internal sealed class NUnitContext(Ledger ledger) : IFrameworkContext
{
    private readonly OwnedTallies<Tally> _tallies = new();
    private readonly object _gate = new();
    private Assembly? _framework;
    private Shape? _shape;
    private TestScope? _running;
    private TestCaseIdentity _runningCase;
    private bool _isBound;

    public Tally Current()
    {
        if (_framework is null)
            return ledger.NoTest;
        _shape ??= Shape.Of(_framework);
        if (_shape.Context() is not { } context || _shape.CurrentTest(context) is not { } test)
            return ledger.NoTest;
        return _tallies.Of(test, TallyOf);
    }

    public void Loaded(Assembly assembly, string name)
    {
        if (name == "nunit.framework")
            _framework = assembly;
    }

    public void CaseStarted(TestCaseIdentity testCase)
    {
        var scope = ledger.Add(testCase.Id, "", testCase.DisplayName, isWholeCase: true);
        lock (_gate)
        {
            _running = scope;
            _runningCase = testCase;
            _isBound = false;
        }

        scope.Begin();
    }

    public void CaseEnded(TestCaseIdentity testCase)
    {
        TestScope scope;
        lock (_gate)
        {
            if (_running is null || _runningCase.Id != testCase.Id)
                return;
            scope = _running;
            _running = null;
        }

        scope.End();
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

    // The first command of a test: which of VSTest's cases it is. A test that has ended and was quiet till now is not the running one.
    private Tally TallyOf(object test)
    {
        var shape = _shape!;
        if (shape.IsSuite(test) is true)
            return ledger.Fixtures;
        var fullName = (string?)shape.FullName(test) ?? "";
        var name = (string?)shape.Name(test) ?? "";
        lock (_gate)
        {
            if (_running is { } running && !_isBound && (_runningCase.FullyQualifiedName == fullName || _runningCase.DisplayName == name))
            {
                _isBound = true;
                return running;
            }
        }

        return ledger.Add(Guid.Empty, (string?)shape.ClassName(test) ?? "", name, isWholeCase: false);
    }

    private sealed record Shape(
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
            return new Shape(
                ContextOf(context),
                Members.Getter(context, "CurrentTest") ?? throw Missing("TestExecutionContext.CurrentTest"),
                Members.Getter(test, "IsSuite") ?? throw Missing("Test.IsSuite"),
                Members.Getter(test, "FullName") ?? throw Missing("Test.FullName"),
                Members.Getter(test, "Name") ?? throw Missing("Test.Name"),
                Members.Getter(test, "ClassName") ?? throw Missing("Test.ClassName"));
        }

        // The property invents a context where there is none; the field behind it does not.
        private static Func<object?> ContextOf(Type context)
        {
            var local = Members.StaticField(context, "AsyncLocalCurrentContext");
            if (Members.Getter(local?.GetType(), "Value") is { } value)
                return () => value(local!);
            return Members.StaticGetter(context, "CurrentContext") ?? throw Missing("TestExecutionContext.CurrentContext");
        }

        private static MissingMemberException Missing(string member) => new($"nunit.framework has no {member}");
    }
}
