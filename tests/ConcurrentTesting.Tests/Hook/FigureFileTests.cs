using ConcurrentTesting.Hook;
using ConcurrentTesting.TestHook.Wire;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

/// <summary>The file of a process that is read again and again while it grows.</summary>
public sealed class FigureFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("figures-").FullName;
    private readonly FigureFile _file;

    public FigureFileTests() => _file = new FigureFile(Written);

    private string Written => Path.Combine(_folder, "1-2.figures");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void State_that_is_written_over_after_it_was_read_is_read_again()
    {
        Write(0, Message(HookMessage.Outside, "a"));
        Read().ShouldBe(["a"]);

        Write(0, Message(HookMessage.Outside, new string('b', 300)));
        Read().ShouldBe([new string('b', 300)]);
    }

    [Fact]
    public void What_follows_a_state_is_read_after_it()
    {
        var state = Message(HookMessage.Outside, "state");
        Write(0, state);
        Read().ShouldBe(["state"]);

        Write(state.Length, Message(HookMessage.Test, "first"));
        Read().ShouldBe(["state", "first"]);
        Read().ShouldBeEmpty();
    }

    [Fact]
    public void State_that_was_half_written_over_is_read_the_next_time()
    {
        var state = Message(HookMessage.Outside, "state");
        Write(0, state);
        Write(state.Length - 1, [0xFF]);
        var attempts = 0;

        _file.ReadOn(_ => Fail());
        Read().Count.ShouldBe(1);
        attempts.ShouldBe(1);

        void Fail()
        {
            attempts++;
            throw new InvalidDataException("half");
        }
    }

    [Fact]
    public void State_that_stays_unreadable_is_said_to_be()
    {
        Write(0, Message(HookMessage.Outside, "state"));

        _file.ReadOn(_ => throw new InvalidDataException("half"));

        Should.Throw<InvalidDataException>(() => _file.ReadOn(_ => throw new InvalidDataException("half")));
    }

    [Fact]
    public void Test_that_cannot_be_read_is_said_to_be_at_once()
    {
        Write(0, Message(HookMessage.Test, "test"));

        Should.Throw<InvalidDataException>(() => _file.ReadOn(_ => throw new InvalidDataException("nonsense")));
    }

    private static byte[] Message(HookMessage kind, string text)
    {
        var writer = new WireWriter();
        writer.Begin(kind).Text(text).End();
        return writer.Written.ToArray();
    }

    private void Write(int offset, byte[] message)
    {
        using var file = File.OpenHandle(Written, FileMode.OpenOrCreate, FileAccess.Write);
        RandomAccess.Write(file, message, offset);
    }

    private List<string> Read()
    {
        var texts = new List<string>();
        _file.ReadOn(message =>
        {
            var reader = new WireReader(message.AsSpan(1));
            texts.Add(reader.Text());
        });
        return texts;
    }
}
