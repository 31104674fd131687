using System.Security.Cryptography;

namespace ConcurrentTesting.Safety;

/// <summary>The SHA-256 of a text, in lower-case digits. Names of databases and files begin with it and outlive a version, so it must never
/// change.</summary>
internal static class TextHash
{
    public static string Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
