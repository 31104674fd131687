using Nuke.Common;
using Nuke.Common.IO;

namespace Nuke.Components;

/// <summary>What matters here of the component of that name in Nuke.Components: the folder whose .trx files it counts.</summary>
internal interface ITest : INukeBuild
{
    AbsolutePath TestResultDirectory => RootDirectory / "artifacts" / (Environment.GetEnvironmentVariable("EXAMPLE_TEST_RESULTS") ?? "results-of-components");
}
