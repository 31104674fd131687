using Npgsql;

namespace ConcurrentTesting.Queue;

/// <summary>The queue's tables, in a schema of their own: made on first use, and refused where another version made them.</summary>
internal static class QueueSchema
{
    public const int Version = 2;

    // Nobody runs tests against an older server than PostgreSQL 13.
    private const int OldestServer = 130000;

    // The number is arbitrary, as long as no other program takes the same lock.
    private const long MakingLock = 0x436F6E6354657374;

    private const string Tables =
        $"""
        CREATE TABLE concurrent_test.version (version integer NOT NULL);
        CREATE SEQUENCE concurrent_test.leases;
        CREATE TABLE concurrent_test.runs (
            run text PRIMARY KEY,
            leader uuid NOT NULL,
            fingerprint jsonb NOT NULL,
            plan bytea NOT NULL,
            lease interval NOT NULL,
            exclusive boolean NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            losses integer NOT NULL DEFAULT 0,
            reruns integer NOT NULL DEFAULT 0,
            sealer uuid,
            sealer_until timestamptz,
            sealings integer NOT NULL DEFAULT 0,
            sealed_at timestamptz,
            exit_code integer,
            reason text);
        CREATE TABLE concurrent_test.machines (
            run text NOT NULL REFERENCES concurrent_test.runs ON DELETE CASCADE,
            machine uuid NOT NULL,
            number integer NOT NULL,
            name text NOT NULL,
            workers integer NOT NULL,
            all_workers integer NOT NULL,
            state text NOT NULL DEFAULT '{MachineState.Joined}',
            joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            faults integer NOT NULL DEFAULT 0,
            good_at timestamptz,
            calm_until timestamptz,
            PRIMARY KEY (run, machine),
            UNIQUE (run, number));
        CREATE TABLE concurrent_test.beside (
            run text NOT NULL REFERENCES concurrent_test.runs ON DELETE CASCADE,
            machine uuid NOT NULL,
            place integer NOT NULL,
            events bytea NOT NULL,
            is_good boolean NOT NULL,
            PRIMARY KEY (run, machine, place));
        CREATE TABLE concurrent_test.tests (
            run text NOT NULL REFERENCES concurrent_test.runs ON DELETE CASCADE,
            test integer NOT NULL,
            name text NOT NULL,
            cases integer NOT NULL,
            peers integer NOT NULL,
            needs_peers boolean NOT NULL,
            state text NOT NULL DEFAULT 'open',
            attempts integer NOT NULL DEFAULT 0,
            reruns integer NOT NULL DEFAULT 0,
            retries integer NOT NULL DEFAULT 0,
            story text,
            PRIMARY KEY (run, test));
        CREATE TABLE concurrent_test.items (
            run text NOT NULL REFERENCES concurrent_test.runs ON DELETE CASCADE,
            item bigint GENERATED ALWAYS AS IDENTITY,
            assembly integer NOT NULL,
            tests integer[] NOT NULL,
            suspect integer,
            companions integer[] NOT NULL DEFAULT ARRAY[]::integer[],
            cases integer NOT NULL,
            seconds double precision NOT NULL,
            failed_last boolean NOT NULL DEFAULT false,
            reason text NOT NULL,
            fruitless integer NOT NULL DEFAULT 0,
            losses integer NOT NULL DEFAULT 0,
            faults integer NOT NULL DEFAULT 0,
            is_alone boolean NOT NULL DEFAULT false,
            groups text[] NOT NULL DEFAULT ARRAY[]::text[],
            not_machine uuid,
            not_worker text,
            not_before timestamptz,
            state text NOT NULL DEFAULT 'open',
            lease bigint,
            PRIMARY KEY (run, item));
        CREATE TABLE concurrent_test.claims (
            run text NOT NULL REFERENCES concurrent_test.runs ON DELETE CASCADE,
            lease bigint NOT NULL,
            claim uuid NOT NULL,
            machine uuid NOT NULL,
            cases integer NOT NULL,
            until timestamptz NOT NULL,
            deadline timestamptz,
            PRIMARY KEY (run, lease));
        CREATE INDEX items_waiting ON concurrent_test.items (run) WHERE state IN ('open', 'leased');
        CREATE INDEX items_first ON concurrent_test.items (run, failed_last DESC, seconds DESC, item) WHERE state = 'open';
        CREATE INDEX items_of_assembly ON concurrent_test.items (run, assembly, failed_last DESC, seconds DESC, item)
            WHERE state = 'open';
        CREATE INDEX items_leased ON concurrent_test.items (run, lease) WHERE state = 'leased';
        CREATE TABLE concurrent_test.batches (
            run text NOT NULL REFERENCES concurrent_test.runs ON DELETE CASCADE,
            lease bigint NOT NULL,
            sequence bigint GENERATED ALWAYS AS IDENTITY,
            machine uuid NOT NULL,
            events bytea NOT NULL,
            is_good boolean NOT NULL,
            acknowledged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (run, lease));
        CREATE TABLE concurrent_test.results (
            run text NOT NULL REFERENCES concurrent_test.runs ON DELETE CASCADE,
            test integer NOT NULL,
            row integer NOT NULL,
            attempt integer NOT NULL,
            outcome text NOT NULL,
            lease bigint NOT NULL,
            PRIMARY KEY (run, test, row, attempt));
        """;

