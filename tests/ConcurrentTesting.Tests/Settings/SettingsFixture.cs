using System.Collections.Immutable;
using ConcurrentTesting.Settings;
using Microsoft.Extensions.Logging;
using Shouldly;

namespace ConcurrentTesting.Tests.Settings;

/// <summary>A folder to parse settings in, and what the parsing said.</summary>
internal sealed class SettingsFixture : ILogger, IDisposable
{
    private readonly ImmutableDictionary<string, string>.Builder _variables = ImmutableDictionary.CreateBuilder<string, string>();
    private readonly List<string> _files = [];

    public string Root { get; } = Directory.CreateTempSubdirectory("settings-").FullName;

    public string Caller => Directory.CreateDirectory(Path.Combine(Root, "caller")).FullName;

    public List<(LogLevel Level, string Text)> Log { get; } = [];

    /// <summary>What the build system says; nothing, unless a test sets it.</summary>
    public Func<string, IReadOnlyList<string>?> BuildSystem { get; set; } = _ => null;

    /// <summary>Where the command was typed; <see cref="Caller"/>, unless a test sets it.</summary>
    public string? TypedIn { get; set; }

    public bool HasGeneratedVariables { get; set; }

    /// <summary>Parameters that the build has beside those that all builds of these tests have.</summary>
    public string[] OfTheBuild { get; set; } = [];

    public ConcurrentTestSettings FromCSharp { get; set; } = new() { TestProjects = ["some.csproj"] };

    public SettingsFixture With(string variable, string value)
    {
        _variables[variable] = value;
        return this;
    }

    public string Write(string name, string content)
    {
        var path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public SettingsFixture WithParameters(string json, string name = "parameters.json")
    {
        _files.Add(Write(name, json));
        return this;
    }

    public ConcurrentTestSettings Parse(params string[] arguments) => ConcurrentTestParameters.Parse(
        new ParameterSources
        {
            CommandLine = ["ConcurrentTest", .. arguments],
            Environment = _variables.ToImmutable(),
            HasGeneratedVariables = HasGeneratedVariables,
            Files = [.. _files],
            BuildSystem = name => BuildSystem(name),
            OtherParameters = ["Configuration", "TestFlavour", .. OfTheBuild],
        },
        FromCSharp with { RootDirectory = Root, WorkingDirectory = TypedIn ?? Caller },
        this);

    /// <summary>The errors, one a line.</summary>
    public string[] Errors(params string[] arguments)
    {
        var exception = Should.Throw<ConcurrentTestException>(() => Parse(arguments));
        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        return exception.Message.Split(Environment.NewLine);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Log.Add((logLevel, formatter(state, exception)));
}
