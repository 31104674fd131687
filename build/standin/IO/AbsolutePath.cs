using System.ComponentModel;
using System.Globalization;

namespace Nuke.Common.IO;

/// <summary>The path of a file or folder, rooted and normalized.</summary>
[TypeConverter(typeof(TypeConverter))]
public class AbsolutePath : IAbsolutePathHolder, IFormattable
{
    private readonly string _path;

    private AbsolutePath(string path) => _path = Normalize(path);

    public string Name => System.IO.Path.GetFileName(_path);

    public string NameWithoutExtension => System.IO.Path.GetFileNameWithoutExtension(_path);

    public AbsolutePath Parent => System.IO.Path.GetDirectoryName(_path) is { } parent ? new AbsolutePath(parent) : null;

    AbsolutePath IAbsolutePathHolder.Path => this;

    public static implicit operator AbsolutePath(string path)
    {
        if (path is null)
            return null;

        Assert.True(System.IO.Path.IsPathRooted(path), $"Path '{path}' must be rooted");
        return new AbsolutePath(path);
    }

    public static implicit operator string(AbsolutePath path) => path?._path;

    public static AbsolutePath operator /(AbsolutePath left, string right) =>
        new(right is null ? left._path : System.IO.Path.Combine(left._path, right));

    public static bool operator ==(AbsolutePath a, AbsolutePath b) => Equals(a, b);

    public static bool operator !=(AbsolutePath a, AbsolutePath b) => !Equals(a, b);

    public static AbsolutePath Create(string path) => new(path);

    public override bool Equals(object obj) => obj is AbsolutePath other && Equals(other);

    public override int GetHashCode() => _path.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _path;

    string IFormattable.ToString(string format, IFormatProvider formatProvider) => _path;

    protected bool Equals(AbsolutePath other) => other is not null && string.Equals(_path, other._path, StringComparison.Ordinal);

    private static string Normalize(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        return full.Length > System.IO.Path.GetPathRoot(full)!.Length ? System.IO.Path.TrimEndingDirectorySeparator(full) : full;
    }

    public class TypeConverter : System.ComponentModel.TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext context, Type sourceType) =>
            sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

        public override object ConvertFrom(ITypeDescriptorContext context, CultureInfo culture, object value) =>
            value is string path ? new AbsolutePath(path) : base.ConvertFrom(context!, culture!, value!);
    }
}
