namespace ConcurrentTesting;

/// <summary>How tests reach a throwaway PostgreSQL server. One of MySQL or MariaDB always listens on 127.0.0.1.</summary>
public enum ServerListen
{
    /// <summary>The server listens on a unix socket that only the run's user can open, without a password.</summary>
    Socket,

    /// <summary>The server listens on 127.0.0.1, at a free port and with a password made for the run, for suites, tools and drivers that
    /// want these.</summary>
    Tcp,
}
