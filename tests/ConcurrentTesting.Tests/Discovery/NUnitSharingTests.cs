using ConcurrentTesting.Catalog;
using ConcurrentTesting.Discovery;
using NUnit.Framework;
using Shouldly;
using Xunit;

namespace NUnit.Framework
{
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class OrderAttribute(int order) : Attribute
    {
        public int Order => order;
    }
}

namespace ConcurrentTesting.Tests.Discovery
{
    public sealed class NUnitSharingTests
    {
        [Fact]
        public void Ordered_methods_need_each_other_within_one_fixture_and_its_arguments()
        {
            using var sharing = new NUnitSharing(new TestAssembly(typeof(NUnitSharingTests).Assembly.Location, "net10.0", TestFramework.NUnit, null));
            const string Orders = "ConcurrentTesting.Tests.Discovery.NUnitSharingTests+Orders";

            sharing.Of($"{Orders}(\"eu\")").Need.ShouldBe($"{Orders}(\"eu\")");
            sharing.Of($"{Orders}(\"us\")").Need.ShouldBe($"{Orders}(\"us\")");
            sharing.Of($"{Orders}(\"us\")").Ties.ShouldHaveSingleItem().Name.ShouldBe(Orders);
        }

        private static class Orders
        {
            [Order(1)]
            public static int Create() => 1;
        }
    }
}
