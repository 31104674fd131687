namespace ConcurrentTesting.Queue;

/// <summary>The queue's questions. Each is one transaction, goes by the server's clock alone, and may be asked twice.</summary>
internal static class QueueSql
{
    /// <summary>Items that machines were lost with three times are given up: what kills machines must not kill them all.</summary>
    public const int MostLosses = 3;

    /// <summary>How often an item may come back unbegun.</summary>
    public const int MostFaults = 5;

    /// <summary>Leases that a run may lose; from there on nothing lost is tried again.</summary>
    public const int MostLossesInAll = 200;

    /// <summary>A machine that takes items and was heard of lately.</summary>
    private const string IsLive = $"m.state = '{MachineState.Joined}' AND m.seen_at > clock_timestamp() - r.lease";

    /// <summary>It was ended so long ago that nobody can mean it.</summary>
    private const string IsOld = "coalesce(r.sealed_at < clock_timestamp() - interval '24 hours', false)";

    /// <summary>What it says of its tests is of today.</summary>
    private const string IsFresh = "b.acknowledged_at > clock_timestamp() - interval '24 hours'";

    /// <summary>Of a test <c>t</c>: what it said last is that it skipped itself, perhaps because of another that failed or did not
    /// run.</summary>
    private const string HasSkippedItself =
        """
        EXISTS (
                SELECT FROM concurrent_test.results r WHERE r.run = @run AND r.test = t.test AND r.outcome = 'Skipped' AND NOT EXISTS (
                    SELECT FROM concurrent_test.results l WHERE l.run = @run AND l.test = t.test AND l.attempt > r.attempt))
        """;

    /// <summary>Of a test <c>t</c>: it has failed, and has not passed since: a skip takes no failure back.</summary>
    private const string HasFailed =
        """
        coalesce((
            SELECT r.outcome IN ('Failed', 'TimedOut') FROM concurrent_test.results r
            WHERE r.run = @run AND r.test = t.test AND r.outcome <> 'Skipped' ORDER BY r.attempt DESC LIMIT 1), false)
        """;

    /// <summary>Of a run <c>r</c>: its verdict, and the machines that came into it.</summary>
    private const string Verdict =
        $"""
        r.exit_code, r.reason, r.sealed_at, CASE WHEN r.sealed_at IS NOT NULL THEN ARRAY(
                SELECT m.name FROM concurrent_test.machines m WHERE m.run = r.run AND m.state <> '{MachineState.Earlier}'
                ORDER BY m.number) END
        """;

    // No machine was heard of for a while, although each tells four times a lease that it lives: the queue was away, or all are lost.
    private const string IsSilent =
        $"""
        coalesce((
            SELECT max(o.seen_at) < clock_timestamp() - (SELECT r.lease / 2 FROM concurrent_test.runs r WHERE r.run = @run)
            FROM concurrent_test.machines o WHERE o.run = @run AND o.state <> '{MachineState.Earlier}'), false)
        """;

    // Whoever is heard first after that says so for a lease, because from then on the run is silent no more.
    private const string Calm =
        $"CASE WHEN {IsSilent} THEN clock_timestamp() + (SELECT r.lease FROM concurrent_test.runs r WHERE r.run = @run) END";

    public const string Lead =
        """
        INSERT INTO concurrent_test.runs (run, leader, fingerprint, plan, lease, exclusive)
        VALUES (@run, @machine, @fingerprint, @plan, @lease, @exclusive) ON CONFLICT (run) DO NOTHING RETURNING true
        """;

    public const string FillTests =
        """
        INSERT INTO concurrent_test.tests (run, test, name, cases, peers, needs_peers)
        SELECT @run, t.test, t.name, t.cases, t.peers, t.needs_peers
        FROM unnest(@tests, @names, @cases, @peers, @needsPeers) AS t (test, name, cases, peers, needs_peers)
        """;

    public const string FillItems =
        """
        INSERT INTO concurrent_test.items (run, assembly, tests, cases, seconds, failed_last, reason, is_alone, groups)
        SELECT @run, i.assembly, i.tests, i.cases, i.seconds, i."failedLast", i.reason, i."isAlone", i.groups
        FROM jsonb_to_recordset(@items) AS i (
            assembly integer, tests integer[], cases integer, seconds double precision, "failedLast" boolean, reason text,
            "isAlone" boolean, groups text[])
        """;

    /// <summary>The latest attempt before of the same tests that ran any of them lately.</summary>
    public const string FindEarlier =
        $"""
        SELECT r.run FROM concurrent_test.runs r WHERE r.run = ANY (@earlier) AND r.fingerprint = @fingerprint
            AND EXISTS (SELECT FROM concurrent_test.batches b WHERE b.run = r.run AND {IsFresh})
        ORDER BY array_position(@earlier, r.run) LIMIT 1
        """;

