namespace ConcurrentTesting;

/// <summary>What the JUnit file may contain.</summary>
public enum JUnitFormat
{
    /// <summary>Everything that its readers understand: properties, source files and lines of tests too.</summary>
    Full,

    /// <summary>Only what the schema of Jenkins' xUnit plugin (junit-10.xsd) allows; the rest stands in the captured output of each
    /// test.</summary>
    Strict,
}
