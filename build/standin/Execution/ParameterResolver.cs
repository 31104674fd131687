using System.Collections;
using System.Reflection;
using System.Text.Json;
using Nuke.Common.IO;
using Serilog;

namespace Nuke.Common.Execution;

/// <summary>Where a parameter's value comes from: the command line, else the environment, else .nuke/parameters.json.</summary>
internal sealed class ParameterResolver(ArgumentList commandLine)
{
    private readonly Dictionary<MemberInfo, object> _values = [];
    private ArgumentList _files;

    public static ParameterResolver Current { get; } = new(new ArgumentList(Environment.GetCommandLineArgs()[1..]));

    public ArgumentList CommandLine => commandLine;

    public object Get(string name, Type type, char? separator) =>
        commandLine.Get(name, type, separator) ?? FromEnvironment(name, type, separator) ?? _files?.Get(name, type, separator);

    /// <summary>Found values are kept; null is looked for again each time.</summary>
    public object GetOnce(MemberInfo member, object instance)
    {
        if (_values.GetValueOrDefault(member) is { } known)
            return known;

        var attribute = member.GetCustomAttribute<ValueInjection.ValueInjectionAttributeBase>()!;
        attribute.Build = instance as INukeBuild;
        return _values[member] = attribute.TryGetValue(member, instance);
    }

    public void ReadFiles(AbsolutePath root, IReadOnlyList<string> profiles, IReadOnlyList<MemberInfo> parameters)
    {
        string[] names = ["parameters.json", .. profiles.Select(profile => $"parameters.{profile}.json")];
        var secrets = parameters.Where(member => member.IsDefined(typeof(SecretAttribute)))
            .Select(MemberDiscovery.ParameterName)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var arguments = new List<string>();
        foreach (string file in names.Select(name => root / ".nuke" / name))
        {
            if (File.Exists(file))
                arguments.AddRange(Read(file, secrets));
            else
                Assert.True(Path.GetFileName(file) == names[0], $"File does not exist: {file}");
        }

        _files = new ArgumentList(arguments);
    }

    private static IEnumerable<string> Read(string file, HashSet<string> secrets)
    {
        using var document = JsonDocument.Parse(
            File.ReadAllText(file),
            new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        foreach (var property in document.RootElement.EnumerateObject().Where(property => property.Name != "$schema").ToList())
        {
            Assert.True(!secrets.Contains(property.Name), $"{file}: '{property.Name}' is a secret, encrypted; only NUKE itself can decrypt it");
            yield return $"--{property.Name}";
            var values = property.Value.ValueKind == JsonValueKind.Array ? [.. property.Value.EnumerateArray()] : new[] { property.Value };
            foreach (var value in values)
                yield return value.ToString();
        }
    }

    private static object FromEnvironment(string name, Type type, char? separator)
    {
        var wanted = LettersAndDigits(name);
        var found = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => LettersAndDigits((string)variable.Key) is var key
                               && (Same(key, wanted) || Same(key, "NUKE" + wanted)))
            .ToList();
        if (found.Find(variable => (string)variable.Key == name) is { Key: not null } exact)
            found = [exact];

        if (found.Count > 1)
            Log.Warning("Could not resolve {VariableName} since multiple values are provided", name);

        return found.Count == 1 ? ArgumentList.Convert([(string)found[0].Value], type, separator, bare: false) : null;
    }

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private static string LettersAndDigits(string name) => string.Concat(name.Where(char.IsLetterOrDigit));
}
