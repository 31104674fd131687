namespace ConcurrentTesting;

/// <summary>When test projects are built.</summary>
public enum TestBuildMode
{
    /// <summary>Projects are built unless nothing that a build reads has changed since the last one; on a CI host, and in doubt, they
    /// always are.</summary>
    Auto,

    /// <summary>Projects are built before each run.</summary>
    Always,

    /// <summary>Projects are taken as they are built.</summary>
    Never,
}
