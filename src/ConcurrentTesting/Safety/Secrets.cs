using System.Data.Common;

namespace ConcurrentTesting.Safety;

/// <summary>The secrets of a run, and the way to write a text without them.</summary>
internal sealed class Secrets
{
    /// <summary>Where the administrator's connection string comes from.</summary>
    public const string ConnectionStringVariable = "NUKE_TEST_CONNECTION_STRING";

    private const string Masked = "***";

    /// <summary>Shorter ones would blacken ordinary words.</summary>
    private const int ShortestSecret = 4;

    private static readonly string[] PasswordKeywords = ["Password", "Pwd", "PSW"];

    private readonly Lock _gate = new();
    private readonly List<string> _known = [];

    /// <summary>The connection string and its password.</summary>
    public static Secrets Of(ConcurrentTestSettings settings)
    {
        var secrets = new Secrets();
        secrets.Add(settings.ConnectionString);
        secrets.Add(PasswordIn(settings.ConnectionString));
        return secrets;
    }

    public void Add(string? secret)
    {
        if (secret is null || secret.Length < ShortestSecret)
            return;
        lock (_gate)
        {
            if (_known.Contains(secret))
                return;
            _known.Add(secret);
            // The longest first, lest a part of a secret be replaced and the rest stay.
            _known.Sort((left, right) => right.Length.CompareTo(left.Length));
        }
    }

    public string Redact(string text)
    {
        lock (_gate)
            return _known.Aggregate(text, (redacted, secret) => redacted.Replace(secret, Masked, StringComparison.Ordinal));
    }

    private static string? PasswordIn(string? connectionString)
    {
        try
        {
            var values = new DbConnectionStringBuilder { ConnectionString = connectionString };
            return PasswordKeywords.Where(values.ContainsKey).Select(keyword => values[keyword].ToString()).FirstOrDefault();
        }
        catch (ArgumentException)
        {
            // Not a connection string; the engine says so.
            return null;
        }
    }
}
