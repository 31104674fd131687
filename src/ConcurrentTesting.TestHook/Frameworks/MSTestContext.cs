using System.Reflection;
using System.Runtime.CompilerServices;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>MSTest from 3.11 on: a context flows with the test and names it. It is set where a test or row begins, and once more for each
/// retry; rows may share one. In the set-ups and tear-downs of classes and assemblies it counts no run.</summary>
internal sealed class MSTestContext(Ledger ledger, Action<string, Exception> report) : IFrameworkContext
{
    private readonly ConditionalWeakTable<object, Row> _rows = [];
    private readonly object _gate = new();
    private readonly RunningTest _running = new(ledger);
    private Shape? _shape;
    private int _assembliesWithout;

    // The test whose context was set last; null where that context belonged to no test. MSTest removes it from its own thread where a test
    // begins to wait.
    private volatile TestScope? _latest;

    public Tally Current()
    {
        if (_shape?.Current() is not { } context)
            return ledger.Untold() is var tally && ReferenceEquals(tally, ledger.NoTest) && _latest is { } latest ? latest : tally;
        return _rows.TryGetValue(context, out var row) ? row.Tally : Begin(context);
    }

    public void Loaded(Assembly assembly, string name)
    {
        if (_shape is not null || Shape.TypeIn(name) is not { } type)
            return;
        if (Shape.Of(assembly.GetType(type, throwOnError: true)!) is { } shape)
        {
            _shape = shape;
            Members.Watch(shape.Local, ContextSet);
        }
        else if (++_assembliesWithout == Shape.Assemblies)
        {
            report("MSTest context", new MissingMemberException("MSTest keeps its TestContext in no AsyncLocal"));
        }
    }

    // MSTest calls this where it makes a context the current one or removes it, or where the thread's context becomes it by flowing there.
    private void ContextSet(object? context, bool byFlow)
    {
        try
        {
            if (byFlow)
                return;
            if (context is null)
                _running.Become(null);
            else
                Begin(context);
        }
        catch (Exception exception)
        {
            report("MSTest context", exception);
        }
    }

    private Tally Begin(object context)
    {
        var shape = _shape!;
        lock (_gate)
        {
            var runs = shape.RunCount(context);
            var data = shape.TestData(context);
            if (!_rows.TryGetValue(context, out var row) || (runs == 1 && !(ReferenceEquals(row.Data, data) && _running.Is(row.Tally))))
            {
                row = new Row(runs == 0 ? ledger.Fixtures : ledger.Add(shape.IdentityOf(context), isWholeCase: false), data);
                _rows.AddOrUpdate(context, row);
            }

            _latest = row.Tally as TestScope;
            _running.Become(_latest);
            return row.Tally;
        }
    }

    /// <summary>What a context stands for now.</summary>
    private sealed record Row(Tally Tally, object? Data);

    private sealed record Shape(
        object Local,
        Func<object, object?> Value,
        Func<object, object?> Runs,
        Func<object, object?> TestData,
        Func<object, object?> ClassName,
        Func<object, object?> TestName,
        Func<object, object?> DisplayName)
    {
        /// <summary>This many assemblies may hold the current context, and one of them does.</summary>
        public const int Assemblies = 2;

        public static string? TypeIn(string assembly) => assembly switch
        {
            "MSTest.TestFramework.Extensions" or "Microsoft.VisualStudio.TestPlatform.TestFramework.Extensions" =>
                "Microsoft.VisualStudio.TestTools.UnitTesting.TestContext",
            "MSTestAdapter.PlatformServices" or "Microsoft.VisualStudio.TestPlatform.MSTestAdapter.PlatformServices" =>
                "Microsoft.VisualStudio.TestPlatform.MSTestAdapter.PlatformServices.TestContextImplementation",
            _ => null,
        };

        public static Shape? Of(Type context)
        {
            if (Members.AsyncLocalOf(context) is not { } local)
                return null;
            return new Shape(
                local,
                Getter(local.GetType(), "Value"),
                Getter(context, "TestRunCount"),
                Getter(context, "TestData"),
                Getter(context, "FullyQualifiedTestClassName"),
                Getter(context, "TestName"),
                Getter(context, "TestDisplayName"));
        }

        public object? Current() => Value(Local);

        /// <summary>0 in set-ups and tear-downs that several tests share, more than 1 in a retry.</summary>
        public int RunCount(object context) => (int)Runs(context)!;

        public TestIdentity IdentityOf(object context) =>
            TestIdentity.OfTest((string?)ClassName(context) ?? "", (string?)DisplayName(context) ?? (string?)TestName(context) ?? "");

        private static Func<object, object?> Getter(Type type, string property) =>
            Members.Getter(type, property) ?? throw new MissingMemberException($"MSTest's {type.Name} has no {property}");
    }
}
