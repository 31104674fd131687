namespace ConcurrentTesting.Record;

/// <summary>What every TRX file is written of, in the order of elements and attributes of VSTest's own logger.</summary>
internal abstract class TrxXml : IDisposable
{
    public abstract void Dispose();

    protected abstract void Start(string name);

    protected abstract void End();

    protected abstract void Attribute(string name, string value);

    protected abstract void Id(string name, Guid id);

    protected abstract void Text(string name, string? value);

    protected void Only(string element, string attribute, string value)
    {
        Start(element);
        Attribute(attribute, value);
        End();
    }

    /// <summary>An element with each of the items; nothing where there are none.</summary>
    protected void Each<T>(string name, IReadOnlyCollection<T> items, Action<T> write)
    {
        if (items.Count == 0)
            return;
        Start(name);
        foreach (var item in items)
            write(item);
        End();
    }

    protected void Entry(Guid test, Guid execution)
    {
        Start("TestEntry");
        Id("testId", test);
        Id("executionId", execution);
        Attribute("testListId", TrxText.UncategorizedList);
        End();
    }

    protected void Lists()
    {
        Start("TestLists");
        List("Results Not in a List", TrxText.UncategorizedList);
        List("All Loaded Results", TrxText.AllLoadedList);
        End();
    }

    protected void Counters(int total, int passed, int failed, int notExecuted)
    {
        Start("Counters");
        foreach (var (name, count) in (ReadOnlySpan<(string, int)>)[
            ("total", total), ("executed", passed + failed), ("passed", passed), ("failed", failed), ("error", 0), ("timeout", 0),
            ("aborted", 0), ("inconclusive", 0), ("passedButRunAborted", 0), ("notRunnable", 0), ("notExecuted", notExecuted),
            ("disconnected", 0), ("warning", 0), ("completed", 0), ("inProgress", 0), ("pending", 0)])
            Attribute(name, count.ToString(CultureInfo.InvariantCulture));
        End();
    }

    protected void RunInfo(string machine, string outcome, string timestamp, string? text)
    {
        Start("RunInfo");
        Attribute("computerName", machine);
        Attribute("outcome", outcome);
        Attribute("timestamp", timestamp);
        Text("Text", text);
        End();
    }

    private void List(string name, string id)
    {
        Start("TestList");
        Attribute("name", name);
        Attribute("id", id);
        End();
    }
}
