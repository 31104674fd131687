namespace ConcurrentTesting.Catalog;

/// <summary>The test frameworks whose adapters are known.</summary>
internal enum TestFramework
{
    Unknown,
    XUnit2,
    XUnit3,
    NUnit,
    MSTest,
}

/// <summary>A built test assembly; each target framework of a project is one of its own.</summary>
/// <param name="Path">The assembly's absolute path.</param>
/// <param name="TargetFramework">Its moniker, for example <c>net8.0</c>.</param>
/// <param name="Framework">The test framework it is written with.</param>
/// <param name="ProjectFile">The project it was built from; null where an assembly was given.</param>
internal sealed record TestAssembly(string Path, string TargetFramework, TestFramework Framework, string? ProjectFile)
{
    private KnownNames _names;

    public string Name => Names.Name;

    /// <summary>Counts assemblies of one name and framework in the order of their paths, from 0.</summary>
    public int Ordinal { get; init; }

    /// <summary>The .runsettings that the project names by <c>VSTestSetting</c> or <c>RunSettingsFilePath</c>; it holds where the run is
    /// given none.</summary>
    public string? RunSettingsFile { get; init; }

    /// <summary>What its tests have to match, from wherever that comes; null: all run.</summary>
    public string? Filter { get; init; }

    /// <summary>The data collectors that its run settings ask for.</summary>
    public AssemblyCollectors Collectors { get; init; } = AssemblyCollectors.None;

    /// <summary>The assembly in reports: <c>Shop.Tests (net10.0)</c>.</summary>
    public string Source => Names.Source;

    /// <summary>The same on every machine: <see cref="Source"/>, with a number from the second of that name and framework on.</summary>
    public string Key => Ordinal == 0 ? Source : FormattableString.Invariant($"{Source} #{Ordinal + 1}");

    /// <summary>The same assembly with the number that its <see cref="Key"/> has; without one where it is no key of it.</summary>
    public TestAssembly WithKey(string key) =>
        key.StartsWith(Source, StringComparison.Ordinal) && key.AsSpan(Source.Length) is [' ', '#', .. var number]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place > 1
                ? this with { Ordinal = place - 1 }
                : this;

    // Each test asks for them, often, so they are kept. A copy made by `with` may have another path, and then makes its own.
    private KnownNames.Of Names => _names.Known is { } known
        && ReferenceEquals(known.Path, Path) && ReferenceEquals(known.TargetFramework, TargetFramework)
            ? known
            : (_names = new KnownNames(new KnownNames.Of(Path, TargetFramework))).Known!;

    /// <summary>Two equal assemblies stay equal after somebody has asked for their names.</summary>
    private readonly struct KnownNames(KnownNames.Of? known) : IEquatable<KnownNames>
    {
        public Of? Known => known;

        public bool Equals(KnownNames other) => true;

        public override bool Equals(object? obj) => obj is KnownNames;

        public override int GetHashCode() => 0;

        public sealed class Of(string path, string targetFramework)
        {
            public string Path => path;

            public string TargetFramework => targetFramework;

            public string Name { get; } = System.IO.Path.GetFileNameWithoutExtension(path);

            public string Source { get; } = $"{System.IO.Path.GetFileNameWithoutExtension(path)} ({targetFramework})";
        }
    }
}
