namespace SharedSetUp;

[TestClass]
public static class Season
{
    [AssemblyInitialize]
    public static void Open(TestContext _) => Theatre.Open();

    [AssemblyCleanup]
    public static void Close() => Theatre.Close();
}

public abstract class Part
{
    [TestMethod]
    public void One_comes() => Theatre.Visit($"one of {GetType().Name}");

    [TestMethod]
    public void Another_comes() => Theatre.Visit($"another of {GetType().Name}");
}

[TestClass]
public sealed class Actors : Part;

[TestClass]
public sealed class Balcony : Part;

[TestClass]
public sealed class Boxes : Part;

[TestClass]
public sealed class Cloakroom : Part;

[TestClass]
public sealed class Critics : Part;

[TestClass]
public sealed class Curtain : Part;

[TestClass]
public sealed class Dancers : Part;

[TestClass]
public sealed class Encore : Part;

[TestClass]
public sealed class Foyer : Part;

[TestClass]
public sealed class Gallery : Part;

[TestClass]
public sealed class Lights : Part;

[TestClass]
public sealed class Orchestra : Part;

[TestClass]
public sealed class Rehearsal : Part;

[TestClass]
public sealed class Scenery : Part;

[TestClass]
public sealed class Tickets : Part;

[TestClass]
public sealed class Ushers : Part;
