namespace Measured.MSTest2;

[TestClass]
public sealed class WorkTests
{
    public static IEnumerable<object[]> FoldedRows => [[new Folded(1)], [new Folded(2)]];

    [TestMethod]
    public void Nothing_r0w0o0()
    {
    }

    [TestMethod]
    public void Sync_r1w2o1() => Work.Do(1, 2, 1);

    [TestMethod]
    public Task TaskRun_r4w0o0() => Work.OnTaskRunAsync(4);

    [TestMethod]
    [DataRow(1, 1, 0)]
    [DataRow(2, 1, 0)]
    public void Rows(int r, int w, int o) => Work.Do(r, w, o);

    [TestMethod]
    [DynamicData(nameof(FoldedRows))]
    public void FoldedRow(Folded row) => Work.Do(row.Reads);
}

/// <summary>VSTest sees one case, whose rows cannot be told apart: each has the work of all.</summary>
public sealed class Folded(int reads)
{
    public int Reads => reads;

    public override string ToString() => $"r3w0o0 {reads}";
}
