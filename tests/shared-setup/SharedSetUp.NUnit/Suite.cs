using NUnit.Framework;

namespace SharedSetUp
{
    public abstract class Part
    {
        [Test]
        public void One_comes() => Theatre.Visit($"one of {GetType().Name}");

        [Test]
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
}

[SetUpFixture]
#pragma warning disable CA1050 // Outside of every namespace it sets up for all of them.
public sealed class Season
#pragma warning restore CA1050
{
    [OneTimeSetUp]
    public void Open() => SharedSetUp.Theatre.Open();

    [OneTimeTearDown]
    public void Close() => SharedSetUp.Theatre.Close();
}
