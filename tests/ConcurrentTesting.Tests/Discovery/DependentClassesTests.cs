using System.Diagnostics;
using ConcurrentTesting.Discovery;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Discovery;

public sealed class DependentClassesTests
{
    [Fact]
    public void A_generic_class_is_tied_to_what_it_depends_on()
    {
        using var types = new TypeHierarchy(typeof(DependentClassesTests).Assembly.Location);
        var classes = new DependentClasses(types, "System.Diagnostics.DebuggerTypeProxyAttribute");
        const string Here = "ConcurrentTesting.Tests.Discovery.DependentClassesTests";

        classes.TieOf($"{Here}+Repository").ShouldNotBeNull().Name.ShouldBe(classes.TieOf($"{Here}+Seed")?.Name);
        classes.TieOf(Here).ShouldBeNull();
    }

    private sealed class Seed;

    [DebuggerTypeProxy(typeof(Seed))]
    private sealed class Repository<T>
    {
        public T? Found { get; set; }
    }
}
