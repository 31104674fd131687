namespace ConcurrentTesting.Settings;

/// <summary>One reading of all parameters, which collects the errors instead of stopping at the first.</summary>
internal sealed class ParameterReading
{
    private readonly ParameterSources _sources;
    private readonly ConcurrentTestSettings _given;
    private readonly ILogger _logger;
    private readonly CommandLine _commandLine;
    private readonly EnvironmentVariables _environment;
    private readonly ParameterFiles _files;
    private readonly Dictionary<Parameter, ParameterText> _texts = [];
    private readonly HashSet<Parameter> _unreadable = [];
    private readonly List<string> _errors = [];

    public ParameterReading(ParameterSources sources, ConcurrentTestSettings settings, ILogger logger)
    {
        _sources = sources;
        _given = settings;
        _logger = logger;
        _commandLine = new CommandLine(sources.CommandLine);
        _environment = new EnvironmentVariables(sources.Environment, sources.HasGeneratedVariables);
        _files = new ParameterFiles(sources.Files, settings.RootDirectory);
    }

    public IReadOnlyList<string> Errors => _errors;

    public ConcurrentTestSettings Read()
    {
        _errors.AddRange(_commandLine.Unknown(ParameterTable.All, _sources.OtherParameters));
        _errors.AddRange(_files.Unknown(ParameterTable.All, _sources.OtherParameters));
        foreach (var name in _environment.Unknown(ParameterTable.All, _sources.OtherParameters))
            _logger.LogWarning("{Variable} is ignored: there is no such parameter; did you mean {Nearest}?", name, NearestVariable(name));

        var settings = ParameterTable.All.Aggregate(_given, Apply);
        if (settings.ShowHelp)
        {
            // Who asks for help need not hear of errors in the rest.
            _errors.Clear();
            return settings;
        }

        RefuseTwoBuilds();
        // Paths on the command line mean something else in another folder, so the arguments are kept only for the root.
        if (Path.GetFullPath(_given.WorkingDirectory) == Path.GetFullPath(_given.RootDirectory))
            settings = settings with { RepeatedArguments = RepeatedArguments.Of(_commandLine, _given.WorkingDirectory) };
        settings = SettingsPaths.MakeAbsolute(settings);
        foreach (var parameter in ParameterTable.All.Where(parameter => !_unreadable.Contains(parameter) && IsUsed(parameter, settings)))
            AddFlaw(parameter, settings);
        if (_errors.Count == 0)
            AddObstacles(settings);
        return settings;
    }

    // What parts were made of need not be where they are merged.
    private static bool IsUsed(Parameter parameter, ConcurrentTestSettings settings) =>
        settings.MergeFolders.IsEmpty || parameter.Name is not ("TestProjects" or "TestTemplate" or "TestSettings" or "TestQuarantine");

    private ConcurrentTestSettings Apply(ConcurrentTestSettings settings, Parameter parameter)
    {
        try
        {
            if (Find(parameter) is not { } text)
                return settings;

            _texts[parameter] = text;
            return parameter.Apply(settings, text);
        }
        catch (UnreadableValueException exception)
        {
            _unreadable.Add(parameter);
            var shown = _texts.TryGetValue(parameter, out var text) ? text.Show(parameter.IsSecret) : parameter.Argument;
            _errors.Add(exception.IsComplete ? exception.Message : Message(shown, exception.Message, parameter));
            return settings;
        }
    }

    private ParameterText? Find(Parameter parameter)
    {
        if (_commandLine.Find(parameter, _given.WorkingDirectory) is { } argument)
        {
            RefuseDisagreement(parameter, argument);
            if (parameter.IsSecret)
            {
                _logger.LogWarning(
                    "{Argument} on the command line can be read by others on this machine; better set {Variable}", parameter.Argument,
                    parameter.Variable);
            }

            return argument;
        }

        return _environment.Find(parameter, _given.WorkingDirectory) ?? FromFilesOrBuildSystem(parameter);
    }

