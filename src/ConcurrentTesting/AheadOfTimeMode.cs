namespace ConcurrentTesting;

/// <summary>Whether assemblies of packages are compiled ahead, so that test hosts start sooner.</summary>
public enum AheadOfTimeMode
{
    /// <summary>Test hosts start with what was built.</summary>
    Off,

    /// <summary>They are compiled in the background of a run, and later runs start their test hosts from a copy of the output folder in
    /// which these stand in for the originals.</summary>
    Auto,
}
