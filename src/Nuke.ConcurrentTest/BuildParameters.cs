using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using ConcurrentTesting.Settings;
using Nuke.Common;
using Nuke.Common.ValueInjection;

namespace Nuke.ConcurrentTest;

/// <summary>What NUKE and the build know of parameters.</summary>
internal static class BuildParameters
{
    private const string CallerDirectoryVariable = "NUKE_CALLER_DIRECTORY";

    // NUKE's configuration attributes write files for these hosts, whose variables bear the parameters' own names.
    private static readonly string[] HostsWithGenerators = ["AppVeyor", "AzurePipelines", "GitHubActions", "SpaceAutomation", "TeamCity"];

    private const BindingFlags AllMembers =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Where the build was started from, which the build script hands on because it changes the folder.</summary>
    public static string CallerDirectory =>
        Environment.GetEnvironmentVariable(CallerDirectoryVariable) is { Length: > 0 } caller && Directory.Exists(caller)
            ? Path.GetFullPath(caller)
            : Directory.GetCurrentDirectory();

    public static string NukeInUse
    {
        get
        {
            var assembly = typeof(NukeBuild).Assembly;
            var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
            return $"{assembly.GetName().Name} {version}";
        }
    }

    public static ParameterSources Sources(IConcurrentTest build, string rootDirectory) => new()
    {
        CommandLine = [.. Environment.GetCommandLineArgs().Skip(1)],
        Environment = Variables(),
        HasGeneratedVariables = HostsWithGenerators.Contains(build.Host.GetType().Name),
        Files = [.. ParameterFiles(rootDirectory).Where(File.Exists)],
        BuildSystem = name => Value(build, name),
        OtherParameters = [.. Injected(build.GetType()).Where(member => member.DeclaringType != typeof(IConcurrentTest)).Select(NameOf)],
    };

    /// <summary>Variables in the environment that hold a secret parameter of the build.</summary>
    public static ImmutableArray<string> SecretVariables(IConcurrentTest build)
    {
        var names = Members(build.GetType()).Where(member => member.IsDefined(typeof(SecretAttribute))).Select(NameOf)
            .SelectMany(name => new[] { name, "NUKE" + name })
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. Variables().Keys.Where(variable => names.Contains(string.Concat(variable.Where(char.IsLetterOrDigit))))];
    }

    /// <summary>The files of parameters that NUKE reads, there or not.</summary>
    public static IEnumerable<string> ParameterFiles(string rootDirectory) =>
        NukeBuild.LoadedLocalProfiles.Select(profile => $"parameters.{profile}.json").Prepend("parameters.json")
            .Select(name => Path.Combine(rootDirectory, ".nuke", name));

    private static List<string>? Value(IConcurrentTest build, string name) =>
        typeof(IConcurrentTest).GetProperty(name)?.GetValue(build) switch
        {
            string text => [text],
            IEnumerable<string> texts => [.. texts],
            _ => null,
        };

    private static ImmutableDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToImmutableDictionary(
                variable => (string)variable.Key, variable => (string?)variable.Value ?? string.Empty, StringComparer.Ordinal);

    private static IEnumerable<MemberInfo> Members(Type build) =>
        Injected(build).Where(member => member.IsDefined(typeof(ParameterAttribute)));

    // An argument may belong to a parameter, or to a member such as [Solution] that reads one without being a parameter. Reflection leaves
    // out private members of base classes unless asked class by class.
    private static IEnumerable<MemberInfo> Injected(Type build)
    {
        var types = build.GetInterfaces().ToList();
        for (var type = build; type is not null; type = type.BaseType)
            types.Add(type);
        return types.SelectMany(type => type.GetMembers(AllMembers)).Where(member => member.IsDefined(typeof(ValueInjectionAttributeBase)));
    }

    private static string NameOf(MemberInfo member) =>
        member.DeclaringType!.GetCustomAttribute<ParameterPrefixAttribute>()?.Prefix
        + (member.GetCustomAttribute<ParameterAttribute>()?.Name ?? member.Name);
}
