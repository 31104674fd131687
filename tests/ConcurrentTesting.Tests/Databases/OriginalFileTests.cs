using ConcurrentTesting.Databases.Sqlite;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class OriginalFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_test_may_copy_a_database_over_the_one_that_is_watched()
    {
        var seed = _folder.Write("seed.db", "seed");
        var database = _folder.Write("shop.db", "clone");
        using var original = OriginalFile.Of(database);

        File.Copy(seed, database, overwrite: true);
        using (new FileStream(database, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            original.IsGone.ShouldBeFalse();

        File.ReadAllText(database).ShouldBe("seed");
    }
}