    /// <summary>What an attempt before has done stands: its tests that passed are done, those that did not are to run again. Batches in
    /// which something failed outside of tests run again as a whole, and so do all of a machine on which something failed beside its
    /// batches, and what ran more than a day ago. Of tests that need each other all run again where one does, in one item. Those of a class
    /// that skipped themselves run again behind what does of it.</summary>
    public const string CarryOver =
        $"""
        INSERT INTO concurrent_test.machines (run, machine, number, name, workers, all_workers, state, joined_at, seen_at)
        SELECT @run, m.machine, m.number, m.name, 0, m.all_workers, '{MachineState.Earlier}', m.joined_at, m.seen_at
        FROM concurrent_test.machines m WHERE m.run = @from;
        INSERT INTO concurrent_test.batches (run, lease, machine, events, is_good, acknowledged_at)
        SELECT @run, b.lease, b.machine, b.events, true, b.acknowledged_at
        FROM concurrent_test.batches b WHERE b.run = @from AND b.is_good AND {IsFresh} AND NOT EXISTS (
            SELECT FROM concurrent_test.beside o WHERE o.run = @from AND o.machine = b.machine AND NOT o.is_good)
        ORDER BY b.sequence;
        INSERT INTO concurrent_test.results (run, test, row, attempt, outcome, lease)
        SELECT @run, r.test, r.row, r.attempt, r.outcome, r.lease FROM concurrent_test.results r
        JOIN concurrent_test.batches b ON b.run = @run AND b.lease = r.lease WHERE r.run = @from;
        UPDATE concurrent_test.tests t SET attempts = e.attempts, state = CASE WHEN e.state = 'done'
                AND EXISTS (SELECT FROM concurrent_test.results r WHERE r.run = @from AND r.test = e.test)
                AND NOT EXISTS (
                    SELECT FROM concurrent_test.results r
                    LEFT JOIN concurrent_test.batches b ON b.run = @run AND b.lease = r.lease
                    WHERE r.run = @from AND r.test = e.test AND (b.lease IS NULL OR r.outcome NOT IN ('Passed', 'Skipped')))
            THEN 'done' ELSE 'open' END
        FROM concurrent_test.tests e WHERE t.run = @run AND e.run = @from AND e.test = t.test;
        UPDATE concurrent_test.tests t SET state = 'open'
        FROM (SELECT DISTINCT o.peers FROM concurrent_test.tests o WHERE o.run = @run AND o.state <> 'done') AS broken
        WHERE t.run = @run AND t.state = 'done' AND t.peers = broken.peers AND (t.needs_peers OR {HasSkippedItself});
        WITH left_over AS (
            SELECT t.test, t.cases, CASE
                    WHEN t.needs_peers OR bool_or({HasSkippedItself}) OVER (PARTITION BY t.peers) THEN t.peers ELSE t.test END AS bond,
                EXISTS (SELECT FROM concurrent_test.results r WHERE r.run = @run AND r.test = t.test) AS has_run
            FROM concurrent_test.tests t WHERE t.run = @run AND t.state <> 'done'),
        back AS MATERIALIZED (
            SELECT l.test, l.cases, l.bond
            FROM (SELECT o.*, bool_or(o.has_run) OVER (PARTITION BY o.bond) AS comes_back FROM left_over o) AS l
            WHERE l.comes_back),
        again AS (
            INSERT INTO concurrent_test.items (run, assembly, tests, cases, seconds, failed_last, reason, is_alone, groups)
            SELECT @run, i.assembly, a.tests, a.cases, a.seconds, true, 'rerun', true, i.groups
            FROM (
                SELECT min(i.item) AS item, array_agg(b.test ORDER BY i.item, u.place) AS tests, sum(b.cases)::integer AS cases,
                    sum(i.seconds * b.cases / greatest(i.cases, 1)) AS seconds
                FROM concurrent_test.items i CROSS JOIN LATERAL unnest(i.tests) WITH ORDINALITY AS u (test, place)
                JOIN back b ON b.test = u.test
                WHERE i.run = @run GROUP BY b.bond) AS a
            JOIN concurrent_test.items i ON i.run = @run AND i.item = a.item)
        UPDATE concurrent_test.items i SET
            tests = stays.tests, cases = stays.cases, seconds = i.seconds * stays.cases / greatest(i.cases, 1)
        FROM concurrent_test.items old CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(t.test ORDER BY u.place), ARRAY[]::integer[]) AS tests, coalesce(sum(t.cases), 0)::integer AS cases
            FROM unnest(old.tests) WITH ORDINALITY AS u (test, place)
            JOIN concurrent_test.tests t ON t.run = @run AND t.test = u.test
            WHERE t.state <> 'done' AND t.test NOT IN (SELECT test FROM back)) AS stays
        WHERE i.run = @run AND old.run = i.run AND old.item = i.item AND cardinality(stays.tests) <> cardinality(i.tests);
        DELETE FROM concurrent_test.items WHERE run = @run AND cardinality(tests) = 0
        """;

