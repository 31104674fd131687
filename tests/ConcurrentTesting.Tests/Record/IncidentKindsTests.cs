using System.Reflection;
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

        typeof(IncidentKinds).GetFields(BindingFlags.Static | BindingFlags.Public).Select(field => (string)field.GetRawConstantValue()!)
            .Where(kind => !documentation.Contains($"| `{kind}` |", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
