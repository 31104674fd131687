namespace ConcurrentTesting.Record;

/// <summary>All cases of an assembly that share one of VSTest's ids, which means the same in every process and on every machine.</summary>
internal readonly record struct TestRef(TestAssembly Assembly, Guid Case)
{
    public bool Equals(TestRef other) => Case == other.Case && Assembly.Path == other.Assembly.Path;

    public override int GetHashCode() => HashCode.Combine(Case, Assembly.Path.Length);
}