    /// <summary>The limits for questions that are much at once; the others wait for these.</summary>
    public const string Patiently =
        "SET LOCAL statement_timeout = '120s'; SET LOCAL lock_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '60s'";

    /// <summary>What the client waits for such a question, in seconds: longer than the server, which then says why it gave up.</summary>
    public const int PatientSeconds = 130;

    public const string LockRun = "SELECT 1 FROM concurrent_test.runs WHERE run = @run FOR NO KEY UPDATE";

    public const string Enter =
        $"""
        INSERT INTO concurrent_test.machines (run, machine, number, name, workers, all_workers, calm_until)
        SELECT @run, @machine, coalesce(max(number), 0) + 1, @name, @workers, @workers, {Calm}
        FROM concurrent_test.machines WHERE run = @run
        ON CONFLICT (run, machine) DO NOTHING
        """;

    public const string Look =
        $"""
        SELECT r.leader, r.fingerprint::text, r.lease, r.exclusive, r.created_at, {Verdict},
            ARRAY(
                SELECT m.name FROM concurrent_test.machines m WHERE m.run = r.run AND m.machine <> @machine AND {IsLive}
                ORDER BY m.number),
            (SELECT count(*) FROM concurrent_test.tests t WHERE t.run = r.run AND t.state <> 'done'),
            {IsOld}
        FROM concurrent_test.runs r WHERE r.run = @run
        """;

    /// <summary>What was leased and not heard of for too long goes to another machine: alone, then test by test, then it is given up. Tests
    /// that need each other stay together, and so does what skipped itself with what it came along with. What a machine has without knowing
    /// of it, because an answer was lost, is taken back as well. A lease is taken as a whole, so that no two machines tell
    /// of its tests. After the queue was away, nothing is taken back before each machine had time to tell that it lives.</summary>
    public const string TakeBack =
        $"""
        WITH over AS MATERIALIZED (
            SELECT c.lease FROM concurrent_test.claims c
            WHERE c.run = @run AND c.until < clock_timestamp()
                AND (c.machine <> @machine OR NOT c.lease = ANY (@held) OR c.deadline < clock_timestamp())
                AND NOT {IsSilent}
                AND NOT EXISTS (
                    SELECT FROM concurrent_test.machines m WHERE m.run = @run AND m.calm_until > clock_timestamp())
            FOR UPDATE SKIP LOCKED),
        ended_claims AS (
            DELETE FROM concurrent_test.claims c USING over o WHERE c.run = @run AND c.lease = o.lease RETURNING c.lease, c.machine),
        gone AS (
            SELECT i.*, c.machine, l.losses >= @mostLossesInAll OR i.losses + 1 >= @mostLosses AS ends, n.name AS machine_name
            FROM ended_claims c
            JOIN concurrent_test.items i ON i.run = @run AND i.lease = c.lease AND i.state = 'leased'
            JOIN concurrent_test.runs l ON l.run = i.run
            JOIN concurrent_test.machines n ON n.run = i.run AND n.machine = c.machine),
        counted AS (
            UPDATE concurrent_test.runs r SET losses = r.losses + (SELECT count(DISTINCT lease) FROM gone)
            WHERE r.run = @run AND EXISTS (SELECT FROM gone)),
        bound AS (
            SELECT g.item, u.place, t.test, t.cases, CASE
                WHEN t.needs_peers OR bool_or({HasSkippedItself}) OVER (PARTITION BY g.item, t.peers) THEN t.peers ELSE t.test END AS bond
            FROM gone g CROSS JOIN LATERAL unnest(g.tests) WITH ORDINALITY AS u (test, place)
            JOIN concurrent_test.tests t ON t.run = g.run AND t.test = u.test
            WHERE NOT g.ends AND g.losses > 0),
        parts AS (
            SELECT b.item, array_agg(b.test ORDER BY b.place) AS tests, sum(b.cases)::integer AS cases,
                count(*) OVER (PARTITION BY b.item) AS parts
            FROM bound b GROUP BY b.item, b.bond),
        split AS (
            INSERT INTO concurrent_test.items (
                run, assembly, tests, suspect, companions, cases, seconds, reason, fruitless, losses, is_alone, groups, not_machine)
            SELECT g.run, g.assembly, p.tests, CASE WHEN g.suspect = ANY (p.tests) THEN g.suspect END,
                ARRAY(SELECT unnest(g.companions) INTERSECT SELECT unnest(p.tests)), p.cases,
                g.seconds * p.cases / greatest(g.cases, 1), g.reason, g.fruitless, g.losses + 1, true, g.groups, g.machine
            FROM gone g JOIN parts p ON p.item = g.item WHERE p.parts > 1),
        ended AS (
            UPDATE concurrent_test.tests t SET state = 'lost',
                story = format('Its machine was lost %s times while it had the test, last %s.', g.losses + 1, g.machine_name)
            FROM gone g WHERE t.run = @run AND g.ends AND t.test = ANY (g.tests) AND NOT t.test = ANY (g.companions)),
        kept AS (
            UPDATE concurrent_test.tests t SET state = 'done'
            FROM gone g WHERE t.run = @run AND g.ends AND t.test = ANY (g.companions))
        UPDATE concurrent_test.items i SET
            state = CASE
                WHEN g.ends THEN 'lost'
                WHEN EXISTS (SELECT FROM parts p WHERE p.item = g.item AND p.parts > 1) THEN 'split' ELSE 'open' END,
            lease = NULL, losses = i.losses + 1, is_alone = true, not_machine = g.machine, not_worker = NULL, not_before = NULL
        FROM gone g WHERE i.run = @run AND i.item = g.item
        RETURNING g.machine_name, cardinality(g.tests)
        """;

