using System.Reflection.PortableExecutable;

namespace ConcurrentTesting.VsTest.AheadOfTime;

/// <summary>The assemblies in a test's output folder that are not the user's own: those of packages and of the test platform. The user's
/// own stay where and as they are.</summary>
internal static class ThirdParty
{
    /// <summary>Absolute paths, in a stable order; empty where nothing tells which are whose.</summary>
    public static ImmutableArray<string> AssembliesIn(string testAssembly)
    {
        if (ReadOwn(Path.ChangeExtension(testAssembly, ".deps.json")) is not { } own)
            return [];
        return [.. Directory.EnumerateFiles(Path.GetDirectoryName(testAssembly)!, "*.dll")
            .Where(file => file != testAssembly && !own.Contains(Path.GetFileName(file)))
            .Where(file => !File.Exists(Path.ChangeExtension(file, ".pdb")))
            .Where(IsPlain).Order(StringComparer.Ordinal)];
    }

    // The file of dependencies tells which assemblies the solution's own projects make.
    private static HashSet<string>? ReadOwn(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return [.. document.RootElement.GetProperty("libraries").EnumerateObject()
                .Where(library => library.Value.GetProperty("type").GetString() != "package")
                .Select(library => library.Name.Split('/')[0] + ".dll")];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException
            or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    // The file holds nothing but intermediate code: no native code, and none that was compiled ahead already.
    private static bool IsPlain(string file)
    {
        try
        {
            using var reader = new PEReader(File.OpenRead(file));
            return reader.HasMetadata && reader.PEHeaders.CorHeader is { } header && header.Flags.HasFlag(CorFlags.ILOnly)
                && header.ManagedNativeHeaderDirectory.Size == 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            return false;
        }
    }
}
