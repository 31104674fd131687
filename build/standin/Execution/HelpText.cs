using System.Reflection;
using System.Text;

namespace Nuke.Common.Execution;

/// <summary>What <c>--help</c> prints.</summary>
internal static class HelpText
{
    private const int Width = 90;

    public static string Targets(IReadOnlyList<ExecutableTarget> targets)
    {
        var text = new StringBuilder("Targets (with their direct dependencies):").AppendLine().AppendLine();
        var width = Math.Max(targets.Max(target => target.Name.Length), 20);
        foreach (var target in targets.Where(target => target.Listed))
        {
            var entry = target.Name + (target.IsDefault ? " (default)" : string.Empty);
            var dependencies = string.Join(", ", target.ExecutionDependencies.Select(dependency => dependency.Name));
            text.AppendLine($"  {entry.PadRight(width)}{(dependencies.Length > 0 ? $" -> {dependencies}" : string.Empty)}");
            if (!string.IsNullOrWhiteSpace(target.Description))
                text.AppendLine($"    {target.Description}");
        }

        return text.ToString();
    }

    public static string Parameters(Type build, IReadOnlyList<ExecutableTarget> targets)
    {
        var parameters = MemberDiscovery.Parameters(build).Where(member => member.GetCustomAttribute<ParameterAttribute>()!.List).ToList();
        var width = parameters.Max(member => DashedName(member).Length);
        var defaults = string.Join(", ", targets.Where(target => target.IsDefault).Select(target => target.Name));
        var text = new StringBuilder("Parameters:").AppendLine().AppendLine();
        foreach (var group in parameters.GroupBy(member => member.DeclaringType == typeof(NukeBuild)).OrderBy(group => group.Key))
        {
            foreach (var parameter in group)
                AppendParameter(text, parameter, width, defaults);
            text.AppendLine();
        }

        return text.ToString();
    }

    public static string DashedName(MemberInfo member)
    {
        var dashed = new StringBuilder();
        var afterLower = false;
        foreach (var letter in MemberDiscovery.ParameterName(member))
        {
            if (afterLower && char.IsUpper(letter))
                dashed.Append('-');
            afterLower = char.IsLower(letter);
            dashed.Append(char.ToLowerInvariant(letter));
        }

        return dashed.ToString();
    }

    private static void AppendParameter(StringBuilder text, MemberInfo parameter, int width, string defaults)
    {
        var description = parameter.GetCustomAttribute<ParameterAttribute>()!.Description;
        var words = description is null
            ? "<no description>"
            : description.TrimEnd('.').Replace("{default_target}", defaults, StringComparison.Ordinal) + ".";
        text.Append($"  --{DashedName(parameter).PadRight(width)}  ");
        var column = width + 6;
        foreach (var word in words.Split(' '))
        {
            if (column + word.Length > Width)
            {
                text.AppendLine().Append(' ', width + 6);
                column = width + 6;
            }

            text.Append(' ').Append(word);
            column += word.Length + 1;
        }

        text.AppendLine();
    }
}
