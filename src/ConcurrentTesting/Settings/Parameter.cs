using System.Collections;
using System.Runtime.CompilerServices;

namespace ConcurrentTesting.Settings;

/// <summary>A parameter: its names, what it means, and how it becomes a setting.</summary>
internal sealed class Parameter
{
    private const string DefaultMark = ". Default: ";

    private Parameter(string name, string help)
    {
        Name = name;
        Meaning = help[..help.LastIndexOf(DefaultMark, StringComparison.Ordinal)];
        Default = help[(Meaning.Length + DefaultMark.Length)..];
        Help = help;
    }

    /// <summary>The name of its property: <c>TestTimeout</c>.</summary>
    public string Name { get; }

    public string Help { get; }
    public string Meaning { get; }
    public string Default { get; }
    public bool IsSecret { get; private init; }

    /// <summary>Further names in the environment: <c>TestWorkers</c>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    public required Arity Arity { get; init; }
    public required string Allowed { get; init; }

    /// <summary>Puts the value into the settings; throws <see cref="UnreadableValueException"/>.</summary>
    public required Func<ConcurrentTestSettings, ParameterText, ConcurrentTestSettings> Apply { get; init; }

    /// <summary>What is wrong with the value in the settings, empty where only what is allowed need be said; null where it is
    /// fine.</summary>
    public required Func<ConcurrentTestSettings, string?> Flaw { get; init; }

    /// <summary>The setting and its value as C# writes it.</summary>
    public required Func<ConcurrentTestSettings, string> ShowSetting { get; init; }

    /// <summary>How it stands in run.json; null where it is withheld.</summary>
    public RecordedValue? Recorded { get; private set; }

    /// <summary><c>--test-timeout</c></summary>
    public string Argument => "--" + Separated(Name, '-').ToLowerInvariant();

    /// <summary><c>NUKE_TEST_TIMEOUT</c></summary>
    public string Variable => VariableOf(Name);

    public static Parameter Create<T>(
        string help,
        ValueKind<T> kind,
        Func<ConcurrentTestSettings, T> get,
        Func<ConcurrentTestSettings, T, ConcurrentTestSettings> set,
        bool isSecret = false,
        string[]? aliases = null,
        [CallerArgumentExpression(nameof(help))] string name = "",
        [CallerArgumentExpression(nameof(get))] string getter = "")
    {
        var setting = getter.Split('.')[^1].TrimEnd('!');
        return new Parameter(name.Split('.')[^1], help)
        {
            IsSecret = isSecret,
            Aliases = aliases ?? [],
            Arity = kind.Arity,
            Allowed = kind.Allowed,
            Apply = (settings, text) => set(settings, kind.Parse(text)),
            Flaw = settings => get(settings) is { } value ? kind.Flaw(value) : null,
            ShowSetting = settings => $"{setting} = {(isSecret ? "***" : Show(get(settings)))}",
            Recorded = isSecret ? null : RecordedValue.Of(setting, get),
        };
    }

    /// <summary>The same parameter, of which run.json has no more than this.</summary>
    public Parameter RecordedAs<T>(string setting, Func<ConcurrentTestSettings, T> get)
    {
        Recorded = RecordedValue.Of(setting, get);
        return this;
    }

    /// <summary>The same parameter, which run.json does not have: it says what is done instead of a run.</summary>
    public Parameter NotRecorded()
    {
        Recorded = null;
        return this;
    }

    public static string VariableOf(string name) => "NUKE_" + Separated(name, '_').ToUpperInvariant();

    private static string Show(object? value) => value switch
    {
        string text => text,
        IEnumerable list => string.Join(' ', list.Cast<object>()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };

    // The name is separated at its humps, as NUKE does.
    private static string Separated(string name, char separator)
    {
        var separated = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsUpper(name[i]) && char.IsLower(name[i - 1]))
                separated.Append(separator);
            separated.Append(name[i]);
        }

        return separated.ToString();
    }
}
