using System.Globalization;
using Xunit;

namespace Troubled;

/// <summary>With TROUBLED_ORDER two of these cannot live with each other: whichever comes second on a database fails.</summary>
public class OrderTests
{
    public static IEnumerable<object[]> Innocents => Enumerable.Range(1, 12).Select(number => new object[] { number });

    [Theory]
    [MemberData(nameof(Innocents))]
    public Task Innocent(int number) => WorkerDatabase.VisitAsync(string.Create(CultureInfo.InvariantCulture, $"innocent {number}"));

    [Fact]
    public Task Romeo() => ExpectNotAsync("Juliet", "Romeo");

    [Fact]
    public Task Juliet() => ExpectNotAsync("Romeo", "Juliet");

    private static async Task ExpectNotAsync(string other, string me)
    {
        await WorkerDatabase.VisitAsync(me);
        if (Trouble.IsAsked("ORDER"))
            Assert.DoesNotContain(other, await WorkerDatabase.VisitorsAsync());
    }
}

/// <summary>Runs beside nothing at all.</summary>
[Trait("ConcurrentTest", "Exclusive")]
public class ExclusiveTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Nobody_else_runs_meanwhile(int number) => Task.Delay(150);
}

/// <summary>Runs beside anything but the others of its group.</summary>
[Trait("ConcurrentTest", "port-8080")]
public abstract class GroupTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Nobody_else_of_the_group_runs_meanwhile(int number) => Task.Delay(200);
}

public class FirstOfGroupTests : GroupTests;

public class SecondOfGroupTests : GroupTests;

[Trait("ConcurrentTest", "port-8080")]
public class ThirdOfGroupTests
{
    [Fact]
    public Task Nobody_else_of_the_group_runs_meanwhile() => Task.Delay(200);
}
