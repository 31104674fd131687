using System.Text;
using ConcurrentTesting.Record;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class ArtifactFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_is_written_into_folders_that_are_not_there_yet()
    {
        var path = Path.Combine(_folder.Path, "deep", "deeper", "report.txt");

        await Write(path, "report");

        (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ShouldBe("report");
        Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!).ShouldBe([path]);
    }

    [Fact]
    public async Task A_write_that_fails_half_way_leaves_the_older_file_and_nothing_else()
    {
        var path = _folder.File("report.txt");
        await Write(path, "older");

        await Should.ThrowAsync<IOException>(() => ArtifactFile.WriteAsync(
            path,
            async stream =>
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes("newer, and the"));
                throw new IOException("No space left on device");
            },
            TestContext.Current.CancellationToken));

        (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ShouldBe("older");
        Directory.GetFileSystemEntries(_folder.Path).ShouldBe([path]);
    }

    [Fact]
    public async Task A_cancelled_write_leaves_no_file()
    {
        using var cancelled = new CancellationTokenSource();
        await Should.ThrowAsync<OperationCanceledException>(() => ArtifactFile.WriteAsync(
            _folder.File("report.txt"),
            async stream =>
            {
                await stream.WriteAsync(new byte[10]);
                await cancelled.CancelAsync();
            },
            cancelled.Token));

        Directory.GetFileSystemEntries(_folder.Path).ShouldBeEmpty();
    }

    private static Task Write(string path, string text) =>
        ArtifactFile.WriteAsync(path, stream => stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask(), TestContext.Current.CancellationToken);
}
