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

    /// <summary>The tests are over, and <see cref="Finish"/> comes soon: what happens from now on is told there alone.</summary>
    public bool IsAtEnd { private get; set; }

    public void Print(Incident incident)
    {
        var isFirst = Count(incident);
        var worker = incident.Worker is { } number ? string.Create(CultureInfo.InvariantCulture, $" (worker {number})") : "";
        log.Log(isFirst && !IsAtEnd ? LogLevel.Information
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

        foreach (var incident in incidents.Take(MostWarnings))
        {
            log.LogWarning(
                "{Kind}: {Message}{Times}", new OwnWords(incident.Kind), incident.Message,
                new OwnWords(incident.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (×{incident.Count})")));
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
        // Two incidents that differ only in numbers (of workers, batches, processes or tests) are the same to a reader.
        var pattern = Number().Replace(incident.Message, "#");
        lock (_gate)
        {
            if (_incidents.Find(known => known.Kind == incident.Kind && known.Pattern == pattern) is { } same)
            {
                same.Add(incident);
                return false;
            }

            _incidents.Add(new Repeated(incident, pattern));
            return true;
        }
    }

    // A number in a name, as in net8.0 or #12, is no figure.
    [GeneratedRegex(@"(?<![\w.#/-])(?<figure>\d+(\.\d+)?)(?![\w/-]|\.\w)(?<unit> [a-z]+)?")]
    private static partial Regex Number();

    private sealed class Repeated(Incident first, string pattern)
    {
        private readonly List<Match> _least = Number().Matches(first.Message).ToList();
        private readonly List<Match> _most = Number().Matches(first.Message).ToList();

        public string Kind => first.Kind;
        public string Pattern => pattern;
        public int Count { get; private set; } = 1;

        /// <summary>True of all of them: where their figures differ, from the least to the most.</summary>
        public string Message
        {
            get
            {
                var number = 0;
                return Number().Replace(first.Message, _ => Range(_least[number], _most[number++]));
            }
        }

        public void Add(Incident incident)
        {
            Count++;
            var found = Number().Matches(incident.Message);
            for (var number = 0; number < Math.Min(found.Count, _least.Count); number++)
            {
                _least[number] = Figure(found[number]) < Figure(_least[number]) ? found[number] : _least[number];
                _most[number] = Figure(found[number]) > Figure(_most[number]) ? found[number] : _most[number];
            }
        }

        private static double Figure(Match match) => double.Parse(match.Groups["figure"].Value, CultureInfo.InvariantCulture);

        private static string Range(Match least, Match most) =>
            Figure(least).Equals(Figure(most)) ? most.Value : $"{least.Groups["figure"].Value} to {most.Value}";
    }
}