    /// <summary>Sees to the tables of this version.</summary>
    /// <exception cref="ConcurrentTestException">
    /// The server is too old, another version made the tables, or the user may not make them.
    /// </exception>
    public static async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await ScalarAsync<string>(connection, "SHOW server_version_num", cancellationToken) is { } server
            && int.TryParse(server, out var number) && number < OldestServer)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                FormattableString.Invariant($"--test-queue needs PostgreSQL 13 or later, and the server is {number / 10000}."));
        }

        if (await ScalarAsync<string>(connection, "SHOW server_encoding", cancellationToken) is { } encoding && encoding != "UTF8")
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-queue needs a database in UTF8, and {connection.Database} is in {encoding}: give one that was made with ENCODING 'UTF8'.");
        }

        var version = await VersionAsync(connection, cancellationToken) ?? await MakeAsync(connection, cancellationToken);
        if (version != Version)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                FormattableString.Invariant($"The queue's schema concurrent_test has version {version}, and this ConcurrentTest knows {Version}: use one ConcurrentTest on all machines. After an upgrade, let its runs end and execute DROP SCHEMA concurrent_test CASCADE, or give --test-queue another database."));
        }
    }

    private static async Task<int> MakeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, FormattableString.Invariant($"SELECT pg_advisory_xact_lock({MakingLock})"), cancellationToken);
            if (await VersionAsync(connection, cancellationToken) is { } version)
                return version;

            // Where somebody else made the schema, we may lack the right to make it, which IF NOT EXISTS needs too.
            if (!await ScalarAsync<bool>(
                connection, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'concurrent_test')", cancellationToken))
                await ExecuteAsync(connection, "CREATE SCHEMA concurrent_test", cancellationToken);
            await ExecuteAsync(connection, Tables, cancellationToken);
            await ExecuteAsync(
                connection, FormattableString.Invariant($"INSERT INTO concurrent_test.version VALUES ({Version})"), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return Version;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Refused,
                $"The queue's schema concurrent_test cannot be made ({exception.MessageText}): give --test-queue a user that may create a schema in its database, or make the schema concurrent_test for it: CREATE SCHEMA concurrent_test AUTHORIZATION its_name.",
                exception);
        }
    }

    // to_regclass is not used, because it may remember that there was no such schema.
    private static async Task<int?> VersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await ScalarAsync<bool>(
            connection,
            "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'concurrent_test' AND c.relname = 'version')",
            cancellationToken)
            ? await ScalarAsync<int>(connection, "SELECT max(version) FROM concurrent_test.version", cancellationToken)
            : null;

    private static async Task<T?> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken) is T value ? value : default;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
