namespace ConcurrentTesting.Databases.Server;

/// <summary>What a lock on a server stands for: a run that lives, or a template that is used or built.</summary>
/// <param name="Name">A run's token in names, or a template's database.</param>
internal readonly record struct LockName(OwnDatabaseKind Kind, string Name)
{
    public static LockName OfRun(string token) => new(OwnDatabaseKind.Run, token);

    public static LockName OfTemplate(string database) => new(OwnDatabaseKind.Template, database);
}
