using ConcurrentTesting.Hook;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class SocketFolderTests : IDisposable
{
    // Paths of sockets are short.
    private readonly TemporaryFolder _place = new();
    private readonly LogLines _log = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public void It_lies_in_a_folder_of_ours_and_nobody_else_may_pass_through_it()
    {
        using var folder = Create();

        Path.GetDirectoryName(folder.Path).ShouldBe(RunFolder.Root(_place.Path));
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(folder.Path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void The_next_place_is_used_where_somebody_else_has_taken_the_name()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making a link takes a right of its own there.");
        using var other = new TemporaryFolder();
        Directory.CreateSymbolicLink(RunFolder.Root(_place.Path), other.Path);

        using var folder = SocketFolder.Create("run", _log, [_place.Path, other.Path]);

        folder.Path.ShouldStartWith(other.Path);
        Directory.EnumerateFileSystemEntries(other.Path).ShouldHaveSingleItem();
    }

    [Fact]
    public void What_a_killed_run_left_is_removed_and_a_living_ones_stays()
    {
        using var living = Create();
        _place.Write($"{Path.GetFileName(RunFolder.Root(_place.Path))}/h-dead.lock", $"{RunFolder.Mark}\nprocess 1\n");
        var dead = _place.Write($"{Path.GetFileName(RunFolder.Root(_place.Path))}/h-dead/1-2.figures", "");

        using var mine = Create();

        File.Exists(dead).ShouldBeFalse();
        Directory.Exists(living.Path).ShouldBeTrue();
    }

    private RunFolder Create() => SocketFolder.Create("run", _log, [_place.Path]);
}
