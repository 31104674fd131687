using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Execution;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

public sealed class ClassBatchesTests
{
    [Fact]
    public void Each_class_has_a_batch_and_classes_that_need_each_other_have_one_together()
    {
        var assembly = Catalogs.Assembly();
        var seed = Catalogs.Entry(assembly, "Seed", "Seeds") with { Need = "Seed and Report" };
        var mail = Catalogs.Entry(assembly, "Mail", "Sends");
        var report = Catalogs.Entry(assembly, "Report", "Has_rows") with { Need = "Seed and Report" };

        var plan = ClassBatches.Cut(FakeRun.Plan([seed, mail, report]));

        plan.Seeds.ShouldHaveSingleItem().Select(batch => (batch.Entries.Length, batch.Seconds)).ShouldBe([(2, 2.0), (1, 1.0)]);
        plan.Seeds[0][0].Entries.ShouldBe([seed, report]);
    }
}
