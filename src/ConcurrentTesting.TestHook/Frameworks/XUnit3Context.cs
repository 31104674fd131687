using System.Reflection;
using System.Security.Cryptography;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>xunit v3: <c>TestContext.Current</c> flows with the test and names it, its fixtures have one without a test. It is set on the
/// test's own thread before its construction and after its disposal, while xunit's events tell of its method alone.</summary>
internal sealed class XUnit3Context(Ledger ledger, Action<string, Exception> report) : IFrameworkContext
{
    // The adapter makes VSTest's id of a case from this and xunit's own id.
    private const string AdapterUri = "executor://xunit/VsTestRunner3/netcore/";

    private readonly OwnedTallies<TestScope> _scopes = new();
    private Assembly? _framework;
    private Shape? _shape;

    // The test whose context was set last; null where that context belonged to no test.
    private volatile object? _latest;

    public Tally Current()
    {
        if (Context() is not { } context || _shape is not { } shape)
            return ledger.Untold();
        if (shape.Test(context) is { } test)
            return ScopeOf(test, shape);
        return shape.TestAssembly(context) is null ? Untold(shape) : ledger.Fixtures;
    }

    public void Loaded(Assembly assembly, string name)
    {
        if (name != "xunit.v3.core")
            return;
        _framework = assembly;
        if (Members.AsyncLocalOf(assembly.GetType(Shape.Context, throwOnError: true)!) is { } local)
            Members.Watch(local, ContextSet);
    }

    public void TestStarted(string displayName)
    {
        if (Context() is { } context && _shape is { } shape && shape.Test(context) is { } test)
            ScopeOf(test, shape).Begin();
    }

    public void TestStopped(string displayName)
    {
        if (Context() is not { } context || _shape is not { } shape || shape.Test(context) is not { } test)
            return;
        var scope = ScopeOf(test, shape);
        scope.End();
        ledger.Send(scope);
    }

    // A test's work may come before its method and after it.
    private Tally Untold(Shape shape) =>
        ledger.Untold() is var tally && ReferenceEquals(tally, ledger.NoTest) && _latest is { } test ? ScopeOf(test, shape) : tally;

    // xunit calls this where it makes a context the current one, or where the thread's context becomes it by flowing there.
    private void ContextSet(object? context, bool byFlow)
    {
        try
        {
            if (byFlow || _framework is null)
                return;
            _shape ??= Shape.Of(_framework);
            _latest = context is null ? null : _shape.Test(context);
        }
        catch (Exception exception)
        {
            report("xunit context", exception);
        }
    }

    private object? Context()
    {
        if (_framework is null)
            return null;
        _shape ??= Shape.Of(_framework);
        return _shape.Current();
    }

    private TestScope ScopeOf(object test, Shape shape) => _scopes.Of(test, added =>
    {
        var displayName = (string?)shape.DisplayName(added) ?? "";
        var identity = shape.TestCase(added) is { } testCase
            ? TestIdentity.OfTest((string?)shape.ClassName(testCase) ?? "", displayName, IdOf((string?)shape.UniqueId(testCase) ?? ""))
            : TestIdentity.OfTest("", displayName);
        return ledger.Add(identity, isWholeCase: false);
    });

    private static Guid IdOf(string uniqueId)
    {
#pragma warning disable CA5350 // The adapter makes the id so; it is no secret.
        return new Guid(SHA1.HashData(Encoding.Unicode.GetBytes(AdapterUri + uniqueId)).AsSpan(0, 16));
#pragma warning restore CA5350
    }

    private sealed record Shape(
        Func<object?> Current,
        Func<object, object?> Test,
        Func<object, object?> TestAssembly,
        Func<object, object?> TestCase,
        Func<object, object?> UniqueId,
        Func<object, object?> ClassName,
        Func<object, object?> DisplayName)
    {
        public const string Context = "Xunit.TestContext";

        public static Shape Of(Assembly framework)
        {
            var context = framework.GetType(Context, throwOnError: true)!;
            var test = context.GetProperty("Test")!.PropertyType;
            var testCase = context.GetProperty("TestCase")!.PropertyType;
            return new Shape(
                Members.StaticGetter(context, "Current") ?? throw Missing("TestContext.Current"),
                Members.Getter(context, "Test") ?? throw Missing("TestContext.Test"),
                Members.Getter(context, "TestAssembly") ?? throw Missing("TestContext.TestAssembly"),
                Members.Getter(test, "TestCase") ?? throw Missing("ITest.TestCase"),
                Inherited(testCase, "UniqueID"),
                Inherited(testCase, "TestClassName"),
                Inherited(test, "TestDisplayName"));
        }

        // An interface's inherited properties are found at the interface that declares them.
        private static Func<object, object?> Inherited(Type type, string property) =>
            type.GetInterfaces().Prepend(type).Select(declaring => Members.Getter(declaring, property)).FirstOrDefault(
                getter => getter is not null)
            ?? throw Missing($"{type.Name}.{property}");

        private static MissingMemberException Missing(string member) => new($"xunit.v3.core has no {member}");
    }
}
