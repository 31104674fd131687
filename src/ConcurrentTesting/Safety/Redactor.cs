using System.Buffers;
using System.Collections.Immutable;
using System.Data.Common;
using System.Security;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Xml.Linq;

namespace ConcurrentTesting.Safety;

/// <summary>
/// Knows what must never be written and takes it out of any text. Thread-safe.
/// </summary>
internal sealed class Redactor
{
    /// <summary>Secrets with fewer characters are ignored: masking them would make every text unreadable and hide nothing.</summary>
    public const int ShortestSecret = 4;

    /// <summary>Where the administrator's connection string comes from.</summary>
    public const string ConnectionStringVariable = "NUKE_TEST_CONNECTION_STRING";

    private const string Mask = "***";
    private readonly Lock _registering = new();
    private volatile Secrets _secrets = new([]);

    /// <summary>Knows the settings' connection string and its password.</summary>
    public static Redactor Of(ConcurrentTestSettings settings)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString(settings.ConnectionString);
        return redactor;
    }

    public bool HasSecrets => !_secrets.Values.IsEmpty;

    /// <summary>Keeps <paramref name="secret"/>, and its forms in URLs, XML and JSON, out of every later text.</summary>
    public void Register(string? secret)
    {
        if (secret is null || secret.Trim().Length < ShortestSecret)
            return;
        lock (_registering)
            _secrets = new Secrets(_secrets.Values.Union(FormsOf(secret)));
    }

    public bool HasSecret(string text) => text.AsSpan().ContainsAny(_secrets.Search);

    /// <summary>Registers the whole connection string, as <c>key=value</c> pairs or as a URL, and each password in it.</summary>
    public void RegisterConnectionString(string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            return;
        Register(connectionString);
        foreach (var password in PasswordsOf(connectionString))
            Register(password);
    }

    /// <summary>The text with every registered secret replaced by <c>***</c>.</summary>
    public string Redact(string text)
    {
        var secrets = _secrets;
        return text.AsSpan().ContainsAny(secrets.Search) ? Replace(text, Occurrences(text, secrets.Values)) : text;
    }

    // Files that others have written hold it encoded, XML in JSON too.
    private static IEnumerable<string> FormsOf(string secret)
    {
        string[] plain = [secret, Uri.EscapeDataString(secret), SecurityElement.Escape(secret), new XText(secret).ToString(SaveOptions.DisableFormatting)];
        return plain.Concat(plain.SelectMany(form => new[] { JsonEncodedText.Encode(form).Value, JsonEncodedText.Encode(form, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value }));
    }

    // A password that is also the user or the database (postgres) hides nothing, and masking it would garble every message that names those.
    private static IEnumerable<string> PasswordsOf(string connectionString)
    {
        var values = ValuesOf(connectionString);
        var open = values.Where(pair => !IsPassword(pair.Key)).Select(pair => pair.Value).ToHashSet(StringComparer.Ordinal);
        return values.Where(pair => IsPassword(pair.Key) && !open.Contains(pair.Value)).Select(pair => pair.Value);
    }

    private static List<KeyValuePair<string, string>> ValuesOf(string connectionString)
    {
        if (Uri.TryCreate(connectionString, UriKind.Absolute, out var url) && url.UserInfo.Split(':', 2) is [var user, var password])
            return [new("user", user), new("database", url.AbsolutePath.Trim('/')), new("password", password), new("password", Uri.UnescapeDataString(password))];
        try
        {
            var pairs = new DbConnectionStringBuilder { ConnectionString = connectionString };
            return [.. pairs.Keys.Cast<string>().Select(key => KeyValuePair.Create(key, pairs[key].ToString() ?? ""))];
        }
        catch (ArgumentException)
        {
            // Not a connection string that anything could read; as a whole it is registered already.
            return [];
        }
    }

    private static bool IsPassword(string key) =>
        key.Contains("password", StringComparison.OrdinalIgnoreCase) || key.Contains("pwd", StringComparison.OrdinalIgnoreCase);

    // Secrets may overlap in a text; marking all of them before any is replaced leaves no part of one behind.
    private static bool[] Occurrences(string text, ImmutableHashSet<string> secrets)
    {
        var hidden = new bool[text.Length];
        foreach (var secret in secrets)
        {
            for (var at = text.IndexOf(secret, StringComparison.Ordinal); at >= 0; at = text.IndexOf(secret, at + 1, StringComparison.Ordinal))
                hidden.AsSpan(at, secret.Length).Fill(true);
        }

        return hidden;
    }

    private static string Replace(string text, bool[] hidden)
    {
        var redacted = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!hidden[i])
                redacted.Append(text[i]);
            else if (i == 0 || !hidden[i - 1])
                redacted.Append(Mask);
        }

        return redacted.ToString();
    }

    private sealed class Secrets(ImmutableHashSet<string> values)
    {
        public ImmutableHashSet<string> Values { get; } = values;
        public SearchValues<string> Search { get; } = SearchValues.Create([.. values], StringComparison.Ordinal);
    }
}
