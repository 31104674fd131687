using System.Collections.Concurrent;
using System.Xml;
using System.Xml.Linq;
using ConcurrentTesting.TestHook.Wire;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Utilities;

namespace ConcurrentTesting.VsTest;

/// <summary>The user's <c>.runsettings</c>, into which a run's own settings are merged. What it takes to run one test at a time and to get
/// every result is ours; everything else stays the user's.</summary>
/// <remarks>https://learn.microsoft.com/visualstudio/test/configure-unit-tests-by-using-a-dot-runsettings-file</remarks>
internal sealed class RunSettingsDocument
{
    private const string RunConfiguration = "RunConfiguration";

    // The run does the work of these loggers itself, or nobody would see it: the console's output goes nowhere.
    private static readonly string[] ReplacedLoggers = ["trx", "console"];

    // Each batch is a run of its own to a logger, so a fixed file would hold only the last batch.
    private static readonly string[] FileNameElements = ["LogFileName", "LogFilePath"];

    // These elements decide where the platform looks for test hosts and adapters, and which it takes.
    private static readonly string[] ConsoleElements =
        ["DotNetHostPath", "TestAdaptersPaths", "TargetPlatform", "TargetFrameworkVersion", "TestAdapterLoadingStrategy"];

    private static readonly string[] PathElements = ["DotNetHostPath", "SolutionDirectory", "TestAdaptersPaths", "SettingsFile"];

    private readonly XDocument _document;
    private readonly bool _isGiven;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, RunSettingsDocument> _ofProjects = new();

    private RunSettingsDocument(XDocument document, string? file, ILogger logger)
    {
        _document = document;
        _isGiven = file is not null;
        Origin = file ?? "the run settings";
        _logger = logger;
    }

    /// <summary>The file that it was read from, for messages.</summary>
    public string Origin { get; }

    /// <summary>The run collects coverage, whatever the settings say.</summary>
    public bool CollectCoverage { get; private init; }

    /// <summary>The loggers that the settings switch on by their name alone.</summary>
    public IEnumerable<string> LoggerNames => Loggers
        .Where(logger => Attribute(logger, "uri") is null && Attribute(logger, "assemblyQualifiedName") is null
            && !string.Equals(Attribute(logger, "enabled"), "false", StringComparison.OrdinalIgnoreCase))
        .Select(logger => (Attribute(logger, "friendlyName") ?? "").Trim()).Where(name => name.Length > 0);

    // VSTest reads attributes in any case.
    private static string? Attribute(XElement element, string name) =>
        element.Attributes().FirstOrDefault(one => one.Name.LocalName.Equals(name, StringComparison.OrdinalIgnoreCase))?.Value;

    /// <summary>The data collectors that the settings switch on.</summary>
    public IReadOnlyList<XElement> Collectors => CoverageSettings.Enabled(_document.Root, "DataCollectionRunSettings", "DataCollectors");

    /// <summary>The data collectors that are to be loaded into test processes.</summary>
    public IReadOnlyList<XElement> InProcessCollectors =>
        CoverageSettings.Enabled(_document.Root, "InProcDataCollectionRunSettings", "InProcDataCollectors");

    /// <summary>Where the settings say that adapters and collectors are, absolute.</summary>
    public IReadOnlyList<string> AdapterPaths =>
        Value(RunConfiguration, "TestAdaptersPaths")?.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>The <c>dotnet</c> that the user wants tests to be run with; null: the one that runs VSTest.</summary>
    public string? DotNetHostPath =>
        Value(RunConfiguration, "DotNetHostPath") is { } path ? Environment.ExpandEnvironmentVariables(path) : null;

    /// <summary>The filter in the user's settings, which holds beside one that is given as a parameter; null: none.</summary>
    public string? TestCaseFilter => Value(RunConfiguration, "TestCaseFilter");

    /// <summary>What the settings ask for that only vstest.console does, in a few words; null: nothing.</summary>
    public string? NeedOfConsole =>
        CollectCoverage || Collectors.Count > 0 ? "data collectors"
        : Loggers.Any() ? "loggers"
        : Array.Find(ConsoleElements, name => Value(RunConfiguration, name) is not null);

