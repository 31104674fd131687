using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace ConcurrentTesting.Databases.Throwaway;

/// <summary>Where a throwaway server listens for what cannot use its socket, and the password that it asks for.</summary>
internal sealed record LoopbackAddress(int Port, string Password)
{
    public const string Host = "127.0.0.1";

    /// <summary>Below the ports that Linux gives to outgoing connections, one of which could take the port before the server
    /// does.</summary>
    private const int FirstPort = 15000;
    private const int LastPort = 32000;

    private const int PasswordBytes = 16;

    /// <summary>A port that nobody uses now, and a new password.</summary>
    public static LoopbackAddress New() => new(FreePort(), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes)));

    /// <summary>Leaves out the password.</summary>
    public override string ToString() => FormattableString.Invariant($"{Host}:{Port}");

    private static int FreePort()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(FirstPort, LastPort);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse
                or SocketError.AccessDenied)
            {
                // The port is taken: try another one.
            }
        }
    }
}
