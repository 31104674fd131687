using System.Net.Sockets;
using ConcurrentTesting.Hook;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class SocketFolderTests : IDisposable
{
    private const string EarlierName = "concurrent-test-0123456789ab";

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
        if (OperatingSystem.IsWindows())
            return;
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

    [Fact]
    public void What_an_earlier_version_left_is_removed()
    {
        using (Listening(EarlierName))
            _place.Write($"{EarlierName}/1-2.figures", "");

        Create().Dispose();

        Directory.Exists(Path.Combine(_place.Path, EarlierName)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(EarlierName)]
    [InlineData("concurrent-test-notes")]
    public void A_foreign_file_beside_the_names_of_an_earlier_version_keeps_the_folder(string name)
    {
        Listening(name).Dispose();
        var precious = _place.Write($"{name}/data.txt", "precious");

        Create().Dispose();

        File.ReadAllText(precious).ShouldBe("precious");
        File.Exists(Path.Combine(_place.Path, name, "hook")).ShouldBeTrue();
    }

    [Fact]
    public void A_plain_file_with_a_sockets_name_is_not_removed()
    {
        var file = _place.Write($"{EarlierName}/hook", "a story about a pirate");

        Create().Dispose();

        File.Exists(file).ShouldBeTrue();
    }

    [Fact]
    public void A_link_to_a_folder_that_looks_abandoned_is_not_followed()
    {
        if (OperatingSystem.IsWindows())
            return;
        Listening("elsewhere").Dispose();
        Directory.CreateSymbolicLink(Path.Combine(_place.Path, EarlierName), Path.Combine(_place.Path, "elsewhere"));

        Create().Dispose();

        File.Exists(Path.Combine(_place.Path, "elsewhere", "hook")).ShouldBeTrue();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_listener_that_lets_nobody_in_holds_nobody_up()
    {
        using var listening = Listening(EarlierName, backlog: 0);
        using var waiting = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        var endpoint = new UnixDomainSocketEndPoint(SocketFolder.SocketPath(Path.Combine(_place.Path, EarlierName)));
        waiting.Connect(endpoint);
        using var full = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        if (OperatingSystem.IsLinux())
            Should.Throw<SocketException>(() => full.Connect(endpoint));

        await Task.Run(() => Create().Dispose(), TestContext.Current.CancellationToken);

        Directory.Exists(Path.Combine(_place.Path, EarlierName)).ShouldBeTrue();
    }

    private RunFolder Create() => SocketFolder.Create("run", _log, [_place.Path]);

    /// <summary>As an earlier version's run listened; it stays on disk when it is disposed of, as after a kill.</summary>
    private Socket Listening(string folder, int backlog = 512)
    {
        var path = Path.Combine(_place.Path, folder);
        Directory.CreateDirectory(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var bound = Path.Combine(path, "b");
        socket.Bind(new UnixDomainSocketEndPoint(bound));
        // .NET would remove it under the name that it was bound to.
        File.Move(bound, SocketFolder.SocketPath(path));
        socket.Listen(backlog);
        return socket;
    }
}
