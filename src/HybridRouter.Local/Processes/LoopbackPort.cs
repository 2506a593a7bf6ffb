using System.Net;
using System.Net.Sockets;

namespace HybridRouter.Local.Processes;

internal static class LoopbackPort
{
    /// <summary>
    /// A port that was free a moment ago. Another program can still take it first, so whoever uses it must check that
    /// its own process came to listen there, and else try another one.
    /// </summary>
    public static int Pick()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
