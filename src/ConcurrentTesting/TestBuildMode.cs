namespace ConcurrentTesting;

/// <summary>When test projects are built.</summary>
public enum TestBuildMode
{
    /// <summary>Not where nothing that a build reads has changed since the last one; always on a CI host, and in doubt.</summary>
    Auto,

    /// <summary>Before each run.</summary>
    Always,

    /// <summary>Projects are taken as they are built.</summary>
    Never,
}
