using System.Collections.Concurrent;
using System.Security.Cryptography;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>
/// Plans by the hash of their file: each part has a copy, and a plan holds all tests of all parts. Thread-safe.
/// </summary>
internal sealed class KnownPlans
{
    private const int ComparedAtOnce = 64 * 1024;

    private readonly ConcurrentDictionary<string, Lazy<KnownPlan>> _plans = new(StringComparer.Ordinal);

    /// <param name="hash">The hash that the file is to have.</param>
    /// <returns>The plan, and what tells it from all others; null: the file has another hash.</returns>
    /// <exception cref="System.Text.Json.JsonException">It is no plan.</exception>
    public (ShardPlan Plan, string Hash)? Read(string file, string hash)
    {
        // What is the same byte by byte has the same hash, and is seen to be the same in a fraction of the time.
        if (_plans.TryGetValue(hash, out var known))
            return HasText(file, known.Value.Text) ? (known.Value.Plan, known.Value.Hash) : null;
        var text = File.ReadAllBytes(file);
        if (Convert.ToHexStringLower(SHA256.HashData(text)) != hash)
            return null;
        var read = _plans.GetOrAdd(hash, new Lazy<KnownPlan>(() => KnownPlan.Of(text))).Value;
        return (read.Plan, read.Hash);
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

    private sealed record KnownPlan(byte[] Text, ShardPlan Plan, string Hash)
    {
        public static KnownPlan Of(byte[] text)
        {
            var plan = ShardPlanFile.Parse(text);
            return new KnownPlan(text, plan, ShardPlanFile.HashOf(plan));
        }
    }
}