    // Nobody can tell which of two names for the same thing is meant to win.
    private void RefuseDisagreement(Parameter parameter, ParameterText argument)
    {
        foreach (var other in _environment.UnderAlias(parameter, _given.WorkingDirectory).Where(
            other => !other.Values.SequenceEqual(argument.Values)))
            throw EnvironmentVariables.Disagreement(parameter, argument, other);
    }

    // Nobody can tell which of two words for the same thing is meant to win.
    private void RefuseTwoBuilds()
    {
        if (Given("TestBuild") is { } build && Given("TestNoBuild") is { } noBuild && build.Settings.NoBuild != noBuild.Settings.NoBuild)
            _errors.Add($"{build.Text.Show(isSecret: false)} and {noBuild.Text.Show(isSecret: false)} differ: give one of them");
    }

    private (ParameterText Text, ConcurrentTestSettings Settings)? Given(string name)
    {
        var parameter = ParameterTable.All.First(parameter => parameter.Name == name);
        return _texts.TryGetValue(parameter, out var text) && !_unreadable.Contains(parameter)
            ? (text, parameter.Apply(new ConcurrentTestSettings(), text))
            : null;
    }

    private ParameterText? FromFilesOrBuildSystem(Parameter parameter)
    {
        var unprefixed = _environment.Unprefixed(parameter).ToList();
        foreach (var name in unprefixed)
            _logger.LogInformation("{Variable} in the environment is ignored: only {Prefixed} counts", name, parameter.Variable);

        var fromFile = _files.Find(parameter);
        if (fromFile is not null && !parameter.IsSecret)
            return fromFile;

        if (unprefixed.Count == 0)
            return FromBuildSystem(parameter);

        return fromFile is null
            ? null
            : throw new UnreadableValueException(
                $"{unprefixed[0]} in the environment hides the encrypted {parameter.Name} of the parameters file: unset it")
            {
                IsComplete = true,
            };
    }

    private ParameterText? FromBuildSystem(Parameter parameter) =>
        _sources.BuildSystem(parameter.Name) is { } values && values.Any(value => value.Length > 0)
            ? new ParameterText($"{parameter.Name} of the build:", [.. values], _given.RootDirectory)
            : null;

    private void AddFlaw(Parameter parameter, ConcurrentTestSettings settings)
    {
        if (parameter.Flaw(settings) is not { } flaw)
            return;

        _errors.Add(_texts.TryGetValue(parameter, out var text)
            ? Message(text.Show(parameter.IsSecret), flaw, parameter)
            : Message(parameter.ShowSetting(settings), flaw, parameter));
    }

    private void AddObstacles(ConcurrentTestSettings settings)
    {
        AddObstacle("TestResultsDirectory", settings.ResultsDirectory);
        AddFileObstacle("TestTimings", settings.TimingsFile);
        if (settings.JUnitFile is { } junit)
            AddFileObstacle("TestJUnitFile", junit);
    }

    private void AddFileObstacle(string name, string file)
    {
        if (Directory.Exists(file))
            _errors.Add($"{ParameterTable.All.First(parameter => parameter.Name == name).Argument}: {file} is a folder: name a file");
        else
            AddObstacle(name, Path.GetDirectoryName(file)!);
    }

    private void AddObstacle(string name, string folder)
    {
        if (WritableFolders.Obstacle(folder) is { } obstacle)
        {
            var parameter = ParameterTable.All.First(parameter => parameter.Name == name);
            _errors.Add($"{parameter.Argument}: {folder} cannot be written to: {obstacle}");
        }
    }

    private static string Message(string shown, string flaw, Parameter parameter) =>
        flaw.Length == 0 ? $"{shown}: it takes {parameter.Allowed}" : $"{shown}: {flaw}; it takes {parameter.Allowed}";

    private static string NearestVariable(string name) => Parameter.VariableOf(
        NearestName.Of(PlainName.OfVariable(name)["NUKE".Length..], ParameterTable.All.Select(parameter => parameter.Name)));
}
