using NUnit.Framework;

namespace Plainly
{
    public class Ordinary
    {
        [Test]
        public void Passes()
        {
        }

        [Test, Explicit]
        public void OnRequest()
        {
        }

        [Test, Explicit("with a reason"), Category("Slow")]
        public void OnRequestSlow()
        {
        }

        [Test, Category("Slow")]
        public void Slow()
        {
        }

        [TestCase(1), TestCase(2, Explicit = true), TestCase(3, Category = "RowCat"), Category("Rows")]
        public void Rows(int row)
        {
        }

        [Test, Ignore("ignored")]
        public void Ignored()
        {
        }
    }

    [Explicit]
    public class WholeFixture
    {
        [Test]
        public void InExplicitFixture()
        {
        }

        [Test, Category("Slow")]
        public void InExplicitFixtureSlow()
        {
        }
    }

    [Explicit, Category("Lonely")]
    public class Lonely
    {
        [Test]
        public void LonelyTest()
        {
        }
    }
}

namespace Around
{
    [SetUpFixture, Explicit]
    public class SetUp;

    public class Inner
    {
        [Test]
        public void InExplicitNamespace()
        {
        }

        [Test, Category("Slow")]
        public void InExplicitNamespaceSlow()
        {
        }
    }
}

namespace Many
{
    public class Rows
    {
        [Test, Explicit]
        public void BesideMany()
        {
        }

        [Test]
        public void One([Range(1, 20)] int row)
        {
        }
    }

    [Explicit]
    public class ExplicitRows
    {
        [Test]
        public void Each([Range(1, 21)] int row)
        {
        }
    }
}
