using System.Diagnostics;
using System.Reflection;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Safety;

public sealed class OwnFolderTests : IDisposable
{
    private readonly string _program = Directory.CreateTempSubdirectory("own-folder").FullName;

    public void Dispose() => Directory.Delete(_program, recursive: true);

    [Fact]
    public void What_lies_beside_the_engine_is_taken_from_there()
    {
        var engine = Directory.CreateDirectory(Path.Combine(_program, "engine")).FullName;
        Directory.CreateDirectory(Path.Combine(engine, "testhook"));

        OwnFolder.In(engine, _program, "testhook").ShouldBe(Path.Combine(engine, "testhook"));
    }

    [Fact]
    public void Where_NuGet_has_taken_the_engine_of_a_kind_of_machine_it_is_taken_from_beside_the_program()
    {
        var engine = Directory.CreateDirectory(Path.Combine(_program, "runtimes", "linux-x64", "lib", "net10.0")).FullName;

        OwnFolder.In(engine, _program, "testhook").ShouldBe(Path.Combine(_program, "testhook"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void In_a_single_file_it_is_taken_from_beside_the_program(string? engine) =>
        OwnFolder.In(engine, _program, "testhook").ShouldBe(Path.Combine(_program, "testhook"));

    // The runtime takes no code that was compiled ahead from an assembly that does.
    [Fact]
    public void The_engine_does_not_ask_for_debugging() =>
        typeof(OwnFolder).Assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled.ShouldBeFalse();
}