    /// <summary>What a claim came to whose answer was lost. It may have been asked for again before the server had come to its end, and has
    /// two leases then: the later one counts, and what the other has is free again.</summary>
    public const string Claimed =
        """
        WITH newest AS (
            SELECT max(c.lease) AS lease FROM concurrent_test.claims c WHERE c.run = @run AND c.claim = @claim),
        earlier AS (
            DELETE FROM concurrent_test.claims c USING newest WHERE c.run = @run AND c.claim = @claim AND c.lease < newest.lease
            RETURNING c.lease),
        freed AS (
            UPDATE concurrent_test.items i SET state = 'open', lease = NULL
            FROM earlier WHERE i.run = @run AND i.lease = earlier.lease AND i.state = 'leased')
        SELECT i.lease, i.assembly, i.tests, i.suspect, i.companions, i.seconds, i.reason, i.fruitless, i.groups
        FROM concurrent_test.items i, newest
        WHERE i.run = @run AND i.lease = newest.lease AND i.state = 'leased' ORDER BY i.failed_last DESC, i.seconds DESC, i.item
        """;

    // The first machine may not stay alone, so what a worker takes at once is sized for at least this many workers.
    private const string ExpectedWorkers = "64";

    // Others may be taking the first items at this moment, so this many are looked at.
    private const string MostTried = "64";

    // Whether this worker may have the item now; l holds the numbers of machines and workers that are there.
    private const string IsFree =
        """
        (i.not_before IS NULL OR i.not_before <= clock_timestamp())
                AND (i.not_machine IS NULL OR i.not_machine <> @machine OR l.machines <= 1)
                AND (i.not_worker IS NULL OR i.not_worker <> @worker OR l.workers <= 1)
        """;

    // Whether the item may run beside the items that are running.
    private const string IsAllowed =
        """
        NOT EXISTS (
                    SELECT FROM concurrent_test.items b WHERE b.run = @run AND b.state = 'leased'
                    AND ('exclusive' = ANY (b.groups) OR 'exclusive' = ANY (i.groups) OR b.groups && i.groups))
        """;

    /// <summary>Failed-first, then the longest, each of those that are longer than what is due to a worker; smaller ones of the assembly
    /// that the worker has a host of, as many as are due to it: fewer the less there is left. An item may be had by a machine and a worker
    /// that it did not come back from, beside what is running. The first of all is the first of that assembly where it is not the first at
    /// all, so it is among the first of either: both are read in the order of an index, however many items wait, and locked one by one
    /// until one is had. What waits is the sum of all that are open where the machine does not know it: the answer tells it. A moment later
    /// it is what waited then, less what the machine has taken and others' workers have done since.</summary>
    public static readonly string Claim = ClaimOf("true");

    /// <summary>The same, where some of the run's items may not run beside others.</summary>
    public static readonly string ExclusiveClaim = ClaimOf(IsAllowed);

