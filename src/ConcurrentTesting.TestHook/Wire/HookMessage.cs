using System.Buffers.Binary;

namespace ConcurrentTesting.TestHook.Wire;

/// <summary>What a hook says to the engine. A message is its length in four bytes, little endian, of what follows; its kind in one byte;
/// its content, see <see cref="WireWriter"/>. The connection's end without <see cref="Bye"/> is a process that died. <see cref="Test"/> and
/// <see cref="Outside"/> are written in a file, see <see cref="HookAddress.FiguresOf(int)"/>, and said only by a hook that cannot write
/// there.</summary>
internal enum HookMessage : byte
{
    /// <summary>The first message: version, process id, worker, batch, role, runtime.</summary>
    Hello = 1,

    /// <summary>The figures of one test so far, the queries that it ran most often and its slowest statements, without their values;
    /// replaces what was said of the same test before.</summary>
    Test = 2,

    /// <summary>What fixtures did so far, and what happened outside any test; replaces what was said before.</summary>
    Outside = 3,

    /// <summary>Something in the hook failed, or cannot be measured: a text, once for each cause.</summary>
    Trouble = 4,

    /// <summary>Everything known when <see cref="EngineMessage.Flush"/> came has been said.</summary>
    Flushed = 5,

    /// <summary>The process ends by itself.</summary>
    Bye = 6,

    /// <summary>An exception that nobody handles ends the process: what it says, and its stack.</summary>
    Unhandled = 7,

    /// <summary>How a child of this process ended: its id, 1 where a signal ended it, and the exit code or the signal.</summary>
    ChildEnded = 8,
}

/// <summary>How messages lie one after another.</summary>
internal static class HookMessages
{
    // A message has a few hundred bytes; a longer one is not from our hook.
    private const int Longest = 1 << 20;

    /// <summary>The length of the message that follows this header.</summary>
    /// <exception cref="InvalidDataException">It is none of ours.</exception>
    public static int LengthOf(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        return length is >= 1 and <= Longest ? length : throw new InvalidDataException($"a message of {length} bytes");
    }
}

/// <summary>What the engine says to a hook: one byte each. The connection's end without <see cref="Goodbye"/> is an engine that died, and
/// ends the test process.</summary>
internal enum EngineMessage : byte
{
    /// <summary>The engine knows of the process: nothing that it says from now on can be missed.</summary>
    Welcome = (byte)'W',

    /// <summary>Asks for everything that is not said yet.</summary>
    Flush = (byte)'F',

    /// <summary>The engine stops listening; the process may go on as long as it likes.</summary>
    Goodbye = (byte)'G',

    /// <summary>Asks how a child of the process ends, which only its parent learns; the child's id follows in four bytes, little
    /// endian.</summary>
    Watch = (byte)'C',
}

/// <summary>What a hooked process is for.</summary>
internal enum HookedProcessRole : byte
{
    /// <summary>VSTest's test host.</summary>
    TestHost = 0,

    /// <summary>The process in which xunit v3 runs the tests, a child of the test host.</summary>
    TestProcess = 1,

    /// <summary>The vstest.console that starts the test hosts.</summary>
    Console = 2,
}
