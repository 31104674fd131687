using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class AssemblyFoundTests
{
    [Theory]
    [InlineData("Shop.Tests", 0)]
    [InlineData("Shop.Tests", 1)]
    [InlineData("Shop #2", 0)]
    [InlineData("Shop #2", 11)]
    public void An_assembly_is_read_back_with_its_number_among_those_of_its_name(string name, int ordinal)
    {
        var assembly = Catalogs.Assembly(name) with { Ordinal = ordinal };

        var read = AssemblyFound.Of(assembly.Key, assembly, DateTimeOffset.UnixEpoch).ToAssembly();

        (read.Key, read.Ordinal).ShouldBe((assembly.Key, ordinal));
    }
}
