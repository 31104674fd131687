using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>
/// A template's identity: a hash over everything that goes into it. A command counts with its text and with the content of the files and
/// folders that it names (build outputs left out), so that changed migrations make a new template.
/// </summary>
internal sealed class TemplateFingerprint : IDisposable
{
    /// <summary>Changes when templates of the same ingredients come out differently.</summary>
    private const string Format = "2";

    private static readonly string[] Uncounted = ["bin", "obj", ".git", ".vs", ".idea", "node_modules"];

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly string _workingDirectory;

    private TemplateFingerprint(string workingDirectory) => _workingDirectory = workingDirectory;

    /// <param name="engine">What the engine adds: its name, version, collation, owner.</param>
    /// <returns>32 hexadecimal digits.</returns>
    public static async Task<string> ComputeAsync(
        TemplateSource source, IEnumerable<string> engine, string workingDirectory, CancellationToken cancellationToken)
    {
        using var fingerprint = new TemplateFingerprint(workingDirectory);
        fingerprint.Add(Format);
        foreach (var fact in engine)
            fingerprint.Add(fact);
        foreach (var step in source.Steps)
            await fingerprint.AddStepAsync(step, cancellationToken);
        return Convert.ToHexStringLower(fingerprint._hash.GetHashAndReset())[..32];
    }

    public void Dispose() => _hash.Dispose();

    private async Task AddStepAsync(TemplateStep step, CancellationToken cancellationToken)
    {
        Add(step.GetType().Name);
        switch (step)
        {
            case SqlFileStep script:
                Add(Path.GetFileName(script.Path));
                await AddFileAsync(script.Path, cancellationToken);
                break;
            case CommandStep command:
                Add(command.CommandLine);
                foreach (var path in PathsIn(command.CommandLine))
                    await AddPathAsync(path, cancellationToken);
                break;
            case ExistingDatabaseStep existing:
                Add(existing.Name);
                break;
            case HookStep { Hook: var hook }:
                Add(hook.Version);
                Add(hook.BuildAsync.Method.Module.ModuleVersionId.ToString());
                break;
            case WatchStep watch:
                await AddPathAsync(watch.Path, cancellationToken);
                break;
        }
    }

    private IEnumerable<string> PathsIn(string commandLine) =>
        commandLine.Split([' ', '\t', '"', '\'', '=', ';', '<', '>', '|', '&', '(', ')'], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.IndexOfAny(Path.GetInvalidPathChars()) < 0)
            .Select(word => Path.GetFullPath(word, _workingDirectory))
            .Where(Path.Exists)
            .Select(WholeProject);

    /// <summary>A project file stands for its folder, which holds the migrations.</summary>
    private static string WholeProject(string path) =>
        path.EndsWith("proj", StringComparison.OrdinalIgnoreCase) && File.Exists(path) ? Path.GetDirectoryName(path)! : path;

    private async Task AddPathAsync(string path, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            await AddFileAsync(path, cancellationToken);
            return;
        }

        foreach (var file in FilesBelow(path))
        {
            Add(Path.GetRelativePath(path, file).Replace('\\', '/'));
            await AddFileAsync(file, cancellationToken);
        }
    }

    private static IEnumerable<string> FilesBelow(string folder) =>
        Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Concat(
            Directory.EnumerateDirectories(folder)
                .Where(child => !Uncounted.Contains(Path.GetFileName(child), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)
                .SelectMany(FilesBelow));

    private async Task AddFileAsync(string path, CancellationToken cancellationToken)
    {
        await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16, useAsync: false);
        Add(await SHA256.HashDataAsync(content, cancellationToken));
    }

    private void Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    /// <summary>With its length in front, so that no two lists of parts run together.</summary>
    private void Add(byte[] part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        _hash.AppendData(length);
        _hash.AppendData(part);
    }
}
