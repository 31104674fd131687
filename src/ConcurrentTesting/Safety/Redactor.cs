using System.Data.Common;

namespace ConcurrentTesting.Safety;

/// <summary>Knows what must never be written and takes it out of texts that tests and servers wrote. It is no filter for whole files: their
/// structure and this library's own words are written by others than tests, and an ordinary word that happens to be a password may stand
/// there. Thread-safe.</summary>
/// <remarks>A password that anyone would guess (<see cref="GuessablePassword"/>), or that is also the name of the user or the database,
/// hides nothing where it stands as a word, and masking it there would make every text unreadable: it is masked where it stands as a
/// password, as every other password is.</remarks>
internal sealed class Redactor
{
    /// <summary>Where the administrator's connection string comes from.</summary>
    public const string ConnectionStringVariable = "NUKE_TEST_CONNECTION_STRING";

    private const string Mask = "***";
    private readonly Lock _registering = new();
    private ImmutableHashSet<string> _openWords = [];
    private volatile KnownSecrets _secrets = KnownSecrets.None;

    /// <summary>Knows what is secret in the settings; a run makes it first, and who makes a secret registers it here.</summary>
    public static Redactor Of(ConcurrentTestSettings settings)
    {
        var redactor = new Redactor();
        redactor.RegisterConnectionString(settings.ConnectionString);
        redactor.RegisterConnectionString(settings.Queue);
        // The driver takes this password where the string has none, and the tests inherit it.
        redactor.Register(Environment.GetEnvironmentVariable("PGPASSWORD"));
        if (settings.MetricsPushUrl is { } push && Uri.TryCreate(push, UriKind.Absolute, out var address) && address.UserInfo.Length > 0)
            redactor.RegisterConnectionString(push);
        return redactor;
    }

    /// <summary>Stands for what is known now: another object as soon as one more secret is registered.</summary>
    public object Secrets => _secrets;

    /// <summary>Whether some password is masked only where it stands as one.</summary>
    public bool HasGuessablePassword => _secrets.HasGuessable;

    /// <summary>Keeps <paramref name="secret"/>, and its forms in URLs, XML and JSON, out of every later text.</summary>
    public void Register(string? secret)
    {
        if (string.IsNullOrWhiteSpace(secret))
            return;
        lock (_registering)
            _secrets = GuessablePassword.Is(secret) || _openWords.Contains(secret) ? _secrets.WithGuessable(secret) : _secrets.With(secret);
    }

    /// <summary>Registers the whole connection string, as <c>key=value</c> pairs or as a URL, and each password in it.</summary>
    public void RegisterConnectionString(string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            return;
        var values = ValuesOf(connectionString);
        lock (_registering)
            _openWords = _openWords.Union(values.Where(pair => !IsPassword(pair.Key)).Select(pair => pair.Value));
        Register(connectionString);
        foreach (var (_, password) in values.Where(pair => IsPassword(pair.Key)))
            Register(password);
    }

    /// <summary>The text with every registered secret, and whatever else stands as a password in it, replaced by <c>***</c>; the same text
    /// where there is none.</summary>
    public string Redact(string text)
    {
        var secrets = _secrets;
        if (!secrets.MayBeIn(text) && !PasswordPairs.MayBeIn(text))
            return text;
        var hidden = new HiddenParts(text);
        secrets.Hide(text, hidden);
        PasswordPairs.Hide(text, secrets.InPairs, hidden);
        return hidden.Replaced(Mask);
    }

    private static List<KeyValuePair<string, string>> ValuesOf(string connectionString)
    {
        if (Uri.TryCreate(connectionString, UriKind.Absolute, out var url) && url.UserInfo.Split(':', 2) is [var user, var password])
        {
            return [new("user", user), new(
                "database", url.AbsolutePath.Trim('/')), new("password", password), new("password", Uri.UnescapeDataString(password))];
        }

        try
        {
            var pairs = new DbConnectionStringBuilder { ConnectionString = connectionString };
            return [.. pairs.Keys.Cast<string>().Select(key => KeyValuePair.Create(key, pairs[key].ToString() ?? ""))];
        }
        catch (ArgumentException)
        {
            // Nothing could read this as a connection string; it is registered as a whole anyway.
            return [];
        }
    }

    private static bool IsPassword(string key) =>
        key.Contains("password", StringComparison.OrdinalIgnoreCase) || key.Contains("pwd", StringComparison.OrdinalIgnoreCase);
}
