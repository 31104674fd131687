using Microsoft.Extensions.Time.Testing;

namespace Lending.XUnit2.Tests.Scanning;

public class ScanGateTests
{
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData(0, false)]
    [InlineData(199, false)]
    [InlineData(200, true)]
    [InlineData(5000, true)]
    public void The_same_label_counts_again_after_a_while(int milliseconds, bool accepted)
    {
        var gate = new ScanGate(TimeSpan.FromMilliseconds(200), _clock);
        gate.Accepts("T1");
        _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(accepted, gate.Accepts("T1"));
    }

    [Fact]
    public void Another_label_counts_at_once()
    {
        var gate = new ScanGate(TimeSpan.FromHours(1), _clock);
        Assert.True(gate.Accepts("T1"));
        Assert.True(gate.Accepts("T2"));
    }

    public class InRealTime
    {
        [Theory]
        [InlineData(60)]
        [InlineData(120)]
        [InlineData(240)]
        public async Task A_held_button_counts_again_after_a_while(int quiet)
        {
            var gate = new ScanGate(TimeSpan.FromMilliseconds(quiet), TimeProvider.System);
            Assert.True(gate.Accepts("T1"));
            await Task.Delay(quiet + 30);
            Assert.True(gate.Accepts("T1"));
        }
    }
}

/// <summary>The same for every kind of label: a class for each type it is run with.</summary>
public abstract class LabelTests<TLabel>
    where TLabel : ILabel, new()
{
    [Fact]
    public void A_label_is_read_once() =>
        Assert.Equal([true, false], Enumerable.Repeat(new TLabel().Text, 2).Select(new ScanGate(TimeSpan.FromHours(1), TimeProvider.System).Accepts));

    [Fact]
    public async Task A_label_is_read_again_when_the_scanner_has_rested()
    {
        var gate = new ScanGate(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        gate.Accepts(new TLabel().Text);
        await Task.Delay(150);
        Assert.True(gate.Accepts(new TLabel().Text));
    }
}

public interface ILabel
{
    string Text { get; }
}

public sealed class PaperLabel : ILabel
{
    public string Text => "T-0001";
}

public sealed class ChipLabel : ILabel
{
    public string Text => "\u0002E004015A\u0003";
}

public class PaperLabelTests : LabelTests<PaperLabel>;

public class ChipLabelTests : LabelTests<ChipLabel>;
