using System.Linq.Expressions;
using Nuke.Common.CI;
using Nuke.Common.Execution;
using Nuke.Common.IO;
using Nuke.Common.Tooling;

namespace Nuke.Common;

/// <summary>The base of a build: <c>public static int Main() => Execute&lt;Build&gt;(x => x.Compile);</c></summary>
public abstract class NukeBuild : INukeBuild
{
    static NukeBuild()
    {
        RootDirectory = FindRoot();
        TemporaryDirectory = Directory.CreateDirectory(RootDirectory / ".nuke" / "temp").FullName;
        Verbosity = Value<Verbosity?>(nameof(Verbosity)) ?? Verbosity.Normal;
        Host = Value<Host>(nameof(Host)) ?? Host.OfThisProcess();
        LoadedLocalProfiles = Value<string[]>("Profile") ?? [];
    }

    [Parameter("Root directory during build execution.", Name = "Root")]
    public static AbsolutePath RootDirectory { get; }

    public static AbsolutePath TemporaryDirectory { get; }

    [Parameter("Logging verbosity during build execution. Default is 'Normal'.")]
    public static Verbosity Verbosity
    {
        get => Logging.ToVerbosity(Logging.LevelSwitch.MinimumLevel);
        set => Logging.LevelSwitch.MinimumLevel = Logging.ToLevel(value);
    }

    [Parameter("Host for execution. Default is 'automatic'.")]
    public static Host Host { get; set; }

    [Parameter("Defines the profiles to load.", Name = "Profile")]
    public static string[] LoadedLocalProfiles { get; }

    public static bool IsLocalBuild => !IsServerBuild;

    public static bool IsServerBuild => Host is IBuildServer;

    public IReadOnlyCollection<ExecutableTarget> ExecutionPlan { get; set; }

    [Parameter("List of targets to be invoked. Default is '{default_target}'.", Name = "Target", Separator = "+")]
    public IReadOnlyCollection<ExecutableTarget> InvokedTargets => [.. ExecutionPlan.Where(target => target.Invoked)];

    [Parameter("List of targets to be skipped. Empty list skips all dependencies.", Name = "Skip", Separator = "+")]
    public IReadOnlyCollection<ExecutableTarget> SkippedTargets => With(ExecutionStatus.Skipped);

    public IReadOnlyCollection<ExecutableTarget> SucceededTargets => With(ExecutionStatus.Succeeded);

    [Parameter("Shows the help text for this build assembly.")]
    public bool Help { get; internal set; }

    [Parameter("Disables displaying the NUKE logo.")]
    public bool NoLogo { get; set; }

    [Parameter("Partition to use on CI.", List = false)]
    public Partition Partition { get; internal set; } = Partition.Single;

    public int? ExitCode { get; set; }

    IReadOnlyCollection<ExecutableTarget> INukeBuild.ExecutableTargets => Targets;

    AbsolutePath INukeBuild.RootDirectory => RootDirectory;

    AbsolutePath INukeBuild.TemporaryDirectory => TemporaryDirectory;

    Verbosity INukeBuild.Verbosity => Verbosity;

    Host INukeBuild.Host => Host;

    bool INukeBuild.Help => Help;

    bool INukeBuild.NoLogo => NoLogo;

    bool INukeBuild.IsLocalBuild => IsLocalBuild;

    bool INukeBuild.IsServerBuild => IsServerBuild;

    internal IReadOnlyList<ExecutableTarget> Targets { get; set; } = [];

    /// <summary>Works only while exactly one target is running, and replaces what was set before.</summary>
    public void ReportSummary(Configure<Dictionary<string, string>> configurator = null)
    {
        var target = ExecutionPlan.Single(target => target.Status == ExecutionStatus.Running);
        target.SummaryInformation = configurator?.Invoke([]) ?? [];
    }

    T INukeBuild.TryGetValue<T>(Expression<Func<T>> parameterExpression) => Value<T>(parameterExpression);

    T INukeBuild.TryGetValue<T>(Expression<Func<object>> parameterExpression) => Value<T>(parameterExpression);

    protected static int Execute<T>(params Expression<Func<T, Target>>[] defaultTargetExpressions)
        where T : NukeBuild, new() =>
        BuildExecution.Run(new T(), build => [.. defaultTargetExpressions.Select(expression => expression.Compile()((T)build))]);

    private static T Value<T>(LambdaExpression expression)
    {
        var member = (MemberExpression)(expression.Body is UnaryExpression conversion ? conversion.Operand : expression.Body);
        return (T)ParameterResolver.Current.GetOnce(member.Member, (member.Expression as ConstantExpression)?.Value);
    }

    private static T Value<T>(string name) => (T)ParameterResolver.Current.Get(name, typeof(T), separator: null);

    private static AbsolutePath FindRoot()
    {
        if (ParameterResolver.Current.CommandLine.Has("Root"))
            return Path.GetFullPath(Value<string>("Root") ?? Directory.GetCurrentDirectory());

        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, ".nuke")))
                return folder.FullName;
        }

        throw new InvalidOperationException(
            $"Could not locate '.nuke' directory while walking up from '{Directory.GetCurrentDirectory()}'. "
            + "Either create a directory to mark the root directory, or add '--root [path]' to the invocation.");
    }

    private List<ExecutableTarget> With(ExecutionStatus status) => [.. ExecutionPlan.Where(target => target.Status == status)];
}
