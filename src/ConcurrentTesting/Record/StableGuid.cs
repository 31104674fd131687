using System.Security.Cryptography;

namespace ConcurrentTesting.Record;

/// <summary>Ids that are the same whenever the same report is made again.</summary>
internal static class StableGuid
{
    public static Guid Of(params ReadOnlySpan<string> parts) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts!))).AsSpan(0, 16));
}
