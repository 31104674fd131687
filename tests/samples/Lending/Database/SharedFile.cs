using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Lending;

/// <summary>
/// The database of those who name none: one SQLite file in the temp folder, made from the schema files by whoever comes first. Its folder's name
/// holds a fingerprint of these files, so that a changed schema starts with a new database.
/// </summary>
internal static class SharedFile
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static LendingDatabase Open()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"lending-{Environment.UserName}-{Fingerprint()}");
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "lending.db");
        using (Lock(Path.Combine(folder, "lending.lock")))
        {
            if (!File.Exists(file))
                Create(file);
        }

        return new LendingDatabase($"Data Source={file}");
    }

    private static void Create(string file)
    {
        var draft = file + ".draft";
        File.Delete(draft);
        new LendingDatabase($"Data Source={draft};Pooling=False").CreateSchemaAsync().GetAwaiter().GetResult();
        SqliteConnection.ClearAllPools();
        File.Move(draft, file);
    }

    private static FileStream Lock(string file)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (DateTime.UtcNow < deadline)
            {
                Thread.Sleep(20);
            }
        }
    }

    private static string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in LendingDatabase.SchemaFiles(DatabaseKind.Sqlite))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexString(hash.GetHashAndReset())[..12];
    }
}
