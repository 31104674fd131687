namespace ConcurrentTesting.Databases.Server;

/// <summary>What a run has to know of a server, whichever it is.</summary>
/// <param name="Product">With its version: <c>MariaDB 10.11.19</c>.</param>
/// <param name="Series">The product, and of its version what the maker gives features for: <c>MariaDB 10.11</c>.</param>
/// <param name="User">As the server took us.</param>
/// <param name="MayMakeAccounts">Whether templates can be built by an account of their own.</param>
/// <param name="Identity">What a template's content depends on besides its source: version, user, collation.</param>
internal sealed record ServerFacts(
    string Product, string Series, string User, bool MayMakeAccounts, ImmutableArray<string> Identity);
