using System.Diagnostics;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>
/// xunit 2 keeps no context. Its adapter announces a case in the flow that then runs it, constructor to disposal: what is noted there flows
/// with the case. Within a case of several rows, xunit's own events begin and end each row's method; what lies between two methods is the
/// disposal of the one or the construction of the other.
/// </summary>
internal sealed class XUnit2Context(Ledger ledger) : IFrameworkContext
{
    private readonly AsyncLocal<object?> _flow = new();

    public Tally Current() => _flow.Value switch
    {
        CaseFlow flow => flow.Current(),
        null => ledger.NoTest,
        _ => ledger.Fixtures,
    };

    public void RunStarted() => _flow.Value = "run";

    public void CaseStarted(TestIdentity testCase) => _flow.Value = new CaseFlow(ledger, testCase);

    public void CaseEnded(Guid caseId)
    {
        if (_flow.Value is CaseFlow flow && flow.Id == caseId)
            flow.FirstRowEnded();
    }

    public void TestStarted(string displayName) => (_flow.Value as CaseFlow)?.MethodStarted(displayName);

    public void TestStopped(string displayName) => (_flow.Value as CaseFlow)?.MethodStopped();

    private sealed class CaseFlow
    {
        private readonly object _gate = new();
        private readonly Ledger _ledger;
        private readonly TestIdentity _case;
        private TestScope _row;

        // Between the methods of two rows: the row that is being constructed.
        private TestScope? _next;
        private bool _hasStarted;
        private bool _isInMethod;
        private bool _firstEnded;

        public CaseFlow(Ledger ledger, TestIdentity testCase)
        {
            _ledger = ledger;
            _case = testCase;
            _row = NewRow();
        }

        public Guid Id => _case.CaseId;

        public TestScope Current()
        {
            lock (_gate)
            {
                var isBetweenRows = _hasStarted && !_isInMethod && _next is null;
                if (isBetweenRows && IsConstructing())
                    _next = NewRow();
                return _next ?? _row;
            }
        }

        public void MethodStarted(string displayName)
        {
            lock (_gate)
            {
                if (_hasStarted)
                    _row = _next ?? NewRow();
                _next = null;
                _row.Name(displayName);
                _hasStarted = true;
                _isInMethod = true;
            }
        }

        public void MethodStopped()
        {
            lock (_gate)
            {
                _isInMethod = false;

                // The first row's end is told by the adapter, after its disposal; the others' is not.
                if (_firstEnded)
                    End();
            }
        }

        public void FirstRowEnded()
        {
            lock (_gate)
            {
                if (_firstEnded)
                    return;
                _firstEnded = true;
                End();
            }
        }

        private void End()
        {
            _row.End();
            _ledger.Send(_row);
        }

        private TestScope NewRow()
        {
            var row = _ledger.Add(_case, isWholeCase: true);
            row.Begin();
            return row;
        }

        // Nothing tells the disposal of one row from the construction of the next but the code that is running.
        private static bool IsConstructing()
        {
            foreach (var frame in new StackTrace(fNeedFileInfo: false).GetFrames())
            {
                if (frame.GetMethod() is { } method
                    && (method.Name == "CreateTestClass" || IsInitializing(method.Name) || IsInitializing(method.DeclaringType?.Name)))
                    return true;
            }

            return false;
        }

        // A method, its state machine, or an explicit implementation's.
        private static bool IsInitializing(string? name) => name?.Contains("InitializeAsync", StringComparison.Ordinal) == true;
    }
}
