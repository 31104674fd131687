using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>
/// MSTest: <c>TestContext.Current</c> flows with the test (from version 4 on); in the set-ups and tear-downs of classes and assemblies it names no test.
/// Where there is no such member, a case is what happens between its begin and its end.
/// </summary>
internal sealed class MSTestContext(Ledger ledger) : IFrameworkContext
{
    private readonly ConditionalWeakTable<object, ContextOwner> _owners = [];
    private readonly AsyncLocal<string?> _run = new();
    private readonly object _gate = new();
    private volatile Shape? _shape;
    private TestScope? _case;

    public Tally Current()
    {
        if (_shape is not { } shape)
            return Window();
        if (shape.Current() is not { } context)
            return _run.Value is null ? ledger.NoTest : ledger.Fixtures;
        if (!_owners.TryGetValue(context, out var owner))
            owner = _owners.GetValue(context, added => new ContextOwner(shape.NamesTest(added) ? RunningCase() : null));
        return owner.Row(ledger, shape, context) ?? ledger.Fixtures;
    }

    public void Loaded(Assembly assembly, string name)
    {
        // MSTest 3 and 4, and what 2 and some of 3 call it.
        if (name is "MSTest.TestFramework.Extensions" or "MSTest.TestFramework" or "Microsoft.VisualStudio.TestPlatform.TestFramework.Extensions")
            _shape ??= Shape.Of(assembly);
    }

    public void RunStarted() => _run.Value = "run";

    public void CaseStarted(TestCaseIdentity testCase)
    {
        var scope = ledger.Add(testCase.Id, "", testCase.DisplayName, isWholeCase: true);
        lock (_gate)
            _case = scope;
        scope.Begin();
    }

    public void CaseEnded(TestCaseIdentity testCase, bool wasSkipped)
    {
        TestScope scope;
        lock (_gate)
        {
            if (_case is null || _case.CaseId != testCase.Id)
                return;
            scope = _case;
            _case = null;
        }

        scope.End();
        ledger.Send(scope);
    }

    public void TestStarted(string displayName)
    {
    }

    public void TestStopped(string displayName)
    {
    }

    private Tally Window() => RunningCase() ?? (_run.Value is null ? ledger.NoTest : ledger.Fixtures);

    private TestScope? RunningCase()
    {
        lock (_gate)
            return _case;
    }

    /// <summary>Whose context it is. One context serves all rows of a case, one after another, each with data of its own.</summary>
    private sealed class ContextOwner(TestScope? testCase)
    {
        private object? _data;
        private TestScope? _row;

        public TestScope? Row(Ledger ledger, Shape shape, object context)
        {
            if (testCase is null || shape.TestData(context) is not { } data)
                return testCase;
            lock (this)
            {
                if (!ReferenceEquals(data, _data))
                {
                    _data = data;
                    _row = ledger.Add(testCase.CaseId, "", (string?)shape.DisplayName(context) ?? testCase.DisplayName, isWholeCase: false);
                }

                return _row;
            }
        }
    }

    private sealed record Shape(Func<object?> Current, Func<object, object?> TestData, Func<object, object?> DisplayName, Func<object, object?> Properties)
    {
        private const string TestNameProperty = "TestName";

        public static Shape? Of(Assembly framework) =>
            framework.GetType("Microsoft.VisualStudio.TestTools.UnitTesting.TestContext") is { } type
            && Members.StaticGetter(type, "Current") is { } current
            && Members.Getter(type, "TestData") is { } data
            && Members.Getter(type, "TestDisplayName") is { } name
            && Members.Getter(type, "Properties") is { } properties
                ? new Shape(current, data, name, properties)
                : null;

        // Asking the context for a name that it has not throws.
        public bool NamesTest(object context) => Properties(context) switch
        {
            IDictionary<string, object?> properties => properties.ContainsKey(TestNameProperty),
            IDictionary properties => properties.Contains(TestNameProperty),
            _ => true,
        };
    }
}
