using NUnit.Framework;

namespace Troubled.Unknown;

/// <summary>Tests whose rows have other names in each process.</summary>
public abstract class UnknownTests
{
    [TestCaseSource(typeof(Thing), nameof(Thing.All))]
    public Task Row(Thing thing) => Task.Delay(thing.Number);

    [TestCaseSource(typeof(Thing), nameof(Thing.Others))]
    public Task Row_of_another_name_each_time(Thing thing, Guid id) => Task.Delay(thing.Number);
}

[TestFixture]
public class Unknown0 : UnknownTests;

[TestFixture]
public class Unknown1 : UnknownTests;

[TestFixture]
public class Unknown2 : UnknownTests;

[TestFixture]
public class Unknown3 : UnknownTests;

[TestFixture]
public class Unknown4 : UnknownTests;

[TestFixture]
public class Unknown5 : UnknownTests;

[TestFixture]
public class Unknown6 : UnknownTests;

[TestFixture]
public class Unknown7 : UnknownTests;