    /// <summary>What the user's settings say of xunit v3's explicit tests: <c>on</c>, <c>off</c>, <c>only</c>; null: nothing.</summary>
    public string? XUnitExplicit => Value("xUnit", "Explicit");

    /// <inheritdoc cref="XUnit3Command.UnknownSetting"/>
    public string? UnknownXUnitSetting => XUnit3Command.UnknownSetting(_document.Root!);

    /// <summary>How many tests NUnit's adapter hands to its engine as a list, in a plain run with the user's settings.</summary>
    public int NUnitSelectLimit => int.TryParse(Value("NUnit", "AssemblySelectLimit"), CultureInfo.InvariantCulture, out var limit)
        ? limit
        : ExplicitTests.DefaultSelectLimit;

    /// <summary>Reads the user's settings, or starts from none where <see cref="ConcurrentTestSettings.RunSettingsFile"/> is
    /// null.</summary>
    /// <exception cref="ConcurrentTestException">The file is missing, is not XML, or is not what VSTest takes.</exception>
    public static RunSettingsDocument Load(ConcurrentTestSettings settings, ILogger logger) =>
        settings.RunSettingsFile is { } file
            ? Read(Path.GetFullPath(file, settings.WorkingDirectory), settings.Coverage, logger)
            : new RunSettingsDocument(
                new XDocument(new XElement("RunSettings")), file: null, logger)
            { CollectCoverage = settings.Coverage };

    /// <summary>The document that holds for an assembly: the run's where one was given, else the one that its project names.</summary>
    public RunSettingsDocument For(TestAssembly? assembly) =>
        _isGiven || assembly?.RunSettingsFile is not { } file
            ? this
            : _ofProjects.GetOrAdd(file, path => Read(path, CollectCoverage, _logger));

    /// <summary>The settings to discover an assembly's tests with.</summary>
    public string ForDiscovery(int seed, TestAssembly? assembly)
    {
        var document = For(assembly).Merge(seed, assembly);
        document.Root!.Section(RunConfiguration).SetElementValue("CollectSourceInformation", "true");
        // A filter may name properties such as Description too, which NUnit's adapter tells where it is asked to.
        if (assembly?.Filter is not null)
            document.Root!.Section("NUnit").SetElementValue("ShowInternalProperties", "true");
        document.Root!.Element("LoggerRunSettings")?.Remove();
        document.Root.Element("DataCollectionRunSettings")?.Remove();
        document.Root.Element("InProcDataCollectionRunSettings")?.Remove();
        return ToText(document);
    }

    /// <summary>Whether a variable can be passed to test processes in run settings.</summary>
    public static bool CanHold(string name, string value) => IsXmlName(name) && LegalText.Holds(value) && SurvivesRewriting(value);

    /// <summary>The settings to run a batch with.</summary>
    /// <exception cref="ConcurrentTestException">A variable cannot be written in XML.</exception>
    public string ForBatch(BatchRunSettings settings)
    {
        var document = For(settings.Assembly).Merge(settings.Seed, settings.Assembly);
        var run = document.Root!.Section(RunConfiguration);
        run.SetElementValue("ResultsDirectory", settings.ResultsDirectory);
        SetEnvironment(run, settings.Environment);
        AddTrxLogger(document.Root!, settings.TrxFileName);
        CoverageSettings.Apply(document.Root!, settings.Assembly.Collectors);
        if (settings is { NUnitWhere: { } where, Assembly.Framework: TestFramework.NUnit })
            SelectWhere(document.Root!.Section("NUnit"), where);
        settings.Configure(document.Root!);
        return ToText(document);
    }

