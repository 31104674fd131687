using System.Diagnostics;
using System.Reflection;
using Microsoft.TestPlatform.VsTestConsole.TranslationLayer;

namespace ConcurrentTesting.VsTest;

/// <summary>The two things that the translation layer keeps to itself: which <c>dotnet</c> it starts (its public constructor takes the
/// first in PATH, which need not exist or be the right one) and which process it started. Each has a way out where a version does not have
/// the member.</summary>
internal static class TranslationLayerAccess
{
    private const BindingFlags AnyInstance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    public static VsTestConsoleWrapper CreateWrapper(VsTestLocation location, ConsoleParameters parameters)
    {
        var constructor = typeof(VsTestConsoleWrapper).GetConstructor(
            AnyInstance, [typeof(string), typeof(string), typeof(ConsoleParameters)]);
        return constructor is null
            ? new VsTestConsoleWrapper(location.Console, parameters)
            : (VsTestConsoleWrapper)constructor.Invoke(
                BindingFlags.DoNotWrapExceptions, null, [location.Console, location.DotNet, parameters], null);
    }

    /// <summary>The console's process; null where this version does not tell.</summary>
    public static int? GetProcessId(VsTestConsoleWrapper wrapper)
    {
        var manager = Read(wrapper, "_vstestConsoleProcessManager");
        return Read(manager, "ProcessId") as int? ?? (Read(manager, "_process") as Process)?.Id;
    }

    /// <summary>How a console that has ended did so: its exit code and what it wrote to its error output.</summary>
    public static string DescribeEnd(VsTestConsoleWrapper wrapper)
    {
        var manager = Read(wrapper, "_vstestConsoleProcessManager");
        return $"exit code {Read(manager, "ExitCode") ?? "unknown"} {Read(manager, "ErrorOutput")}".Trim();
    }

    private static object? Read(object? target, string member) =>
        target?.GetType().GetField(member, AnyInstance) is { } field
            ? field.GetValue(target)
            : target?.GetType().GetProperty(member, AnyInstance)?.GetValue(target);
}