    private static string ClaimOf(string isAllowed) =>
        $"""
        WITH live AS MATERIALIZED (
            SELECT count(*) AS machines, greatest(coalesce(sum(m.workers), 1), 1) AS workers
            FROM concurrent_test.machines m JOIN concurrent_test.runs r ON r.run = m.run WHERE m.run = @run AND {IsLive}),
        due AS MATERIALIZED (
            SELECT greatest(@least, w.seconds / (2 * l.workers)) AS seconds,
                greatest(@least, w.seconds / (2 * greatest(l.workers, {ExpectedWorkers}))) AS at_once, w.seconds AS waiting
            FROM live l CROSS JOIN LATERAL (
                SELECT coalesce(@waiting - @age * greatest(l.workers - @mine, 0), (
                    SELECT sum(i.seconds) FROM concurrent_test.items i WHERE i.run = @run AND i.state = 'open'), 0) AS seconds) w),
        tried AS MATERIALIZED (
            SELECT o.* FROM live l CROSS JOIN LATERAL (
                (SELECT i.item, i.assembly, i.failed_last, i.seconds FROM concurrent_test.items i
                WHERE i.run = @run AND i.state = 'open' AND {IsFree} AND {isAllowed}
                ORDER BY i.failed_last DESC, i.seconds DESC, i.item LIMIT {MostTried})
                UNION ALL
                (SELECT i.item, i.assembly, i.failed_last, i.seconds FROM concurrent_test.items i
                WHERE i.run = @run AND i.state = 'open' AND i.assembly = @host AND {IsFree} AND {isAllowed}
                ORDER BY i.failed_last DESC, i.seconds DESC, i.item LIMIT {MostTried})) o
            WHERE NOT EXISTS (
                SELECT FROM concurrent_test.claims c WHERE c.run = @run AND c.claim = @claim)),
        first AS (
            SELECT l.* FROM (
                SELECT t.item FROM tried t, due
                ORDER BY t.failed_last DESC, CASE WHEN t.seconds > due.seconds THEN t.seconds ELSE 0 END DESC,
                    t.assembly = @host DESC, t.seconds DESC, t.item) o
            CROSS JOIN LATERAL (
                SELECT i.item, i.assembly, i.seconds, i.cases, i.is_alone OR i.groups <> ARRAY[]::text[] AS is_alone
                FROM concurrent_test.items i WHERE i.run = @run AND i.item = o.item AND i.state = 'open' FOR UPDATE SKIP LOCKED) l
            LIMIT 1),
        near AS (
            SELECT n.item, n.seconds, n.cases, n.failed_last FROM first f CROSS JOIN live l CROSS JOIN LATERAL (
                SELECT i.item, i.seconds, i.cases, i.failed_last FROM concurrent_test.items i
                WHERE i.run = @run AND i.state = 'open' AND i.assembly = f.assembly AND i.item <> f.item AND NOT i.is_alone
                    AND i.groups = ARRAY[]::text[] AND {IsFree}
                ORDER BY i.failed_last DESC, i.seconds DESC, i.item LIMIT 200) n
            WHERE NOT f.is_alone),
        fitting AS (
            SELECT n.item,
                sum(n.seconds) OVER (ORDER BY n.failed_last DESC, n.seconds DESC, n.item) AS seconds,
                sum(n.cases) OVER (ORDER BY n.failed_last DESC, n.seconds DESC, n.item) AS cases
            FROM near n),
        more AS (
            SELECT i.item FROM concurrent_test.items i WHERE i.run = @run AND i.state = 'open' AND i.item = ANY (ARRAY(
                SELECT g.item FROM fitting g, first f, due WHERE g.seconds <= due.at_once - f.seconds AND g.cases <= @most - f.cases))
            FOR UPDATE SKIP LOCKED),
        number AS MATERIALIZED (SELECT nextval('concurrent_test.leases') AS lease FROM first),
        taken AS (
            UPDATE concurrent_test.items i SET state = 'leased', lease = n.lease
            FROM number n
            WHERE i.run = @run AND i.item = ANY (ARRAY(SELECT item FROM first UNION ALL SELECT item FROM more))
            RETURNING i.*),
        claimed AS (
            INSERT INTO concurrent_test.claims (run, lease, claim, machine, cases, until)
            SELECT @run, t.lease, @claim, @machine, sum(t.cases),
                clock_timestamp() + (SELECT lease FROM concurrent_test.runs WHERE run = @run)
            FROM taken t GROUP BY t.lease)
        SELECT i.lease, i.assembly, i.tests, i.suspect, i.companions, i.seconds, i.reason, i.fruitless, i.groups,
            (SELECT waiting FROM due)
        FROM taken i ORDER BY i.failed_last DESC, i.seconds DESC, i.item
        """;

    // Only the asked tests are looked up, however many tests there are.
    public const string Tries =
        $"""
        SELECT t.test, t.reruns, t.retries, {HasFailed} FROM concurrent_test.tests t
        WHERE t.run = @run AND t.attempts > 0 AND t.test = ANY (ARRAY(
            SELECT unnest(i.tests) FROM concurrent_test.claims c
            JOIN concurrent_test.items i ON i.run = @run AND i.lease = c.lease AND i.state = 'leased'
            WHERE c.run = @run AND c.claim = @claim))
        """;

    // What a claim has waits too, and is found at once, where a search for items that wait passes over all that do not any more.
    public const string State =
        $"""
        SELECT CASE WHEN c.claims > 0 THEN 1 ELSE (
                SELECT count(*) FROM (
                    SELECT FROM concurrent_test.items i WHERE i.run = r.run AND i.state IN ('open', 'leased') LIMIT 1) AS waiting) END,
            (SELECT count(*) FROM concurrent_test.machines m WHERE m.run = r.run AND {IsLive}),
            r.reruns, {Verdict}, c.has_overdue
        FROM concurrent_test.runs r CROSS JOIN LATERAL (
            SELECT count(*) AS claims, coalesce(bool_or(c.until < clock_timestamp()), false) AS has_overdue
            FROM concurrent_test.claims c WHERE c.run = r.run) c
        WHERE r.run = @run
        """;