    private static RunSettingsDocument Read(string file, bool collectCoverage, ILogger logger)
    {
        if (!File.Exists(file))
            throw BadSettings($"The run settings file {file} does not exist: check the path of --test-settings, or VSTestSetting and RunSettingsFilePath of the project.");
        try
        {
            var document = XDocument.Load(file, LoadOptions.SetLineInfo);
            if (document.Root!.Name != "RunSettings")
            {
                throw BadSettings(
                    $"{file}({((IXmlLineInfo)document.Root).LineNumber}): the root element is <{document.Root.Name}>, but run settings begin with <RunSettings>.");
            }

            var result = new RunSettingsDocument(document, file, logger) { CollectCoverage = collectCoverage };
            result.Prepare(Path.GetDirectoryName(file)!);
            Check(document, file);
            return result;
        }
        catch (XmlException exception)
        {
            throw BadSettings($"{file}({exception.LineNumber},{exception.LinePosition}): not XML: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw BadSettings($"The run settings file {file} cannot be read: {exception.Message}", exception);
        }
    }

    // VSTest would complain only in the first run, and would not name the file.
    private static void Check(XDocument document, string file)
    {
        var text = ToText(document);
        try
        {
            XmlRunSettingsUtilities.GetRunConfigurationNode(text);
            XmlRunSettingsUtilities.GetLoggerRunSettings(text);
            XmlRunSettingsUtilities.GetDataCollectionRunSettings(text);
            XmlRunSettingsUtilities.GetInProcDataCollectionRunSettings(text);
            XmlRunSettingsUtilities.GetTestRunParameters(text);
        }
        catch (SettingsException exception)
        {
            throw BadSettings($"{file}: {exception.Message}", exception);
        }
    }

    // This runs once for each file, so that each message is given once.
    private void Prepare(string folder)
    {
        var run = _document.Root!.Element(RunConfiguration);
        if (run?.Element("TestSessionTimeout") is { } timeout)
        {
            _logger.LogWarning(
                "TestSessionTimeout {Timeout} of the run settings is not used: --test-worker-timeout bounds a worker.",
                timeout.Value.Trim());
            timeout.Remove();
        }

        foreach (var path in _document.Root.Elements().Elements().Where(element => PathElements.Contains(element.Name.LocalName)))
            Root(path, folder);
        DropLoggers();
    }

    // vstest.console takes paths in a settings file as relative to that file; through the translation layer it does not know the file.
    private static void Root(XElement element, string folder)
    {
        var paths = Environment.ExpandEnvironmentVariables(element.Value).Split(
            ';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        element.Value = string.Join(';', paths.Select(path => Path.GetFullPath(path, folder)));
    }

    private IEnumerable<XElement> Loggers => _document.Root!.Elements("LoggerRunSettings").Elements("Loggers").Elements("Logger");

    private void DropLoggers()
    {
        foreach (var logger in Loggers.ToList())
        {
            var name = ((string?)logger.Attribute("friendlyName") ?? (string?)logger.Attribute("uri") ?? "").Trim();
            var replaced = ReplacedLoggers.Any(known => name.Contains(known, StringComparison.OrdinalIgnoreCase));
            if (!replaced && !logger.Elements("Configuration").Elements().Any(element => FileNameElements.Contains(element.Name.LocalName)))
                continue;
            logger.Remove();
            _logger.LogInformation(
                "The logger {Logger} of the run settings is not used: the run writes its own results, for all workers together.", name);
        }
    }

    private XDocument Merge(int seed, TestAssembly? assembly)
    {
        var document = new XDocument(_document);
        var run = document.Root!.Section(RunConfiguration);
        run.SetElementValue("DisableParallelization", "true");
        run.SetElementValue("MaxCpuCount", "1");
        run.SetElementValue("BatchSize", "1");
        run.SetElementValue("TreatNoTestsAsError", "false");
        // The filter is applied once, at discovery; a batch is an exact list.
        run.Element("TestCaseFilter")?.Remove();
        if (assembly is not null)
            run.SetElementValue("TargetFrameworkVersion", TargetFrameworkVersion(assembly.TargetFramework));

        var xunit = document.Root!.Section("xUnit");
        xunit.SetElementValue("ParallelizeAssembly", "false");
        xunit.SetElementValue("ParallelizeTestCollections", "false");
        // A suite's own xunit.runner.json wins over the line above, but not over these two; "aggressive" would let tests overlap at each
        // await.
        xunit.SetElementValue("MaxParallelThreads", "1");
        xunit.SetElementValue("ParallelAlgorithm", "conservative");

        // All tests run: only --test-fail-fast stops a run.
        xunit.SetElementValue("StopOnFail", "false");

        var nunit = document.Root!.Section("NUnit");
        nunit.SetElementValue("StopOnError", "false");
        nunit.SetElementValue("NumberOfTestWorkers", "0");
        // Given a longer list of tests than this (2000 unless set), the adapter runs the whole assembly instead.
        nunit.SetElementValue("AssemblySelectLimit", int.MaxValue.ToString(CultureInfo.InvariantCulture));
        if (nunit.Element("RandomSeed") is null)
            nunit.SetElementValue("RandomSeed", seed.ToString(CultureInfo.InvariantCulture));

        SerializeMSTest(document.Root!.Section("MSTest"));
        if (document.Root!.Element("MSTestV2") is { } second)
            SerializeMSTest(second);
        return document;
    }

    // NUnit's adapter ignores VSTest's filter in the translation layer's design mode and runs the whole assembly. Its own it takes; in its
    // current mode it makes a list of names of it, and loses those that XML cannot hold.
    private static void SelectWhere(XElement nunit, string where)
    {
        nunit.SetElementValue("Where", where);
        nunit.SetElementValue("DiscoveryMethod", "Legacy");
    }

    private static void SerializeMSTest(XElement section) => section.Section("Parallelize").SetElementValue("Workers", "1");

    private static void SetEnvironment(XElement run, IReadOnlyDictionary<string, string> environment)
    {
        var variables = run.Section("EnvironmentVariables");
        foreach (var (name, value) in environment)
        {
            CheckXml(name, value);
            variables.SetElementValue(name, value);
        }
    }

    private static void CheckXml(string name, string value)
    {
        if (CanHold(name, value))
            return;
        // The value may be a secret.
        throw BadSettings($"The variable {name} cannot be passed to test processes in run settings, which are XML: its name or value has a character "
            + "that XML does not allow. Use another name or value.");
    }

    // VSTest writes the settings anew on their way: a carriage return becomes a line feed, and nothing but blanks becomes nothing.
    private static bool SurvivesRewriting(string value) =>
        !value.Contains('\r', StringComparison.Ordinal) && (value.Length == 0 || !string.IsNullOrWhiteSpace(value));

    private static bool IsXmlName(string name) =>
        name.Length > 0 && XmlConvert.IsStartNCNameChar(name[0]) && name.All(XmlConvert.IsNCNameChar);

    private static void AddTrxLogger(XElement root, string fileName) =>
        root.Section("LoggerRunSettings").Section("Loggers").Add(
            new XElement(
                "Logger",
                new XAttribute("friendlyName", "trx"),
                new XAttribute("enabled", "True"),
                new XElement("Configuration", new XElement("LogFileName", fileName))));

    // "net8.0-windows7.0" is, to a test host, .NET 8.0.
    private static string TargetFrameworkVersion(string moniker)
    {
        var platformless = moniker.Split('-')[0];
        return platformless.StartsWith("net", StringComparison.OrdinalIgnoreCase) && Version.TryParse(platformless[3..], out var version)
            ? $".NETCoreApp,Version=v{version.Major}.{version.Minor}"
            : platformless;
    }

    private static string ToText(XDocument document)
    {
        var text = new StringBuilder();
        // Line breaks in values survive only as character references.
        var format = new XmlWriterSettings { OmitXmlDeclaration = true, Indent = false, NewLineHandling = NewLineHandling.Entitize };
        using (var writer = XmlWriter.Create(text, format))
            document.Save(writer);
        return text.ToString();
    }

    private string? Value(string section, string name) =>
        _document.Root?.Element(section)?.Element(name)?.Value.Trim() is { Length: > 0 } value ? value : null;

    private static ConcurrentTestException BadSettings(string message, Exception? inner = null) =>
        new(ConcurrentTestExitCode.BadSettings, message, inner);
}
