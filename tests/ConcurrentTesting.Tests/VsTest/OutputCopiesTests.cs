using System.Diagnostics;
using System.Net.Sockets;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class OutputCopiesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _assembly;

    public OutputCopiesTests()
    {
        _assembly = _folder.Write("bin/net10.0/Shop.Tests.dll", "as built");
        _folder.Write("bin/net10.0/de/Shop.resources.dll", "satellite");
    }

    private string Bin => Path.Combine(_folder.Path, "bin");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_worker_has_a_copy_of_its_own_beside_the_folder()
    {
        using var copies = Copies("run");

        var (first, second) = (copies.PathOf(_assembly, worker: 0), copies.PathOf(_assembly, worker: 1));
        File.WriteAllText(first, "rewritten");

        first.ShouldNotBe(second);
        File.ReadAllText(second).ShouldBe("as built");
        File.ReadAllText(_assembly).ShouldBe("as built");
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(first)!, "de", "Shop.resources.dll")).ShouldBe("satellite");
        Path.GetDirectoryName(Path.GetDirectoryName(first)).ShouldBe(Bin, "what a test looks for above its folder is as near");
    }

    [Fact]
    public void A_worker_keeps_its_copy_until_it_is_renewed()
    {
        using var copies = Copies("run");
        var first = copies.PathOf(_assembly, worker: 0);
        var others = copies.PathOf(_assembly, worker: 1);
        copies.PathOf(_assembly, worker: 0).ShouldBe(first);
        File.WriteAllText(first, "half rewritten");

        copies.Renew(worker: 0);

        File.ReadAllText(copies.PathOf(_assembly, worker: 0)).ShouldBe("as built");
        File.Exists(first).ShouldBeFalse();
        copies.PathOf(_assembly, worker: 1).ShouldBe(others);
    }

    [Fact]
    public void The_end_removes_all_copies_and_nothing_else()
    {
        _folder.Write("bin/net10.0.concurrent-test-notes/mine.txt", "the user's");
        using (var copies = Copies("run"))
        {
            copies.PathOf(_assembly, worker: 0);
            copies.PathOf(_assembly, worker: 1);
        }

        Directory.GetDirectories(Bin).Select(folder => Path.GetFileName(folder)).Order().ShouldBe(["net10.0", "net10.0.concurrent-test-notes"]);
    }

    [Fact]
    public void What_a_dead_run_left_goes_and_what_a_living_one_has_stays()
    {
        using var living = Copies("living");
        var kept = living.PathOf(_assembly, worker: 0);
        var dead = Path.Combine(Bin, "net10.0.concurrent-test-dead-1");
        _folder.Write("bin/net10.0.concurrent-test-dead-1/.concurrent-test-copy", "ConcurrentTest copy of an output folder 1");

        using var copies = Copies("next");
        copies.PathOf(_assembly, worker: 0);

        Directory.Exists(dead).ShouldBeFalse();
        File.Exists(kept).ShouldBeTrue();
    }

    [Fact]
    public void What_has_no_bytes_is_in_nobodys_way()
    {
        var folder = Path.GetDirectoryName(_assembly)!;
        File.CreateSymbolicLink(Path.Combine(folder, "SingletonLock"), "machine-4711");
        File.CreateSymbolicLink(Path.Combine(folder, "Circle"), "Circle");
        File.CreateSymbolicLink(Path.Combine(folder, "libshop.so"), "Shop.Tests.dll");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, "SingletonSocket")));
        File.CreateSymbolicLink(Path.Combine(folder, "SocketLink"), "SingletonSocket");
        using var copies = Copies("run");

        var copy = Path.GetDirectoryName(copies.PathOf(_assembly, worker: 0))!;

        new FileInfo(Path.Combine(copy, "SingletonLock")).LinkTarget.ShouldBe("machine-4711");
        new FileInfo(Path.Combine(copy, "Circle")).LinkTarget.ShouldBe("Circle");
        File.ReadAllText(Path.Combine(copy, "libshop.so")).ShouldBe("as built");
        new FileInfo(Path.Combine(copy, "libshop.so")).LinkTarget.ShouldBeNull("a collector writes into the copy");
        Path.Exists(Path.Combine(copy, "SingletonSocket")).ShouldBeFalse();
        Path.Exists(Path.Combine(copy, "SocketLink")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_pipe_is_not_opened()
    {
        var pipe = Path.Combine(Path.GetDirectoryName(_assembly)!, "pipe");
        await Process.Start("mkfifo", [pipe]).WaitForExitAsync(TestContext.Current.CancellationToken);
        using var copies = Copies("run");

        var copying = Task.Run(() => copies.PathOf(_assembly, worker: 0), TestContext.Current.CancellationToken);

        if (await Task.WhenAny(copying, Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)) != copying)
            await File.WriteAllTextAsync(pipe, "lets the copy end", TestContext.Current.CancellationToken);
        Path.Exists(Path.Combine(Path.GetDirectoryName(await copying)!, "pipe")).ShouldBeFalse();
    }

    [Fact]
    public void A_folder_that_cannot_be_copied_is_named_with_the_remedy()
    {
        using var copies = Copies("run");

        var problem = Should.Throw<ConcurrentTestException>(() => copies.PathOf(Path.Combine(Bin, "gone", "Shop.Tests.dll"), worker: 0));

        problem.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        problem.Message.ShouldContain(Path.Combine(Bin, "gone"));
        problem.Message.ShouldContain("make the folder writable");
    }

    [Fact]
    public void A_leftover_that_another_run_removes_meanwhile_or_that_is_not_ours_is_in_nobodys_way()
    {
        _folder.Write("bin/net10.0.concurrent-test-bare-1/left.txt", "its lock file went first");
        Directory.CreateDirectory(Path.Combine(Bin, "net10.0.concurrent-test-odd-1", ".concurrent-test-copy"));
        using var copies = Copies("run");

        copies.PathOf(_assembly, worker: 0).ShouldContain("net10.0.concurrent-test-run-1");

        File.Exists(Path.Combine(Bin, "net10.0.concurrent-test-bare-1", ".concurrent-test-copy")).ShouldBeFalse("a lock file that is made anew is nobody's");
    }

    [Fact]
    public void A_lock_is_taken_of_a_file_that_is_there_and_never_makes_one()
    {
        var (there, absent) = (_folder.Write("there.lock", ""), Path.Combine(_folder.Path, "absent.lock"));

        using (var held = FileLock.TryExclusiveOfExisting(there))
        {
            held.ShouldNotBeNull();
            FileLock.TryExclusiveOfExisting(there).ShouldBeNull();
        }

        FileLock.TryExclusiveOfExisting(absent).ShouldBeNull();
        FileLock.TryExclusiveOfExisting(Path.Combine(_folder.Path, "gone", "absent.lock")).ShouldBeNull();
        File.Exists(absent).ShouldBeFalse();
    }

    private static OutputCopies Copies(string run) => new(run, NullLogger.Instance);
}