    // Each told event has a place of its own, so that telling it twice stores it once.
    private const string Told =
        """
        INSERT INTO concurrent_test.beside (run, machine, place, events, is_good)
        SELECT @run, @machine, @place + o.place - 1, o.events, o.is_good
        FROM unnest(@beside, @besideGood) WITH ORDINALITY AS o (events, is_good, place)
        """;

    // The deadline is null before the tests have begun: least() ignores a null.
    private const string Deadline =
        "coalesce(c.deadline, CASE WHEN c.lease = ANY (@begun) THEN clock_timestamp() + @patience * (c.cases + 10) END)";

    /// <summary>Tells that the machine lives, and what happened on it beside its claims; answers which of its leases it still has. The time
    /// that their tests may take begins with them.</summary>
    public const string Heartbeat =
        $"""
        WITH me AS (
            UPDATE concurrent_test.machines m SET seen_at = clock_timestamp(), workers = @workers, calm_until = coalesce({Calm}, m.calm_until)
            WHERE m.run = @run AND m.machine = @machine AND m.state = '{MachineState.Joined}' RETURNING m.machine),
        unsealed AS (
            UPDATE concurrent_test.runs r SET sealer = NULL
            WHERE r.run = @run AND r.sealed_at IS NULL AND cardinality(@beside) > 0 AND EXISTS (SELECT FROM me) RETURNING r.run),
        told AS ({Told} WHERE EXISTS (SELECT FROM unsealed) ON CONFLICT DO NOTHING),
        held AS (
            UPDATE concurrent_test.claims c SET deadline = {Deadline}, until = least(clock_timestamp() + r.lease, {Deadline})
            FROM concurrent_test.runs r
            WHERE r.run = @run AND c.run = @run AND c.machine = @machine AND c.lease = ANY (@leases)
            RETURNING c.lease)
        SELECT lease FROM held
        """;

    // A claim is one row, so who deletes it has all of its items: it is ended, given back or taken back as a whole.
    private const string Mine =
        """
        my_claim AS (
            DELETE FROM concurrent_test.claims c WHERE c.run = @run AND c.lease = @lease AND c.machine = @machine RETURNING c.lease)
        """;

    /// <summary>The end of a claim: its events, its results, the closing of its items, what of it runs again and what happened beside
    /// claims by now, all or nothing, and nothing where the lease is another's or the end was told before. The reruns of all machines are
    /// one budget: what is beyond it is not run again. Only the asked tests are looked up, however many tests there are.</summary>
    public const string Acknowledge =
        $"""
        WITH {Mine},
        mine AS (
            SELECT i.item, i.assembly, i.tests, i.companions FROM my_claim c
            JOIN concurrent_test.items i ON i.run = @run AND i.lease = c.lease AND i.state = 'leased'),
        closed AS (UPDATE concurrent_test.items i SET state = 'done' FROM mine WHERE i.run = @run AND i.item = mine.item),
        asked AS (
            SELECT u.test, u.test IN (SELECT unnest(@tests)) OR bool_or(u.test = ANY (mine.companions)) AS has_results
            FROM mine CROSS JOIN LATERAL unnest(mine.tests) AS u (test) GROUP BY u.test),
        kept AS (
            INSERT INTO concurrent_test.batches (run, lease, machine, events, is_good)
            SELECT @run, @lease, @machine, @events, @good WHERE EXISTS (SELECT FROM mine)),
        told AS ({Told} WHERE EXISTS (SELECT FROM mine) ON CONFLICT DO NOTHING),
        given AS (
            INSERT INTO concurrent_test.results (run, test, row, attempt, outcome, lease)
            SELECT @run, g.test, g.row, t.attempts + 1, g.outcome, @lease
            FROM unnest(@tests, @rows, @outcomes) AS g (test, row, outcome)
            JOIN asked ON asked.test = g.test
            JOIN concurrent_test.tests t ON t.run = @run AND t.test = g.test AND t.test = ANY (@tests)),
        budget AS MATERIALIZED (
            SELECT r.reruns FROM concurrent_test.runs r WHERE r.run = @run AND @rerun > 0 AND EXISTS (SELECT FROM mine)
            FOR NO KEY UPDATE),
        back AS MATERIALIZED (
            SELECT a.*, a.reason = 'rerun' AND coalesce(
                (SELECT b.reruns FROM budget b) + sum(a.reruns) OVER (ORDER BY a.place) > @mostReruns, false) AS is_denied
            FROM ROWS FROM (jsonb_to_recordset(@again) AS (
                assembly integer, tests integer[], suspect integer, companions integer[], cases integer, seconds double precision,
                reason text, fruitless integer, groups text[], "notHere" boolean, "delaySeconds" double precision,
                reruns integer)) WITH ORDINALITY AS a (
                assembly, tests, suspect, companions, cases, seconds, reason, fruitless, groups, "notHere", "delaySeconds", reruns, place)),
        open AS MATERIALIZED (SELECT DISTINCT unnest(b.tests) AS test FROM back b WHERE NOT b.is_denied),
        counted AS (
            UPDATE concurrent_test.tests t SET attempts = t.attempts + 1,
                state = CASE WHEN t.test IN (SELECT test FROM open) THEN 'open' WHEN asked.has_results THEN 'done' ELSE 'lost' END,
                story = CASE WHEN t.test IN (SELECT test FROM open) OR asked.has_results THEN NULL ELSE 'It was asked for and gave no result.' END,
                reruns = greatest(t.reruns, coalesce(u.reruns, 0)), retries = greatest(t.retries, coalesce(u.retries, 0))
            FROM asked LEFT JOIN unnest(@tried, @reruns, @retries) AS u (test, reruns, retries) ON u.test = asked.test
            WHERE t.run = @run AND t.test = asked.test AND t.test = ANY (ARRAY(SELECT test FROM asked))),
        again AS (
            INSERT INTO concurrent_test.items (
                run, assembly, tests, suspect, companions, cases, seconds, reason, fruitless, is_alone, groups, not_machine, not_worker,
                not_before)
            SELECT @run, a.assembly, a.tests, a.suspect, a.companions, a.cases, a.seconds, a.reason, a.fruitless, true, a.groups,
                CASE WHEN a."notHere" THEN @machine END, @worker,
                CASE WHEN a."delaySeconds" > 0 THEN clock_timestamp() + make_interval(secs => a."delaySeconds") END
            FROM back a WHERE NOT a.is_denied AND EXISTS (SELECT FROM mine)),
        rerun AS (
            UPDATE concurrent_test.runs r SET reruns = r.reruns + @rerun - (SELECT coalesce(sum(reruns), 0) FROM back WHERE is_denied)
            WHERE r.run = @run AND EXISTS (SELECT FROM budget)),
        me AS (
            UPDATE concurrent_test.machines m SET seen_at = clock_timestamp(), calm_until = coalesce({Calm}, m.calm_until),
                faults = CASE WHEN @faulty THEN m.faults + 1 ELSE 0 END,
                good_at = CASE WHEN @faulty THEN m.good_at ELSE clock_timestamp() END
            WHERE m.run = @run AND m.machine = @machine AND EXISTS (SELECT FROM mine) RETURNING m.faults)
        SELECT EXISTS (SELECT FROM mine) OR EXISTS (
                SELECT FROM concurrent_test.batches b WHERE b.run = @run AND b.lease = @lease AND b.machine = @machine),
            coalesce((SELECT faults FROM me), 0), {OthersPass}, (SELECT coalesce(sum(reruns), 0)::integer FROM back WHERE is_denied)
        """;

