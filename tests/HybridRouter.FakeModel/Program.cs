using HybridRouter.FakeModel;

// "host EXECUTABLE" plays the router: it owns one model process, prints its address and waits to be killed (or for the end of its input).
if (args is ["host", var executable, var records])
    return await Host.RunAsync(executable, records);
// "quota DATABASE" plays a gateway under load that is killed.
if (args is ["quota", var database])
    return await QuotaHolder.RunAsync(database);
// "hold CONNECTION NAMESPACE LEASE" plays a gateway that is killed while requests are under way.
if (args is ["hold", var connection, var name, var lease])
    return await SharedQuotaHolder.RunAsync(connection, name, lease);
return await Server.RunAsync(args);
