using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class IncidentKindsTests
{
    [Fact]
    public void Every_kind_is_documented()
    {
        var documentation = File.ReadAllText(Path.Combine(Repository.Docs, "run-json.md"));

        IncidentKinds.All.ShouldContain(IncidentKinds.WorkerRetired);
        IncidentKinds.All.Where(kind => !documentation.Contains($"| `{kind}` |", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
