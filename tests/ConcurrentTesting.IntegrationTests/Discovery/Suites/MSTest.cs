using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Suites;

[TestClass]
public class Plain
{
    public static IEnumerable<object[]> Objects => [[new object()], [new InvalidOperationException("row")]];

    [TestMethod]
    public void Passes()
    {
    }

    [TestMethod, Ignore("not today")]
    public void Skipped()
    {
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void Rows(int row) => Assert.IsGreaterThan(0, row);

    [TestMethod]
    [DataRow(1)]
    [DataRow(1)]
    public void SameRows(int row) => Assert.AreEqual(1, row);

    [TestMethod]
    [DynamicData(nameof(Objects))]
    public void UnserializableRows(object value) => Assert.IsNotNull(value);

    [TestMethod, TestCategory("Slow"), Priority(1), TestProperty("Area", "Billing")]
    public void Categorized()
    {
    }

    [TestClass]
    public class Nested
    {
        [TestMethod]
        public void Inner()
        {
        }
    }
}

public abstract class GenericBase<T>
{
    [TestMethod]
    public void Inherited() => Assert.IsNotNull(typeof(T));
}

[TestClass]
public class OfInt : GenericBase<int>;

[TestClass]
public class OfText : GenericBase<string>;

[TestClass]
public class Preparation
{
    [AssemblyInitialize]
    public static void SetUp(TestContext context)
    {
    }
}

[TestClass, DoNotParallelize, TestProperty("ConcurrentTest", "Together:Pair")]
public class MarkedFirst
{
    [TestMethod]
    public void One()
    {
    }
}

[TestClass, TestCategory("ConcurrentTest=Together:Pair")]
public class MarkedSecond
{
    [TestMethod, DoNotParallelize]
    public void Two()
    {
    }
}
