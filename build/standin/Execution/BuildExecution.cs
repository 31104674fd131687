using System.Reflection;
using System.Text;
using Serilog;

namespace Nuke.Common.Execution;

/// <summary>A build from its arguments to its exit code.</summary>
internal static class BuildExecution
{
    private const int Failure = -1;

    public static int Run(NukeBuild build, Func<NukeBuild, IReadOnlyCollection<Target>> defaults)
    {
        Console.OutputEncoding = Encoding.UTF8;
        var finish = new Lock();
        Console.CancelKeyPress += (_, _) => Finish(build, finish);
        try
        {
            Logging.Configure(build);
            build.Targets = TargetGraph.Create(build, defaults(build));
            var parameters = MemberDiscovery.Parameters(build.GetType());
            ParameterResolver.Current.ReadFiles(NukeBuild.RootDirectory, NukeBuild.LoadedLocalProfiles, parameters);
            Inject(build, parameters);
            if (!build.NoLogo)
                Host.WriteLine($"NUKE stand-in for Nuke.Common {typeof(NukeBuild).Assembly.GetName().Version!.ToString(3)}", ConsoleColor.Cyan);

            build.ExecutionPlan = TargetGraph.Plan(build.Targets, Names("Target") ?? Positional());
            if (build.Help || build.ExecutionPlan.Count == 0)
                ShowHelp(build);

            Execute(build);
            return build.ExitCode ??= build.ExecutionPlan.Any(target => target.Status == ExecutionStatus.Failed) ? Failure : 0;
        }
        catch (Exception exception)
        {
            if (exception is not TargetFailedException)
                Host.WriteLine(Unwrap(exception).Message, ConsoleColor.Red);
            return build.ExitCode ??= Failure;
        }
        finally
        {
            Finish(build, finish);
            Log.CloseAndFlush();
        }
    }

    // Like NUKE this ends the process, without the summary of a build.
    private static void ShowHelp(NukeBuild build)
    {
        Host.WriteLine(HelpText.Targets(build.Targets));
        Host.WriteLine(HelpText.Parameters(build.GetType(), build.Targets));
        Log.CloseAndFlush();
        Environment.Exit(0);
    }

    // Parameters of components are read when they are asked for.
    private static void Inject(NukeBuild build, IReadOnlyList<MemberInfo> parameters)
    {
        string[] ofTheBase = [nameof(NukeBuild.Help), nameof(NukeBuild.NoLogo), nameof(NukeBuild.Partition)];
        foreach (var member in parameters.Where(member => !member.ReflectedType!.IsInterface
                     && (member.DeclaringType != typeof(NukeBuild) || ofTheBase.Contains(member.Name))))
        {
            var attribute = member.GetCustomAttribute<ParameterAttribute>()!;
            attribute.Build = build;
            if (attribute.TryGetValue(member, build) is { } value)
                Set(member, build, value);
        }
    }

    private static void Set(MemberInfo member, object instance, object value)
    {
        var field = member as FieldInfo
                    ?? member.DeclaringType!.GetField($"<{member.Name}>k__BackingField", MemberDiscovery.Instance | BindingFlags.Static);
        if (field is not null)
            field.SetValue(instance, value);
        else
            ((PropertyInfo)member).SetValue(instance, value);
    }

    private static void Skip(NukeBuild build, IReadOnlyList<string> names)
    {
        foreach (var target in build.ExecutionPlan.Where(target => !target.Invoked
                     && (names.Count == 0 || names.Contains(target.Name, StringComparer.OrdinalIgnoreCase))))
        {
            target.Status = ExecutionStatus.Skipped;
            target.SummaryInformation["Skipped"] = "via parameter";
        }
    }

    private static void Execute(NukeBuild build)
    {
        if (Names("Skip") is { } skipped)
            Skip(build, skipped);

        var hasFailed = false;
        foreach (var target in build.ExecutionPlan.Where(target => target.Status == ExecutionStatus.Scheduled).ToList())
        {
            if (hasFailed && !target.AssuredAfterFailure)
                continue;

            hasFailed |= !Execute(build, target) && !target.ProceedAfterFailure;
        }

        if (hasFailed)
            throw new TargetFailedException();
    }

    private static bool Execute(INukeBuild build, ExecutableTarget target)
    {
        if (target.Conditions.FirstOrDefault(condition => !condition.IsMet()) is { IsMet: not null } unmet)
        {
            target.SummaryInformation["OnlyWhen"] = unmet.Text;
            target.Status = ExecutionStatus.Skipped;
            return true;
        }

        if (target.Actions.Count == 0)
        {
            target.Status = ExecutionStatus.Collective;
            return true;
        }

        using (Logging.SetTarget(target.Name))
        using (build.Host.WriteBlock(target.Name))
            return Perform(target);
    }

    private static bool Perform(ExecutableTarget target)
    {
        target.Stopwatch.Start();
        target.Status = ExecutionStatus.Running;
        try
        {
            target.Actions.ForEach(action => action());
            target.Status = ExecutionStatus.Succeeded;
        }
        catch (Exception thrown)
        {
            var exception = Unwrap(thrown);
            if (target.SummaryInformation.Count == 0)
                target.SummaryInformation[exception.GetType().Name] = exception.Message.Split('\n')[0].TrimEnd('\r');
            Log.Error(exception, "Target {TargetName} has thrown an exception", target.Name);
            target.Status = ExecutionStatus.Failed;
        }

        target.Stopwatch.Stop();
        return target.Status == ExecutionStatus.Succeeded;
    }

    // Also on Ctrl-C, where what is running becomes Aborted.
    private static void Finish(NukeBuild build, Lock once)
    {
        lock (once)
        {
            if (build.ExecutionPlan is null)
                return;

            foreach (var target in build.ExecutionPlan)
            {
                target.Stopwatch.Stop();
                target.Status = target.Status switch
                {
                    ExecutionStatus.Running => ExecutionStatus.Aborted,
                    ExecutionStatus.Scheduled => ExecutionStatus.NotRun,
                    var status => status,
                };
            }

            NukeBuild.Host.WriteErrorsAndWarnings();
            NukeBuild.Host.WriteTargetOutcome(build);
            NukeBuild.Host.WriteBuildOutcome(build);
        }
    }

    private static IReadOnlyList<string> Names(string parameter) =>
        (string[])ParameterResolver.Current.Get(parameter, typeof(string[]), separator: '+');

    private static IReadOnlyList<string> Positional() =>
        ParameterResolver.Current.CommandLine.Positional is { Count: > 0 } targets ? [.. targets.SelectMany(name => name.Split('+'))] : null;

    private static Exception Unwrap(Exception exception) =>
        exception is TargetInvocationException or TypeInitializationException && exception.InnerException is { } inner ? Unwrap(inner) : exception;

    private sealed class TargetFailedException : Exception;
}
