namespace ConcurrentTesting;

/// <summary>What separates the workers.</summary>
public enum DatabaseIsolation
{
    /// <summary>Databases of their own on one server.</summary>
    Database,

    /// <summary>A throwaway server each, for suites that touch what belongs to the whole server.</summary>
    Server,
}
