namespace ConcurrentTesting.Settings;

/// <summary>Names of parameters as NUKE compares them: by letters and digits, whatever their case.</summary>
internal static class PlainName
{
    public static string Of(string argument) => argument.Replace("-", string.Empty, StringComparison.Ordinal);

    public static bool Same(string left, string right) => string.Equals(Of(left), Of(right), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whoever wrote it most likely meant a parameter of ours.</summary>
    /// <param name="name">Without dashes.</param>
    public static bool LooksLikeOurs(string name) =>
        name.StartsWith("test", StringComparison.OrdinalIgnoreCase) || name.StartsWith("work", StringComparison.OrdinalIgnoreCase);

    /// <summary>Letters and digits only: how NUKE compares a variable's name.</summary>
    public static string OfVariable(string variable) => string.Concat(variable.Where(char.IsLetterOrDigit));
}
