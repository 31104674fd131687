namespace ConcurrentTesting;

/// <summary>A variable of the test processes and the pattern its value is made from.</summary>
/// <param name="Name">The variable's name, for example <c>ConnectionStrings__Default</c>.</param>
/// <param name="Pattern">
/// Its value, in which <c>{ConnectionString} {Database} {Host} {Port} {Username} {Password} {Worker}</c> are replaced.
/// </param>
public sealed record EnvironmentPattern(string Name, string Pattern)
{
    /// <summary>What ASP.NET Core and most applications read: <c>ConnectionStrings__Default={ConnectionString}</c>.</summary>
    public static EnvironmentPattern Default { get; } = new("ConnectionStrings__Default", "{ConnectionString}");
}
