using System.Text;
using System.Text.RegularExpressions;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>A folder of a test's own.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("databases-").FullName;

    public string Write(string name, string content)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <param name="content">In Latin-1, with ~9B~ for the byte 9B.</param>
    public string WriteBytes(string name, string content)
    {
        var path = Write(name, "");
        var bytes = Regex.Replace(content, "~([0-9A-F]{2})~", match => ((char)Convert.ToByte(match.Groups[1].Value, 16)).ToString());
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(bytes));
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
