namespace ConcurrentTesting.Safety;

/// <summary>What is to be done about an environment that says production.</summary>
internal enum ProductionVerdict
{
    /// <summary>Nothing says so, or the guard is overridden.</summary>
    Proceed,

    /// <summary>Tests run one after another, without our variables and databases.</summary>
    Sequential,
}

/// <summary>Refuses to work where the environment says production, whatever the engine, before anything is created.</summary>
internal static partial class ProductionEnvironment
{
    private static readonly string[] Variables = ["DOTNET_ENVIRONMENT", "ASPNETCORE_ENVIRONMENT", "NUKE_ENVIRONMENT"];

    /// <param name="read">Reads a variable of the process: <see cref="Environment.GetEnvironmentVariable(string)"/>.</param>
    /// <exception cref="ConcurrentTestException">It says production, and neither fallback nor override is set.</exception>
    public static ProductionVerdict Check(ConcurrentTestSettings settings, Guards guards, Func<string, string?> read, ILogger logger)
    {
        var found = Variables.FirstOrDefault(variable => SaysProduction(read(variable)));
        if (found is null)
            return ProductionVerdict.Proceed;
        var finding = $"{found} is '{read(found)!.Trim()}', which says production";
        if (settings.ProductionFallback == ProductionFallback.Sequential)
        {
            logger.LogWarning(
                "{Finding}: the tests run one after another, without databases of their own (--test-production-fallback sequential)",
                finding);
            return ProductionVerdict.Sequential;
        }

        guards.Refuse(
            GuardName.ProductionEnvironment, finding,
            $"set {found} to Development or unset it, or run with --test-production-fallback sequential");
        return ProductionVerdict.Proceed;
    }

    private static bool SaysProduction(string? environment) => environment is not null && Production().IsMatch(environment);

    /// <summary>A word of the name is one for production, whatever numbers or marks stand around it, and the word before it does not take
    /// that back.</summary>
    [GeneratedRegex(
        @"(?<!(?<![\p{L}\p{M}])(?:non|pre|not)[^\p{L}\p{M}]+)(?<![\p{L}\p{M}])(?:production|prod|prd|live|produktion)(?![\p{L}\p{M}])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Production();
}
