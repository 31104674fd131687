using System.Collections.Concurrent;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>Plans by the hash of their file: each part has a copy, and a plan holds all tests of all parts. Thread-safe.</summary>
internal sealed class KnownPlans
{
    private const int ComparedAtOnce = 64 * 1024;

    private readonly ConcurrentDictionary<string, KnownPlan> _plans = new(StringComparer.Ordinal);

    /// <param name="hash">The hash that the file is to have.</param>
    /// <returns>Null: the file has another hash.</returns>
    /// <exception cref="System.Text.Json.JsonException">It is no plan.</exception>
    public async Task<ShardPlan?> ReadAsync(string file, string hash)
    {
        // Equal bytes have the same hash, which is found in a fraction of the time that parsing takes.
        if (_plans.TryGetValue(hash, out var known))
            return HasText(file, known.Text) ? await known.Read : null;
        var text = File.ReadAllBytes(file);
        if (ArtifactList.HashOf(text) != hash)
            return null;
        var own = new KnownPlan(text);
        known = _plans.GetOrAdd(hash, own);
        if (known == own)
            own.Read.RunSynchronously(TaskScheduler.Default);
        return await known.Read;
    }

    private static bool HasText(string path, byte[] text)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (file.Length != text.Length)
            return false;
        var part = new byte[ComparedAtOnce];
        for (var at = 0; at < text.Length;)
        {
            var read = file.ReadAtLeast(part, Math.Min(part.Length, text.Length - at), throwOnEndOfStream: false);
            if (read == 0 || !part.AsSpan(0, read).SequenceEqual(text.AsSpan(at, Math.Min(read, text.Length - at))))
                return false;
            at += read;
        }

        return true;
    }

    private sealed class KnownPlan(byte[] text)
    {
        public byte[] Text => text;

        /// <summary>Whoever knew it first parses it; the others leave the core to something else meanwhile.</summary>
        public Task<ShardPlan> Read { get; } = new(() => ShardPlanFile.Parse(text));
    }
}
