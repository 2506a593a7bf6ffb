using HybridRouter.FakeModel;

// "host EXECUTABLE" plays the router: it owns one model process, prints its address and waits to be killed (or for the end of its input).
if (args is ["host", var executable, var records])
    return await Host.RunAsync(executable, records);
if (args is ["quota", var database])
    return await QuotaHolder.RunAsync(database);
return await Server.RunAsync(args);
