using System.Xml.Linq;

namespace ConcurrentTesting.VsTest;

/// <summary>What one run of a test host is told beyond the user's own settings.</summary>
/// <param name="Seed">The run's seed: NUnit's random data must be the same as it was at discovery.</param>
/// <param name="Environment">Variables of the test process. They win over the user's.</param>
/// <param name="ResultsDirectory">The absolute folder that VSTest writes to.</param>
/// <param name="TrxFileName">The file name of the TRX in it, unique: VSTest overwrites an existing one.</param>
internal sealed record BatchRunSettings(
    int Seed, ImmutableDictionary<string, string> Environment, string ResultsDirectory, string TrxFileName, TestAssembly Assembly)
{
    /// <summary>A filter in NUnit's own language (https://docs.nunit.org/articles/nunit/running-tests/Test-Selection-Language.html); null:
    /// none.</summary>
    public string? NUnitWhere { get; init; }

    /// <summary>Adds to the root element what the batch needs beyond that.</summary>
    public Action<XElement> Configure { get; init; } = _ => { };

    public static BatchRunSettings Of(HostRun run, HostBinding bound) => new(
        run.Seed, bound.Environment.SetItems(run.Environment), run.ResultsDirectory, run.TrxFileName, bound.Assembly)
    {
        Configure = run.Configure,
        NUnitWhere = run.Selection?.NUnitWhere,
    };
}
