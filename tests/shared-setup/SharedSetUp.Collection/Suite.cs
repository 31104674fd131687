using Xunit;

namespace SharedSetUp;

public sealed class Season : IDisposable
{
    public Season() => Theatre.Open();

    public void Dispose() => Theatre.Close();
}

[CollectionDefinition("Season")]
public sealed class SeasonCollection : ICollectionFixture<Season>;

[Collection("Season")]
public abstract class Part
{
    [Fact]
    public void One_comes() => Theatre.Visit($"one of {GetType().Name}");

    [Fact]
    public void Another_comes() => Theatre.Visit($"another of {GetType().Name}");
}

public sealed class Actors : Part;

public sealed class Balcony : Part;

public sealed class Boxes : Part;

public sealed class Cloakroom : Part;

public sealed class Critics : Part;

public sealed class Curtain : Part;

public sealed class Dancers : Part;

public sealed class Encore : Part;

public sealed class Foyer : Part;

public sealed class Gallery : Part;

public sealed class Lights : Part;

public sealed class Orchestra : Part;

public sealed class Rehearsal : Part;

public sealed class Scenery : Part;

public sealed class Tickets : Part;

public sealed class Ushers : Part;
