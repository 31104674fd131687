using NUnit.Framework;

namespace Suites
{
    public class Plain
    {
        [Test]
        public void Passes()
        {
        }

        [Test, Ignore("not today")]
        public void Skipped()
        {
        }

        [TestCase(1)]
        [TestCase(2)]
        [TestCase(2)]
        public void Rows(int row) => Assert.That(row, Is.Positive);

        [TestCase(1, TestName = "Odd.name(1) 😀")]
        public void Named(int row) => Assert.That(row, Is.EqualTo(1));

        [Test]
        public void Random([Random(1, 1_000_000, 3)] int row) => Assert.That(row, Is.Positive);

        public class Nested
        {
            [Test]
            public void Inner()
            {
            }
        }
    }

    [TestFixture(1)]
    [TestFixture(2)]
    public class Parameterized(int number)
    {
        [Test]
        public void Holds() => Assert.That(number, Is.Positive);
    }

    [TestFixture(typeof(int))]
    [TestFixture(typeof(string))]
    public class Generic<T>
    {
        [Test]
        public void Holds() => Assert.That(typeof(T), Is.Not.Null);
    }

    public abstract class Base
    {
        [Test]
        public void Inherited()
        {
        }
    }

    public class FirstDerived : Base;

    public class SecondDerived : Base;

    [Category("ClassCategory"), Property("Area", "Billing"), Description("categorized")]
    public class Categorized
    {
        [Test]
        public void Plain()
        {
        }

        [Test, Category("Own"), Property("Speed", "Fast")]
        public void Own()
        {
        }

        [TestCase(1, Category = "RowCategory")]
        [TestCase(2)]
        [Category("MethodCategory")]
        public void Rows(int row) => Assert.That(row, Is.Positive);
    }

    public class Explicits
    {
        [Test]
        public void Usual()
        {
        }

        [Test, Explicit("on request"), Category("Mixed")]
        public void OnRequest()
        {
        }

        [Test, Category("Mixed")]
        public void Mixed()
        {
        }

        [TestCase(1, Explicit = true)]
        [TestCase(2)]
        public void Rows(int row) => Assert.That(row, Is.EqualTo(2));
    }

    [Explicit, Category("OnlyExplicit")]
    public class ExplicitFixture
    {
        [Test]
        public void One()
        {
        }

        [Test]
        public void Two()
        {
        }
    }

    [NonParallelizable, Property("ConcurrentTest", "Together:Pair")]
    public class MarkedFirst
    {
        [Test]
        public void One()
        {
        }
    }

    [NonParallelizable, Category("ConcurrentTest=Together:Pair")]
    public class MarkedSecond
    {
        [Test]
        public void Two()
        {
        }
    }

    namespace Ordered
    {
        [Order(1)]
        public class Earlier
        {
            [Test]
            public void First()
            {
            }
        }

        [Order(2)]
        public class Later
        {
            [Test]
            public void Second()
            {
            }
        }

        public class Whenever
        {
            [Test]
            public void Any()
            {
            }
        }
    }
}

namespace Suites.Prepared
{
    [SetUpFixture]
    public class Preparation
    {
        [OneTimeSetUp]
        public void SetUp()
        {
        }
    }

    public class Direct
    {
        [Test]
        public void One()
        {
        }
    }

    namespace Below
    {
        public class Deeper
        {
            [Test]
            public void Two()
            {
            }
        }
    }
}

namespace Suites.PreparedNot
{
    public class Beside
    {
        [Test]
        public void One()
        {
        }
    }
}
