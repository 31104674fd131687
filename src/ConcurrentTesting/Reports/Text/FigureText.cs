using static System.FormattableString;

namespace ConcurrentTesting.Reports.Text;

/// <summary>Measured figures as people read them.</summary>
internal static class FigureText
{
    private const double BytesPerMegabyte = 1_000_000;

    public static string Of(MeasuredFigure figure, double? value) => (value, figure.Unit) switch
    {
        (null, _) => "–",
        ({ } seconds, FigureUnit.Seconds) => DurationText.Measured(TimeSpan.FromSeconds(seconds)),
        ({ } bytes, FigureUnit.Bytes) => Invariant($"{bytes / BytesPerMegabyte:N1} MB"),
        ({ } count, _) => Invariant($"{count:N0}"),
    };
}
