namespace ConcurrentTesting.Databases.Leases;

/// <summary>A database that outlives its run because tests failed in it.</summary>
/// <param name="Name">Its name from now on (SQLite: its file's path).</param>
/// <param name="How">A command that opens it, without any password.</param>
internal sealed record KeptDatabase(string Name, string How);
