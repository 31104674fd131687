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
    private CaseRun? _case;

    public Tally Current()
    {
        if (_shape is not { } shape)
            return Window();
        if (shape.Current() is not { } context)
            return _run.Value is null ? ledger.NoTest : ledger.Fixtures;
        if (!_owners.TryGetValue(context, out var owner))
            owner = _owners.GetValue(context, added => new ContextOwner(shape.NamesTest(added) ? RunningCase() : null));
        return owner.Case?.Row(shape, context) ?? ledger.Fixtures;
    }

    public void Loaded(Assembly assembly, string name)
    {
        // MSTest 3 and 4, and what 2 and some of 3 call it.
        if (name is "MSTest.TestFramework.Extensions" or "MSTest.TestFramework" or "Microsoft.VisualStudio.TestPlatform.TestFramework.Extensions")
            _shape ??= Shape.Of(assembly);
    }

    public void RunStarted() => _run.Value = "run";

    public void CaseStarted(TestIdentity testCase)
    {
        var run = new CaseRun(ledger, testCase);
        lock (_gate)
            _case = run;
    }

    public void CaseEnded(Guid caseId)
    {
        CaseRun run;
        lock (_gate)
        {
            if (_case is null || _case.Id != caseId)
                return;
            run = _case;
            _case = null;
        }

        run.End();
    }

    public void TestStarted(string displayName)
    {
    }

    public void TestStopped(string displayName)
    {
    }

    private Tally Window() => RunningCase()?.Current ?? (_run.Value is null ? ledger.NoTest : ledger.Fixtures);

    private CaseRun? RunningCase()
    {
        lock (_gate)
            return _case;
    }

    /// <param name="Case">Null for a context of shared set-ups and tear-downs.</param>
    private sealed record ContextOwner(CaseRun? Case);

    /// <summary>One case. Its rows run one after another and show by data of their own; a row that does nothing does not show.</summary>
    private sealed class CaseRun
    {
        private readonly object _gate = new();
        private readonly Ledger _ledger;
        private readonly TestIdentity _case;
        private TestScope _row;
        private object? _data;

        public CaseRun(Ledger ledger, TestIdentity testCase)
        {
            _ledger = ledger;
            _case = testCase;
            _row = NewRow();
        }

        public Guid Id => _case.CaseId;

        public TestScope Current
        {
            get
            {
                lock (_gate)
                    return _row;
            }
        }

        public TestScope Row(Shape shape, object context)
        {
            var data = shape.TestData(context);
            lock (_gate)
            {
                if (data is null || ReferenceEquals(data, _data))
                    return _row;
                if (_data is not null)
                {
                    EndRow();
                    _row = NewRow();
                }

                _data = data;
                _row.Name((string?)shape.DisplayName(context) ?? _case.DisplayName);
                return _row;
            }
        }

        public void End()
        {
            lock (_gate)
                EndRow();
        }

        private void EndRow()
        {
            _row.End();
            _ledger.Send(_row);
        }

        private TestScope NewRow()
        {
            var row = _ledger.Add(_case, isWholeCase: true);
            row.Begin();
            return row;
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
