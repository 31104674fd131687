namespace ConcurrentTesting.Safety;

/// <summary>Where the package puts what is no assembly that programs refer to.</summary>
internal static class OwnFolder
{
    /// <summary>The folder of that name beside the engine, or beside the program, whose folder of assemblies for one kind of machine may
    /// hold the engine.</summary>
    public static string Of(string name) => In(Path.GetDirectoryName(typeof(OwnFolder).Assembly.Location), AppContext.BaseDirectory, name);

    /// <param name="engine">Empty where the engine is a part of a single file.</param>
    public static string In(string? engine, string program, string name) =>
        engine is { Length: > 0 } && Path.Combine(engine, name) is var beside && Directory.Exists(beside)
            ? beside
            : Path.Combine(program, name);
}
