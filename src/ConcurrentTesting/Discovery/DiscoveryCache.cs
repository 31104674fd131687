using System.IO.Compression;
using System.Runtime.InteropServices;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Discovery;

/// <summary>Literal tests of an assembly, as they were discovered when all that they depend on was what it is now.</summary>
/// <param name="IsAll">The assembly has no others.</param>
/// <param name="Total">How many cases it had then, those that are no literals too.</param>
internal sealed record KnownTests(SessionDiscovery Found, bool IsAll, int Total);

/// <summary>Keeps the literal tests of assemblies, while nothing that they depend on changes: the assembly, everything beside it, settings,
/// environment and runtime. An assembly that has no others need not be discovered; where it has, what begins first may begin before it is.
/// Where anything is in doubt, or is damaged, nothing is known.</summary>
internal sealed class DiscoveryCache : IAsyncDisposable
{
    private const int Version = 1;
    private const string Extension = ".tests";
    private const long LargestEntry = 16L << 20;

    private static readonly TimeSpan LongestAge = TimeSpan.FromDays(7);
    private static readonly TimeSpan LongestWrite = TimeSpan.FromHours(1);

    private readonly bool _isOn;
    private readonly string _folder;
    private readonly string _surroundings;
    private readonly Redactor _redactor;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ending = new();
    private Task _keeping = Task.CompletedTask;

    /// <param name="variable">Reads the environment.</param>
    public DiscoveryCache(ConcurrentTestSettings settings, string dotnet, Func<string, string?> variable, ILogger logger)
    {
        // A CI host builds each time, and its environment changes each time, so the cache would never be used.
        _isOn = settings.Build != TestBuildMode.Always && !ContinuousIntegration.IsHost(variable);
        _folder = Path.Combine(settings.TemporaryDirectory, "discovered-tests");
        _surroundings = TextHash.Of(
            string.Join(
                '|', MSBuildSurroundings.Print(dotnet), RuntimeInformation.OSDescription, CultureInfo.CurrentCulture.Name,
                TimeZoneInfo.Local.Id, RuntimesOf(dotnet), typeof(DiscoveryCache).Module.ModuleVersionId));
        _redactor = Redactor.Of(settings);
        _logger = logger;
    }

    /// <summary>How large all that is kept may be, in bytes.</summary>
    public long MostBytes { get; init; } = 64L << 20;

    /// <summary>Completes when everything is kept that was to be by now.</summary>
    public Task Kept => _keeping;

    /// <summary>Whether it is worth asking.</summary>
    public bool MayKnow(TestAssembly assembly, string runSettings) => _isOn && File.Exists(FileOf(assembly, runSettings));