    /// <summary>Whether the end of a claim was told, which a question that waited for its own first try cannot see.</summary>
    public const string IsAcknowledged =
        """
        SELECT EXISTS (SELECT FROM concurrent_test.batches b WHERE b.run = @run AND b.lease = @lease AND b.machine = @machine)
        """;

    private const string OthersPass =
        $"""
        EXISTS (
            SELECT FROM concurrent_test.machines m JOIN concurrent_test.runs r ON r.run = m.run
            WHERE m.run = @run AND m.machine <> @machine AND m.faults = 0 AND m.good_at IS NOT NULL AND {IsLive})
        """;

    /// <summary>Gives items back that were not begun, or whose worker is asked to leave; as faulty only so often.</summary>
    public const string GiveBack =
        $"""
        WITH {Mine},
        mine AS (
            SELECT i.item, i.tests, i.companions, @faulty AND i.faults + 1 >= @mostFaults AS ends FROM my_claim c
            JOIN concurrent_test.items i ON i.run = @run AND i.lease = c.lease AND i.state = 'leased'),
        ended AS (
            UPDATE concurrent_test.tests t SET state = 'lost', story = format('It came back %s times without having begun.', @mostFaults)
            FROM mine WHERE t.run = @run AND mine.ends AND t.test = ANY (mine.tests) AND NOT t.test = ANY (mine.companions)),
        kept AS (
            UPDATE concurrent_test.tests t SET state = 'done'
            FROM mine WHERE t.run = @run AND mine.ends AND t.test = ANY (mine.companions)),
        given AS (
            UPDATE concurrent_test.items i SET state = CASE WHEN mine.ends THEN 'lost' ELSE 'open' END, lease = NULL,
                faults = i.faults + CASE WHEN @faulty THEN 1 ELSE 0 END,
                not_machine = CASE WHEN @faulty THEN @machine ELSE i.not_machine END,
                not_worker = CASE WHEN @faulty THEN @worker ELSE i.not_worker END
            FROM mine WHERE i.run = @run AND i.item = mine.item),
        me AS (
            UPDATE concurrent_test.machines m SET seen_at = clock_timestamp(), calm_until = coalesce({Calm}, m.calm_until),
                faults = CASE WHEN @faulty THEN m.faults + 1 ELSE m.faults END
            WHERE m.run = @run AND m.machine = @machine AND EXISTS (SELECT FROM mine) RETURNING m.faults)
        SELECT EXISTS (SELECT FROM mine), coalesce((SELECT faults FROM me), 0), {OthersPass}, 0
        """;

