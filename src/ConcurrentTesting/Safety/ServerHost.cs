using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace ConcurrentTesting.Safety;

/// <summary>Tells a server that is surely for tests (this machine, a container beside it, one that the user lists) from one that may belong
/// to anybody.</summary>
internal static partial class ServerHost
{

    /// <exception cref="ConcurrentTestException">The host is none of these, and the guard is not overridden.</exception>
    public static async Task CheckAsync(string host, ConcurrentTestSettings settings, Guards guards, CancellationToken cancellationToken)
    {
        if (IsSocket(host) || settings.AllowedHosts.Any(pattern => Matches(host, pattern)) || !IsUnspecified(host)
            && await IsNearAsync(host, cancellationToken))
            return;
        if (IsUnspecified(host))
        {
            guards.Refuse(
                GuardName.RemoteServer,
                $"{host} is not the address of a database server, it stands for all addresses of this machine",
                "write 127.0.0.1 (or ::1) where this machine is meant");
            return;
        }

        guards.Refuse(
            GuardName.RemoteServer,
            $"the database server {host} is neither this machine nor a container beside it",
            $"name it with --test-allowed-hosts {host}");
    }

    /// <param name="pattern">A host name or address, in which <c>*</c> stands for anything.</param>
    internal static bool Matches(string host, string pattern) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, host, ignoreCase: true);

    private static bool IsSocket(string host) => host.StartsWith('/') || host.StartsWith('@');

    /// <summary>0.0.0.0 and ::, however they are written: where they lead differs from system to system.</summary>
    internal static bool IsUnspecified(string host) =>
        IPAddress.TryParse(host.Trim(), out var address)
        && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.IsIPv4MappedToIPv6
            && address.MapToIPv4().Equals(IPAddress.Any));

    private static async Task<bool> IsNearAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
            return addresses.Length > 0 && addresses.All(IsNear);
        }
        catch (SocketException exception)
        {
            // The connection must not try the name again, because it might resolve to anything by then.
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"the database server's name {host} cannot be resolved: {exception.Message.TrimEnd('.')}. Check the host in --test-connection-string.",
                exception);
        }
    }

    private static bool IsNear(IPAddress address)
    {
        if (IPAddress.IsLoopback(address))
            return true;
        var networks = NetworkInterface.GetAllNetworkInterfaces();
        var bridges = networks.Where(IsBridge).ToArray();
        // A container in which bridges are seen shares its host's network, where neighbours may be anybody.
        return (IsInContainer() && bridges.Length == 0 ? networks.Where(HasPeer) : bridges)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Any(own => own.Address.Equals(address) || InSameNetwork(own, address));
    }

    private static bool IsBridge(NetworkInterface network) => IsBridge(network.Name, OperatingSystem.IsLinux());

    /// <summary>Whether containers or virtual machines of this machine are behind an interface of this name. Others have bridges to their
    /// own network: br-ex, br-lan, on Linux bridge0.</summary>
    internal static bool IsBridge(string name, bool isLinux) =>
        ContainerBridge().IsMatch(name) || (!isLinux && name.StartsWith("bridge", StringComparison.Ordinal));

    [GeneratedRegex(@"\A(docker|podman|cni|veth|virbr|vmnet|br-[0-9a-f]{12}\z)")]
    private static partial Regex ContainerBridge();

    // A container's own interface is one end of a pair, whose other end is on its host. In the host's network, or on one of the host's
    // cards, neighbours may be anybody.
    private static bool HasPeer(NetworkInterface network)
    {
        var folder = Path.Combine("/sys/class/net", network.Name);
        try
        {
            return File.ReadAllText(Path.Combine(folder, "iflink")).Trim() != File.ReadAllText(Path.Combine(folder, "ifindex")).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsInContainer() => File.Exists("/.dockerenv") || File.Exists("/run/.containerenv");

    private static bool InSameNetwork(UnicastIPAddressInformation own, IPAddress address) =>
        own.Address.AddressFamily == address.AddressFamily
        && own.PrefixLength is > 0 and <= 128
        && new IPNetwork(Network(own.Address, own.PrefixLength), own.PrefixLength).Contains(address);

    private static IPAddress Network(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixLength; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPAddress(bytes);
    }
}
