using System.Globalization;
using System.Text;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Looks at processes through /proc.</summary>
internal static class ProcessTree
{
    public static IEnumerable<int> Below(int root)
    {
        var parents = All().Select(id => (Id: id, Parent: ParentOf(id))).Where(process => process.Parent is not null).ToLookup(process => process.Parent!.Value, process => process.Id);
        var open = new Queue<int>(parents[root]);
        while (open.TryDequeue(out var id))
        {
            yield return id;
            foreach (var child in parents[id])
                open.Enqueue(child);
        }
    }

    /// <summary>Processes whose environment has this variable and value.</summary>
    public static IReadOnlyList<int> WithVariable(string name, string value)
    {
        var wanted = Encoding.UTF8.GetBytes($"{name}={value}\0");
        return [.. All().Where(id => Read(id, "environ").AsSpan().IndexOf(wanted) >= 0)];
    }

    /// <summary>A variable that a process was started with; null where it has none of that name, or is gone.</summary>
    public static string? Variable(int id, string name) =>
        Encoding.UTF8.GetString(Read(id, "environ")).Split('\0').FirstOrDefault(variable => variable.StartsWith($"{name}=", StringComparison.Ordinal))?[(name.Length + 1)..];

    public static string CommandLine(int id) => Encoding.UTF8.GetString(Read(id, "cmdline")).Replace('\0', ' ');

    /// <summary>The most resident memory that a process has had so far, in bytes; 0 where it is gone.</summary>
    public static long PeakMemory(int id)
    {
        const string Peak = "VmHWM:";
        var line = Encoding.UTF8.GetString(Read(id, "status")).Split('\n').FirstOrDefault(line => line.StartsWith(Peak, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[Peak.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    public static int? ParentOf(int id)
    {
        var stat = Encoding.UTF8.GetString(Read(id, "stat"));
        var afterName = stat.LastIndexOf(')');
        return afterName > 0 ? int.Parse(stat[(afterName + 2)..].Split(' ')[1], CultureInfo.InvariantCulture) : null;
    }

    private static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture));

    private static byte[] Read(int id, string file)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/{file}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
