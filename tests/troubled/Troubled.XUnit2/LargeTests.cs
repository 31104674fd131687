using Xunit;

namespace Troubled.Large;

public class LargeTests
{
    /// <summary>As long in transport as its escapes make it; the test itself takes no time.</summary>
    [Fact]
    public void Message()
    {
        if (Trouble.IsAsked("LARGE", "message"))
            throw new InvalidOperationException(new string('"', 10_000_000));
    }
}
