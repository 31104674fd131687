using System.Reflection;

namespace ConcurrentTesting.Record;

/// <summary>The kinds of incidents, as run.json names them; beside them stand <c>retry-</c> and <c>infrastructure-</c> with a
/// cause.</summary>
internal static class IncidentKinds
{
    /// <summary>An artifact could not be written; a run that was green is not.</summary>
    public const string ArtifactNotWritten = "artifact-not-written";

    /// <summary>Files that tests attached could not be copied.</summary>
    public const string AttachmentLost = "attachment-lost";

    /// <summary>The infrastructure failed a clean-up; it was tried again with its tests.</summary>
    public const string CleanUpRetried = "cleanup-retried";

    /// <summary>A worker's database did not answer and was replaced.</summary>
    public const string DatabaseReplaced = "database-replaced";

    /// <summary>Tests of several workers used one database that is none of the workers' own.</summary>
    public const string DatabaseShared = "database-shared";

    /// <summary>No test used the databases that were made for the workers.</summary>
    public const string DatabaseUnused = "database-unused";

    /// <summary>The test platform reported an error while tests were discovered.</summary>
    public const string Discovery = "discovery";

    /// <summary>A test gave fewer rows than in its last run.</summary>
    public const string FewerRows = "fewer-rows";

    /// <summary>What may guard more than the database runs on several workers.</summary>
    public const string GuardSplit = "guard-split";

    /// <summary>A test failed as tests do that share a port or a file, beside such a guard.</summary>
    public const string GuardSuspected = "guard-suspected";

    /// <summary>The history cannot be read, and a new one begins.</summary>
    public const string HistoryDamaged = "history-damaged";

    /// <summary>The history could not be written.</summary>
    public const string HistoryNotWritten = "history-not-written";

    /// <summary>A test process said itself that the infrastructure failed.</summary>
    public const string InfrastructureDeclared = "infrastructure-declared";

    /// <summary>The journal's last line was cut off as the run's process was ended.</summary>
    public const string JournalTorn = "journal-torn";

    /// <summary>Another machine of the queue has tests that this one was not heard of with for too long.</summary>
    public const string LeaseTaken = "lease-taken";

    /// <summary>The infrastructure failed a machine's batches one after another, and it left the queue's run to the others.</summary>
    public const string MachineFaulty = "machine-faulty";

    /// <summary>A machine of the queue's run was not heard of any more.</summary>
    public const string MachineLost = "machine-lost";

    /// <summary>A test host ended well without a result for every test.</summary>
    public const string NoResult = "no-result";

    /// <summary>A part of a merged run was tried again, and the later attempt counts.</summary>
    public const string PartReplaced = "part-replaced";

    /// <summary>A folder that was to be merged has no results: its attempt of a part wrote none.</summary>
    public const string PartWithoutResults = "part-without-results";

    /// <summary>The environment says production: the tests ran one after another.</summary>
    public const string ProductionSequential = "production-sequential";

    /// <summary>A quarantine is over: failures of its test count again.</summary>
    public const string QuarantineExpired = "quarantine-expired";

    /// <summary>What a worker used could not be released.</summary>
    public const string ReleaseFailed = "release-failed";

    /// <summary>The reruns of the run are used up: failing tests are not run again any more.</summary>
    public const string RerunsUsedUp = "reruns-used-up";

    /// <summary>A test host reported an error outside any test.</summary>
    public const string RunError = "run-error";

    /// <summary>The run's process was ended before the run was over; its journal tells how far it came.</summary>
    public const string RunKilled = "run-killed";

    /// <summary>A file of a test host may hold a password that could not be taken out.</summary>
    public const string SecretNotRemoved = "secret-not-removed";

    /// <summary>Tests failed because a role or a database of a fixed name was there, on a server that the workers share.</summary>
    public const string ServerShared = "server-shared";

    /// <summary>A test host or its console died.</summary>
    public const string SessionDied = "session-died";

    /// <summary>Tests that run again and again have run as often as the run can hold.</summary>
    public const string StressBound = "stress-bound";

    /// <summary>What a template is made of changed while it was built: it served this run only.</summary>
    public const string TemplateChanged = "template-changed";

    /// <summary>Tests that an earlier run names are not among those that were discovered, and do not run.</summary>
    public const string TestsGone = "tests-gone";

    /// <summary>The timings file was damaged and is set aside.</summary>
    public const string TimingsDamaged = "timings-damaged";

    /// <summary>The timings file could not be written: the next run plans with what it has.</summary>
    public const string TimingsNotWritten = "timings-not-written";

    /// <summary>A test host's TRX file cannot be read to its end.</summary>
    public const string TrxDamaged = "trx-damaged";

    /// <summary>A test host's TRX file is missing.</summary>
    public const string TrxMissing = "trx-missing";

    /// <summary>A host gave a result that it was not asked for; it is not counted.</summary>
    public const string UnaskedResult = "unasked-result";

    /// <summary>The server counted work that no measured driver in the test processes did.</summary>
    public const string UnseenWork = "unseen-work";

    /// <summary>A worker is retired; its work went to the others.</summary>
    public const string WorkerRetired = "worker-retired";

    /// <summary>Every kind that has no cause in its name.</summary>
    public static ImmutableArray<string> All { get; } =
    [
        .. typeof(IncidentKinds).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Select(field => (string)field.GetRawConstantValue()!),
    ];

    /// <summary>What the results mean depends on it.</summary>
    public static bool IsOfSharing(string kind) => kind is DatabaseShared or DatabaseUnused or ServerShared;

    /// <summary>Something that failed before a batch could run is tried again.</summary>
    public static string Retry(string cause) => $"retry-{cause}";

    /// <summary>The infrastructure failed tests for this cause, and they run again.</summary>
    public static string Infrastructure(string cause) => $"infrastructure-{cause}";
}
