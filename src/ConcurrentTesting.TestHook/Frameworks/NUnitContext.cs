using System.Reflection;
using ConcurrentTesting.TestHook.Measuring;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>NUnit: the execution context flows with the test and names it, in shared set-ups and tear-downs it names a suite. A test begins
/// where it becomes the context's, on its own thread, and ends where the next begins. VSTest's events are of no use: the adapter tells of
/// cases later, from a queue.</summary>
internal sealed class NUnitContext(Ledger ledger, Action<string, Exception> report) : IFrameworkContext
{
    private readonly OwnedTallies<Tally> _tallies = new();
    private readonly RunningTest _running = new(ledger);
    private Assembly? _framework;
    private Shape? _shape;

    public Tally Current()
    {
        if (_framework is null)
            return ledger.Untold();
        _shape ??= Shape.Of(_framework);
        return _shape.Context() is { } context && _shape.CurrentTest(context) is { } test ? _tallies.Of(test, TallyOf) : ledger.Untold();
    }

    public void Loaded(Assembly assembly, string name)
    {
        if (name != "nunit.framework")
            return;
        _framework = assembly;
        _shape = Shape.Of(assembly);
        _shape.Watch(ContextSet);
    }

    // NUnit calls this where it makes a context the current one, or where the thread's context becomes it by flowing there.
    private void ContextSet(object? context, bool byFlow)
    {
        try
        {
            if (!byFlow && context is not null && _shape!.CurrentTest(context) is { } test
                && ReferenceEquals(_tallies.Of(test, TallyOf), ledger.Fixtures))
                _running.Become(null);
        }
        catch (Exception exception)
        {
            report("NUnit context", exception);
        }
    }

    // This is called once for each test, when it begins.
    private Tally TallyOf(object test)
    {
        var shape = _shape!;
        if (shape.IsSuite(test) is true)
            return ledger.Fixtures;
        var scope = ledger.Add(shape.IdentityOf(test), isWholeCase: false);
        _running.Become(scope);
        return scope;
    }

    private sealed record Shape(
        object? Local,
        Func<object?> Context,
        Func<object, object?> CurrentTest,
        Func<object, object?> IsSuite,
        Func<object, object?> FullName,
        Func<object, object?> Name,
        Func<object, object?> FixtureType,
        Func<object, object?> TypeName,
        MethodInfo ToXml)
    {
        public static Shape Of(Assembly framework)
        {
            var context = framework.GetType("NUnit.Framework.Internal.TestExecutionContext", throwOnError: true)!;
            var test = framework.GetType("NUnit.Framework.Internal.Test", throwOnError: true)!;
            var local = Members.AsyncLocalOf(context);
            return new Shape(
                local,
                ContextOf(context, local),
                Members.Getter(context, "CurrentTest") ?? throw Missing("TestExecutionContext.CurrentTest"),
                Members.Getter(test, "IsSuite") ?? throw Missing("Test.IsSuite"),
                Members.Getter(test, "FullName") ?? throw Missing("Test.FullName"),
                Members.Getter(test, "Name") ?? throw Missing("Test.Name"),
                Members.Getter(test, "TypeInfo") ?? throw Missing("Test.TypeInfo"),
                Members.Getter(test.GetProperty("TypeInfo")!.PropertyType, "FullName") ?? throw Missing("ITypeInfo.FullName"),
                test.GetMethod("ToXml", [typeof(bool)]) ?? throw Missing("Test.ToXml"));
        }

        /// <summary>What VSTest knows the test by.</summary>
        public TestIdentity IdentityOf(object test)
        {
            var fullName = (string?)FullName(test) ?? "";
            var identity = new TestIdentity
            {
                CaseId = Guid.Empty,
                FullyQualifiedName = fullName,
                ClassName = FixtureType(test) is { } fixture ? (string?)TypeName(fixture) ?? "" : "",
                DisplayName = (string?)Name(test) ?? "",
            };
            return LegalText.Holds(fullName) ? identity : AsInXml(test, identity);
        }

        /// <summary>Has each setting of the context told. Without it a test begins with its first command, and its memory is not
        /// known.</summary>
        public void Watch(Action<object?, bool> set)
        {
            if (Local is not null)
                Members.Watch(Local, set);
        }

        // NUnit hands names over in XML, which cannot hold all of them, so a name is what NUnit makes of it there.
        private TestIdentity AsInXml(object test, TestIdentity identity)
        {
            var node = ToXml.Invoke(test, [false])!;
            var attributes = Members.Getter(node.GetType(), "Attributes")?.Invoke(node) ?? throw Missing("TNode.Attributes");
            var item = attributes.GetType().GetMethod("get_Item", [typeof(string)]) ?? throw Missing("TNode.Attributes[string]");
            return identity with
            {
                FullyQualifiedName = (string?)item.Invoke(attributes, ["fullname"]) ?? "",
                DisplayName = (string?)item.Invoke(attributes, ["name"]) ?? "",
            };
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
