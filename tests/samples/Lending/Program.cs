using Lending;

if (args is not ["migrate"])
{
    Console.Error.WriteLine($"usage: dotnet Lending.dll migrate   (creates the schema and the seed in the empty database that {LendingDatabase.Variable} names)");
    return 64;
}

if (Environment.GetEnvironmentVariable(LendingDatabase.Variable) is not { Length: > 0 } connectionString)
{
    Console.Error.WriteLine($"{LendingDatabase.Variable} is not set: give it the connection string of an empty database.");
    return 64;
}

await new LendingDatabase(connectionString).CreateSchemaAsync();
return 0;
