using Xunit;

namespace Suites;

public class Plain
{
    public static IEnumerable<object[]> Objects { get; } = [[new object()], [new InvalidOperationException("row")]];

    [Fact]
    public void Passes()
    {
    }

    [Fact(Skip = "not today")]
    public void Skipped()
    {
    }

    [Fact(DisplayName = "Shown name")]
    [Trait("Category", "Slow")]
    public void Named()
    {
    }

    [Theory]
    [InlineData(1, "a\nb")]
    [InlineData(2, "😀 \"quoted\"")]
    public void Rows(int number, string text) => Assert.True(number > 0 && text.Length > 0);

    [Theory]
    [MemberData(nameof(Objects))]
    public void UnserializableRows(object value) => Assert.NotNull(value);

    public class Nested
    {
        [Fact]
        public void Inner()
        {
        }
    }
}

public abstract class GenericBase<T>
{
    [Fact]
    public void Inherited() => Assert.NotNull(typeof(T));
}

public class OfInt : GenericBase<int>;

public class OfText : GenericBase<string>;

public class Database;

[CollectionDefinition("database")]
public class DatabaseCollection : ICollectionFixture<Database>;

[Collection("database")]
public class FirstInCollection
{
    [Fact]
    public void One()
    {
    }
}

[Collection("database")]
public abstract class CollectionBase;

public class SecondInCollection : CollectionBase
{
    [Fact]
    public void Two()
    {
    }
}

[CollectionDefinition("kept")]
[Trait("ConcurrentTest", "Together")]
public class KeptCollection;

[Collection("kept")]
public class FirstTogether
{
    [Fact]
    public void One()
    {
    }
}

[Collection("kept")]
public class SecondTogether
{
    [Fact]
    public void Two()
    {
    }
}

[Trait("ConcurrentTest", "Together:Pair")]
public abstract class Marked;

public class MarkedFirst : Marked
{
    [Fact]
    public void One()
    {
    }
}

public class MarkedSecond : Marked
{
    [Fact]
    public void Two()
    {
    }
}
