using System.ComponentModel;
using System.Globalization;

namespace Nuke.Common.CI;

/// <summary>The part of the work that this build does: <c>--partition 2/3</c>.</summary>
[TypeConverter(typeof(TypeConverter))]
public class Partition
{
    public static Partition Single { get; } = new() { Part = 1, Total = 1 };

    public int Part { get; set; }

    public int Total { get; set; }

    public override string ToString() => $"{Part}/{Total}";

    public class TypeConverter : System.ComponentModel.TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext context, Type sourceType) =>
            sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

        public override object ConvertFrom(ITypeDescriptorContext context, CultureInfo culture, object value)
        {
            if (value is not string text)
                return base.ConvertFrom(context!, culture!, value!);

            var parts = text.Split('/');
            return new Partition
            {
                Part = int.Parse(parts[0], CultureInfo.InvariantCulture),
                Total = int.Parse(parts[1], CultureInfo.InvariantCulture),
            };
        }
    }
}
