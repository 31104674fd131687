using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

public class EngineAheadTests
{
    [Fact]
    public void A_build_on_Linux_has_the_engine_compiled_ahead()
    {
        if (RuntimeInformation.RuntimeIdentifier != "linux-x64")
            Assert.Skip("Compiled ahead where that was tried.");

        HasCompiledCode(Path.Combine(Path.GetDirectoryName(Repository.Build)!, "ConcurrentTesting.dll")).ShouldBeTrue();
    }

    // It would not be seen here that the file for all machines is missing in the package.
    [Fact]
    public void What_other_projects_refer_to_is_for_all_machines() => HasCompiledCode(typeof(OwnFolder).Assembly.Location).ShouldBeFalse();

    private static bool HasCompiledCode(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        return file.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }
}
