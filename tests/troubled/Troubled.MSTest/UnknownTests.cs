namespace Troubled.Unknown;

/// <summary>Tests whose rows are only known when they run: one case with many results.</summary>
public abstract class UnknownTests
{
    [TestMethod]
    [DynamicData(nameof(Thing.All), typeof(Thing))]
    public Task Row(Thing thing) => Task.Delay(thing.Number);

    [TestMethod]
    [DynamicData(nameof(Thing.Others), typeof(Thing))]
    public Task Row_of_another_name_each_time(Thing thing, Guid id) => Task.Delay(thing.Number);
}

[TestClass]
public class Unknown0 : UnknownTests;

[TestClass]
public class Unknown1 : UnknownTests;

[TestClass]
public class Unknown2 : UnknownTests;

[TestClass]
public class Unknown3 : UnknownTests;

[TestClass]
public class Unknown4 : UnknownTests;

[TestClass]
public class Unknown5 : UnknownTests;

[TestClass]
public class Unknown6 : UnknownTests;

[TestClass]
public class Unknown7 : UnknownTests;
