using System.ComponentModel;

namespace Nuke.Common.Execution;

/// <summary>
/// Arguments as NUKE reads them: targets first, then names whose dashes and case do not matter, each followed by its values. The last one wins.
/// </summary>
internal sealed class ArgumentList(IReadOnlyList<string> arguments)
{
    public IReadOnlyList<string> Positional => [.. arguments.TakeWhile(argument => !IsName(argument))];

    public bool Has(string name) => IndexOf(name) >= 0;

    public object Get(string name, Type type, char? separator) =>
        IndexOf(name) is var index && index >= 0
            ? Convert([.. arguments.Skip(index + 1).TakeWhile(argument => !IsName(argument))], type, separator, bare: true)
            : null;

    public static object Convert(IReadOnlyList<string> values, Type type, char? separator, bool bare)
    {
        if (separator is { } splitter)
            values = [.. values.SelectMany(value => value.Split(splitter))];

        if (type.IsArray)
            return ToArray(values, type.GetElementType());

        if (values.Count == 0)
            return type == typeof(bool) || type == typeof(bool?) ? bare : null;

        Assert.True(values.Count == 1, $"Value [ {string.Join(", ", values)} ] cannot be assigned to '{type.Name}'");
        return ToScalar(values[0], type);
    }

    private static Array ToArray(IReadOnlyList<string> values, Type elementType)
    {
        var array = Array.CreateInstance(elementType, values.Count);
        for (var i = 0; i < values.Count; i++)
            array.SetValue(ToScalar(values[i], elementType), i);
        return array;
    }

    private static object ToScalar(string value, Type type)
    {
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Value '{value}' could not be converted to '{type.Name}'", exception);
        }
    }

    private int IndexOf(string name)
    {
        for (var i = arguments.Count - 1; i >= 0; i--)
        {
            if (IsName(arguments[i]) && string.Equals(WithoutDashes(arguments[i]), WithoutDashes(name), StringComparison.OrdinalIgnoreCase))
                return i;
        }

        return -1;
    }

    private static bool IsName(string argument) => argument.StartsWith('-');

    private static string WithoutDashes(string name) => name.Replace("-", string.Empty, StringComparison.Ordinal);
}
