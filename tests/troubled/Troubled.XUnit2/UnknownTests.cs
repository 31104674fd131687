using Xunit;

namespace Troubled.Unknown;

/// <summary>Tests whose rows are only known when they run: one case with many results.</summary>
public abstract class UnknownTests
{
    [Theory]
    [MemberData(nameof(Thing.All), MemberType = typeof(Thing))]
    public Task Row(Thing thing) => Task.Delay(thing.Number);

    [Theory]
    [MemberData(nameof(Thing.Others), MemberType = typeof(Thing))]
    public Task Row_of_another_name_each_time(Thing thing, Guid id) => Task.Delay(thing.Number);
}

public class Unknown0 : UnknownTests;

public class Unknown1 : UnknownTests;

public class Unknown2 : UnknownTests;

public class Unknown3 : UnknownTests;

public class Unknown4 : UnknownTests;

public class Unknown5 : UnknownTests;

public class Unknown6 : UnknownTests;

public class Unknown7 : UnknownTests;
