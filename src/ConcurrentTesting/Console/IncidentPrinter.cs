namespace ConcurrentTesting.Console;

/// <summary>Tells each kind of incident when it happens first, and at the end once as a warning, with how often it happened. Warnings
/// become annotations on a CI server and are repeated at the build's end: one that comes fifty times would hide the others.</summary>
internal sealed partial class IncidentPrinter(ILogger log)
{
    /// <summary>Warnings that are printed at most; more are in run.log.</summary>
    public const int MostWarnings = 10;

    private readonly Lock _gate = new();
    private readonly List<Repeated> _incidents = [];
    private int _told;

    public void Print(Incident incident)
    {
        var isFirst = Count(incident);
        var worker = incident.Worker is { } number ? string.Create(CultureInfo.InvariantCulture, $" (worker {number})") : "";
        log.Log(isFirst ? LogLevel.Information
            : LogLevel.Trace, "{Kind}{Worker}: {Message}", new OwnWords(incident.Kind), new OwnWords(worker), incident.Message);
    }

    /// <summary>Warns of what has not been warned of, a line each.</summary>
    public void Finish()
    {
        List<Repeated> incidents;
        lock (_gate)
        {
            incidents = _incidents[_told..];
            _told = _incidents.Count;
        }

        foreach (var (incident, count) in incidents.Take(MostWarnings).Select(one => (one.First, one.Count)))
        {
            log.LogWarning(
                "{Kind}: {Message}{Times}", new OwnWords(incident.Kind), incident.Message,
                new OwnWords(count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (×{count})")));
        }

        if (incidents.Count > MostWarnings)
        {
            log.LogWarning(
                "{File} has {Kinds} of incidents", RunLog.FileName,
                new OwnWords(Quantity.Of(incidents.Count - MostWarnings, "more kind")));
        }
    }

    private bool Count(Incident incident)
    {
        // Workers, batches and processes have numbers, and one or many tests are lost: what happened is the same.
        var pattern = Number().Replace($"{incident.Kind}: {incident.Message}", "#");
        lock (_gate)
        {
            if (_incidents.Find(known => known.Pattern == pattern) is { } same)
            {
                same.Count++;
                return false;
            }

            _incidents.Add(new Repeated(pattern, incident));
            return true;
        }
    }

    [GeneratedRegex(@"\d+( [a-z]+)?")]
    private static partial Regex Number();

    private sealed class Repeated(string pattern, Incident first)
    {
        public string Pattern => pattern;
        public Incident First => first;
        public int Count { get; set; } = 1;
    }
}
