using JetBrains.Annotations;
using Nuke.Common;

namespace Nuke.ConcurrentTest;

/// <summary>Adds a target that lists (<c>--test-dry-run</c>) and removes what runs have made and left or kept: templates, databases of
/// failed tests, leftovers of killed runs.</summary>
[PublicAPI]
public interface IConcurrentTestClean : IConcurrentTest
{
    /// <summary>Removes what <see cref="IConcurrentTest.ConcurrentTest"/> keeps between runs, except what a live run uses.</summary>
    Target ConcurrentTestClean => _ => _
        .Description("Removes templates, kept databases and leftovers of test runs; --test-dry-run lists them")
        .Executes(() => ObservedRun.CleanAsync(this));
}
