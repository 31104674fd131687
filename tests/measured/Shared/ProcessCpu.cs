using System.Globalization;
using System.Runtime.CompilerServices;

namespace Measured;

/// <summary>At its end the test process writes what CPU time it took, in microseconds, where <c>MEASURED_CPU</c> says.</summary>
internal static class ProcessCpu
{
    [ModuleInitializer]
    internal static void Watch()
    {
        if (Environment.GetEnvironmentVariable("MEASURED_CPU") is { Length: > 0 } file && (OperatingSystem.IsLinux() || OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()))
            AppDomain.CurrentDomain.ProcessExit += (_, _) => File.AppendAllText(file, Environment.CpuUsage.TotalTime.TotalMicroseconds.ToString(CultureInfo.InvariantCulture) + "\n");
    }
}
