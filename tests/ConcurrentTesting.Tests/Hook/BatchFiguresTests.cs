using System.Diagnostics;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class BatchFiguresTests
{
    private static readonly Guid Case = Guid.NewGuid();

    [Fact]
    public void Rows_of_one_case_are_found_by_name_and_order()
    {
        var figures = Figures(Row("Shop.Tests.Buys(a)", 1), Row("Buys(b)", 2), Row("Buys(a)", 3), Row("Shop.Tests.Buys", 4, isWhole: true));

        Find(figures, "Buys(a)", 0).ShouldBe(1);
        Find(figures, "Buys(a)", 1).ShouldBe(3);
        Find(figures, "Buys(b)", 0).ShouldBe(2);
        Find(figures, "Buys(a)", 2).ShouldBe(4, "what stands for all rows that have no name");
        Find(figures, "Buys", 0).ShouldBe(4);
        figures.Find(Entry() with { Id = Guid.NewGuid() }, "Buys(a)", 0, 0).ShouldBeNull();
    }

    [Fact]
    public void A_row_of_a_large_case_costs_no_more_to_find_than_one_of_a_small()
    {
        const int Rows = 30_000;
        var figures = Figures([.. Enumerable.Range(0, Rows).Select(number => Row($"Buys({number})", number))]);
        var entry = Entry();
        figures.Find(entry, "Buys(0)", 0, 0).ShouldNotBeNull();
        var started = Stopwatch.GetTimestamp();

        for (var number = 0; number < Rows; number++)
            figures.Find(entry, $"Buys({number})", 0, 0)!.Reads.ShouldBe(number);

        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(5), "450 million comparisons take longer");
    }

    private static long? Find(BatchFigures figures, string name, int occurrence) => figures.Find(Entry(), name, occurrence, occurrence)?.Reads;

    private static BatchFigures Figures(params MeasuredTest[] tests) => new([.. tests], OutsideFigures.None, []);

    private static MeasuredTest Row(string name, long reads, bool isWhole = false) => new()
    {
        Order = reads,
        CaseId = Case,
        FullyQualifiedName = "",
        ClassName = "",
        DisplayName = name,
        IsWholeCase = isWhole,
        Figures = new TestFigures { Reads = reads },
    };

    private static TestEntry Entry() => new()
    {
        Assembly = new TestAssembly("/shop/Shop.Tests.dll", "net10.0", TestFramework.XUnit2, null),
        Id = Case,
        Payload = new NoPayload(),
        DisplayName = "Shop.Tests.Buys",
        FullyQualifiedName = "Shop.Tests.Buys",
        ClassName = "Shop.Tests",
        MethodName = "Buys",
    };
}
