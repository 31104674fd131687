namespace ConcurrentTesting.Databases.Server;

/// <summary>A template's database that stays on a server between runs.</summary>
/// <param name="IsSealed">It is complete; a builder that died has left one that is not.</param>
/// <param name="LastUsed">About when it was used last.</param>
/// <param name="Bytes">Its size, where a list was asked for.</param>
internal sealed record CachedTemplate(string Name, bool IsSealed, DateTimeOffset LastUsed, long Bytes);