    /// <summary>The machine takes no more items; what it has is given back. Who was making out the verdict has to look again. Nothing is
    /// written where the run was ended; the answer is whether the run knows all that the machine has to tell.</summary>
    public const string Leave =
        $"""
        WITH my_claims AS (
            DELETE FROM concurrent_test.claims c WHERE c.run = @run AND c.machine = @machine RETURNING c.lease),
        given AS (
            UPDATE concurrent_test.items i SET state = 'open', lease = NULL
            FROM my_claims c WHERE i.run = @run AND i.state = 'leased' AND i.lease = c.lease),
        unsealed AS (
            UPDATE concurrent_test.runs r SET sealer = NULL WHERE r.run = @run AND r.sealed_at IS NULL RETURNING r.run),
        told AS ({Told} WHERE EXISTS (SELECT FROM unsealed) ON CONFLICT DO NOTHING),
        gone AS (
            UPDATE concurrent_test.machines m SET seen_at = clock_timestamp(), calm_until = coalesce({Calm}, m.calm_until),
                state = CASE WHEN m.state = '{MachineState.Joined}' THEN @state ELSE m.state END
            WHERE m.run = @run AND m.machine = @machine AND EXISTS (SELECT FROM unsealed) RETURNING m.machine)
        SELECT EXISTS (SELECT FROM gone) OR @place + cardinality(@beside) <= (
            SELECT count(*) FROM concurrent_test.beside o WHERE o.run = @run AND o.machine = @machine)
        """;

    /// <summary>Lets one of the machines that are left make out the verdict, once nothing is left to run. Another may do it after a while,
    /// and has twice as long: reading a very large run takes its time, on each machine.</summary>
    public const string BeginSeal =
        $"""
        UPDATE concurrent_test.runs r SET sealer = @machine, sealings = r.sealings + 1,
            sealer_until = clock_timestamp() + greatest(r.lease, interval '30s') * power(2, least(r.sealings, 4))
        WHERE r.run = @run AND r.sealed_at IS NULL
            AND (r.sealer IS NULL OR r.sealer = @machine OR r.sealer_until < clock_timestamp())
            AND NOT EXISTS (SELECT FROM concurrent_test.items i WHERE i.run = r.run AND i.state IN ('open', 'leased'))
            AND NOT EXISTS (SELECT FROM concurrent_test.machines m WHERE m.run = r.run AND {IsLive})
        RETURNING true
        """;

    public const string Seal =
        """
        UPDATE concurrent_test.runs r SET sealed_at = clock_timestamp(), exit_code = @exitCode, reason = @reason
        WHERE r.run = @run AND r.sealed_at IS NULL AND r.sealer = @machine
            AND NOT EXISTS (SELECT FROM concurrent_test.items i WHERE i.run = r.run AND i.state IN ('open', 'leased'))
            AND (@exitCode NOT IN (0, 1) OR NOT EXISTS (
                SELECT FROM concurrent_test.tests t WHERE t.run = r.run AND t.state <> 'done'))
        """;

    public const string ReadRun =
        $"SELECT r.plan, {Verdict}, r.created_at, {IsOld} FROM concurrent_test.runs r WHERE r.run = @run";

    public const string ReadMachines =
        """
        SELECT m.machine, m.number, m.name, m.all_workers, m.state, ARRAY(
            SELECT o.events FROM concurrent_test.beside o WHERE o.run = m.run AND o.machine = m.machine ORDER BY o.place)
        FROM concurrent_test.machines m WHERE m.run = @run ORDER BY m.number
        """;

    public const string ReadBatches =
        """
        SELECT b.machine, b.events, coalesce(r.results, 0) FROM concurrent_test.batches b
        LEFT JOIN (
            SELECT r.lease, count(*) AS results FROM concurrent_test.results r WHERE r.run = @run GROUP BY r.lease) r ON r.lease = b.lease
        WHERE b.run = @run ORDER BY b.sequence
        """;

    public const string ReadNotDone =
        "SELECT t.test, t.name, t.story FROM concurrent_test.tests t WHERE t.run = @run AND t.state <> 'done' ORDER BY t.test";

    public const string ReadNames = "SELECT t.name FROM concurrent_test.tests t WHERE t.run = @run ORDER BY t.test";

    /// <summary>The server's own process does not come by before the first questions are planned.</summary>
    public const string Analyze = "ANALYZE concurrent_test.items, concurrent_test.tests";

    /// <summary>Runs of long ago, which nobody asks about any more.</summary>
    public const string Forget =
        """
        DELETE FROM concurrent_test.runs WHERE run IN (
            SELECT run FROM concurrent_test.runs WHERE created_at < clock_timestamp() - interval '30 days'
            ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        """;
}
