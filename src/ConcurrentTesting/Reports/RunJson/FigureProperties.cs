using System.Text.Json.Serialization.Metadata;

namespace ConcurrentTesting.Reports.RunJson;

/// <summary>Makes each measured figure a property of a test in run.json.</summary>
internal static class FigureProperties
{
    private static readonly string After = JsonNamingPolicy.CamelCase.ConvertName(nameof(TestDocument.Attempts));

    public static void AddTo(JsonTypeInfo type)
    {
        if (type.Type != typeof(TestDocument))
            return;
        var position = type.Properties.IndexOf(type.Properties.Single(property => property.Name == After)) + 1;
        foreach (var figure in MeasuredFigure.All)
        {
            var property = type.CreateJsonPropertyInfo(typeof(double?), figure.Name);
            property.Get = test => ((TestDocument)test).Figures[figure];
            property.Set = (test, value) => Set((TestDocument)test, figure, (double?)value);
            type.Properties.Insert(position++, property);
        }
    }

    private static void Set(TestDocument test, MeasuredFigure figure, double? value)
    {
        if (value is not null)
            test.Figures = test.Figures.With(figure, value);
    }
}