    /// <summary>What is known of an assembly's tests; null: nothing.</summary>
    /// <param name="runSettings">The settings of the discovery, without what differs from run to run.</param>
    public KnownTests? Find(TestAssembly assembly, string runSettings)
    {
        if (!MayKnow(assembly, runSettings))
            return null;
        var file = FileOf(assembly, runSettings);
        try
        {
            using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress), Encoding.UTF8);
            var entry = JsonSerializer.Deserialize<Entry>(reader.ReadLine() ?? "null");
            if (entry is null || IsAnother(entry, assembly))
                return null;
            var discovery = StoredCases.Read(LinesOf(reader));
            if (discovery.Count != entry.Count)
                return null;
            File.SetLastAccessTimeUtc(file, DateTime.UtcNow);
            _logger.LogDebug(
                "{Assembly}: nothing has changed since {At:u}; {Literal} of its {Total} are literals", assembly.Source, entry.At,
                entry.Count, Quantity.Of(entry.Total, "case"));
            return new KnownTests(discovery, entry.IsAll, entry.Total);
        }
        catch (Exception exception)
        {
            // The file may be damaged in any way: a test host then discovers the tests anew.
            _logger.LogDebug("{File} is not used: {Reason}", file, exception.Message);
            return null;
        }
    }

    /// <summary>What a discovery that is about to begin depends on; null where it need not be kept.</summary>
    public ImmutableSortedDictionary<string, string>? Before(TestAssembly assembly) =>
        _isOn ? FolderStamps.Of(assembly.Path) : null;

    /// <summary>Keeps the literals of a discovery, in the background.</summary>
    /// <param name="before">See <see cref="Before"/>.</param>
    public void Keep(TestAssembly assembly, string runSettings, ImmutableSortedDictionary<string, string>? before, SessionDiscovery found)
    {
        if (before is null || found.IsAborted || found.Messages.Any(message => message.Level != HostMessageLevel.Information))
            return;
        lock (_gate)
        {
            _keeping = _keeping.ContinueWith(
                _ => KeepNow(assembly, FileOf(assembly, runSettings), before, found), CancellationToken.None, TaskContinuationOptions.None,
                TaskScheduler.Default);
        }
    }

    /// <summary>Something about the assembly's tests was not as expected: they are discovered the next time.</summary>
    public void Forget(TestAssembly assembly)
    {
        try
        {
            foreach (var file in new DirectoryInfo(_folder).EnumerateFiles($"{NameOf(assembly)}-*"))
                file.Delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogDebug("{Assembly} cannot be forgotten: {Reason}", assembly.Source, exception.Message);
        }
    }

    /// <summary>Ends what is being kept; what is not kept by now is discovered the next time.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _keeping;
        _ending.Dispose();
    }

    private static string RuntimesOf(string dotnet)
    {
        var shared = new DirectoryInfo(Path.Combine(Path.GetDirectoryName(dotnet)!, "shared"));
        return shared.Exists
            ? string.Join('|', shared.EnumerateDirectories().SelectMany(framework => framework.EnumerateDirectories())
                .Select(version => version.FullName).Order(StringComparer.Ordinal))
            : "";
    }

    private static IEnumerable<string> LinesOf(StreamReader reader)
    {
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    private bool IsAnother(Entry entry, TestAssembly assembly)
    {
        if (WhyAnother(entry, assembly) is not { } reason)
            return false;
        _logger.LogDebug("{Assembly}: its tests are discovered: {Reason}", assembly.Source, reason);
        return true;
    }

    private string? WhyAnother(Entry entry, TestAssembly assembly)
    {
        if (entry.Version != Version || entry.Surroundings != _surroundings)
            return "the environment or the runtimes are others";
        if (DateTime.UtcNow - entry.At is var age && (age > LongestAge || age < TimeSpan.Zero))
            return "it was long ago";
        if (FolderStamps.Of(assembly.Path) is not { } now || now.Count != entry.Files.Count)
            return "there are other files beside it";
        return now.FirstOrDefault(file => !IsSame(file.Key, file.Value, entry.Files.GetValueOrDefault(file.Key))).Key is { } changed
            ? $"{changed} has changed"
            : null;
    }

    // A file that was only copied anew, with the same content, is the same.
    private static bool IsSame(string file, string stamp, Content? known) =>
        known is not null && (stamp == known.Stamp || (stamp.Length > 0 && FolderStamps.ContentOf(file) == known.Hash));

    private void KeepNow(
        TestAssembly assembly, string file, ImmutableSortedDictionary<string, string> before, SessionDiscovery found)
    {
        try
        {
            var tests = LiteralRows.Of(assembly.Path);
            if (tests.Reason is not null)
                _logger.LogDebug("{Assembly}: each run discovers its tests: {Reason}", assembly.Source, tests.Reason);
            var literal = LiteralsOf(found, assembly, tests);
            var isAll = tests.Reason is null && literal.Count == found.Count;
            if (literal.Count == 0 || _ending.IsCancellationRequested || ContentsOf(before) is not { } contents)
                return;
            var entry = new Entry(Version, _surroundings, DateTime.UtcNow, contents, literal.Count, isAll, found.Count);
            var lines = StoredCases.Write(literal);
            Write(file, lines.Prepend(JsonSerializer.Serialize(entry)));
            Trim();
        }
        catch (Exception exception)
        {
            _logger.LogDebug("{Assembly}: the next run discovers its tests: {Reason}", assembly.Source, exception.Message);
        }
    }

    // Only whole classes of literals are kept. Where they are not all of the assembly, classes with explicit tests are left out, because
    // other tests decide whether those run. Tests with a secret are left out, because this folder is no place for one.
    private SessionDiscovery LiteralsOf(SessionDiscovery found, TestAssembly assembly, LiteralTests tests)
    {
        var secret = found.WithText(text => _redactor.Redact(text) != text).ToHashSet();
        var isAll = tests.Reason is null && secret.Count == 0;
        return isAll ? found
            : found.Only(assembly.Framework, name => tests.Reason is null || tests.Classes.Contains(name), secret);
    }

    // Returns null where a file has changed since the discovery began, or the run ends.
    private Dictionary<string, Content>? ContentsOf(ImmutableSortedDictionary<string, string> before)
    {
        var now = DateTime.UtcNow;
        var contents = new Dictionary<string, Content>(StringComparer.Ordinal);
        foreach (var (path, stamp) in before)
        {
            if (_ending.IsCancellationRequested)
                return null;
            var hash = stamp.Length > 0 ? FolderStamps.ContentOf(path) : "";
            if (FileStamp.Of(path) != stamp)
                return null;
            var isYoung = stamp.Length > 0 && File.GetLastWriteTimeUtc(path) > now - FileStamp.Resolution;
            contents[path] = new Content(isYoung ? "young" : stamp, hash);
        }

        return contents;
    }

    // Another process may be reading or writing the file, so it appears as a whole or not at all.
    private void Write(string file, IEnumerable<string> lines)
    {
        Directory.CreateDirectory(_folder);
        var temporary = $"{file}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var writer = new StreamWriter(new GZipStream(new FileStream(temporary, options), CompressionLevel.Fastest)))
            {
                foreach (var line in lines)
                    writer.WriteLine(line);
            }

            if (new FileInfo(temporary).Length <= LargestEntry)
                File.Move(temporary, file, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    // The files that were not used for longest go first, and with them what a killed run left half written.
    private void Trim()
    {
        var left = MostBytes;
        foreach (var file in new DirectoryInfo(_folder).EnumerateFiles().OrderByDescending(file => file.LastAccessTimeUtc))
        {
            left -= file.Length;
            var age = DateTime.UtcNow - file.LastWriteTimeUtc;
            if (left < 0 || age > LongestAge || (file.Extension != Extension && age > LongestWrite))
                file.Delete();
        }
    }

    private static string NameOf(TestAssembly assembly) => TextHash.Of(assembly.Path)[..24];

    // The kept tests are unfiltered, so the filter is no part of the name.
    private string FileOf(TestAssembly assembly, string runSettings)
    {
        var what = TextHash.Of($"{assembly.Key}|{assembly.RunSettingsFile}|{assembly.Collectors}|{runSettings}")[..24];
        return Path.Combine(_folder, $"{NameOf(assembly)}-{what}{Extension}");
    }

    private sealed record Entry(
        int Version, string Surroundings, DateTime At, Dictionary<string, Content> Files, int Count, bool IsAll, int Total);

    /// <param name="Stamp">When the file was written and how long it was; its content alone counts where it was written just then.</param>
    private sealed record Content(string Stamp, string Hash);
}
