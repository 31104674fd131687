namespace ConcurrentTesting.Record;

/// <summary>Records the incidents of those who know no recorder, which passes them on.</summary>
internal sealed class IncidentRecorder(RunRecorder recorder) : IRunObserver
{
    public void IncidentHappened(Incident incident) => recorder.Report(incident.Kind, incident.Message, incident.Worker);
}
