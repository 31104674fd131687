using System.Collections.Immutable;
using System.Data.Common;

namespace ConcurrentTesting.Results;

/// <summary>Keeps the run's own secrets out of its reports, wherever a test or a driver may have printed them.</summary>
internal sealed class Redaction
{
    public const string Mask = "***";

    private readonly ImmutableArray<string> _secrets;

    private Redaction(ImmutableArray<string> secrets) => _secrets = secrets;

    public static Redaction For(ConcurrentTestSettings settings) =>
        string.IsNullOrWhiteSpace(settings.ConnectionString)
            ? new Redaction([])
            : new Redaction([settings.ConnectionString, .. Passwords(settings.ConnectionString)]);

    /// <summary>The text with every secret masked; the same instance where there is none.</summary>
    public string Apply(string text)
    {
        foreach (var secret in _secrets)
        {
            text = text.Replace(secret, Mask, StringComparison.Ordinal);
        }

        return text;
    }

    private static IEnumerable<string> Passwords(string connectionString)
    {
        var values = Parse(connectionString);
        var open = values.Where(value => !IsPassword(value.Key)).Select(value => value.Value).ToHashSet(StringComparer.Ordinal);

        // A password that is also the user or the database (postgres/postgres) is no secret, and masking it would garble every message that names those.
        return values.Where(value => IsPassword(value.Key) && value.Value.Length > 3 && !open.Contains(value.Value)).Select(value => value.Value).Distinct();
    }

    private static List<KeyValuePair<string, string>> Parse(string connectionString)
    {
        if (Uri.TryCreate(connectionString, UriKind.Absolute, out var uri) && uri.UserInfo.Split(':', 2) is [var user, var password])
        {
            return [new("user", user), new("database", uri.AbsolutePath.Trim('/')), new("password", password), new("password", Uri.UnescapeDataString(password))];
        }

        try
        {
            var builder = new DbConnectionStringBuilder { ConnectionString = connectionString };
            return [.. builder.Keys.Cast<string>().Select(key => KeyValuePair.Create(key, Convert.ToString(builder[key], System.Globalization.CultureInfo.InvariantCulture) ?? ""))];
        }
        catch (ArgumentException)
        {
            return [];
        }
    }

    private static bool IsPassword(string key) =>
        key.Contains("password", StringComparison.OrdinalIgnoreCase) || key.Contains("pwd", StringComparison.OrdinalIgnoreCase);
}
