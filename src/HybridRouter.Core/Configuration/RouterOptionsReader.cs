using Microsoft.Extensions.Configuration;

namespace HybridRouter.Configuration;

/// <summary>Turns a configuration into options, or says everything that is wrong with it.</summary>
public static class RouterOptionsReader
{
    public static ConfigurationResult Read(IConfiguration configuration)
    {
        var problems = WatchedJsonSource.Faults(configuration).ToList();
        problems.AddRange(ConfigurationShape.Check(configuration, typeof(RouterOptions)));
        // A value of a wrong type would throw in the binder, so the rest is only looked at when the shape is right.
        if (problems.Count > 0)
            return new ConfigurationResult(null, problems, []);
        var options = new RouterOptions();
        configuration.Bind(options);
        var check = new RouterOptionsValidator();
        check.Validate(options);
        return new ConfigurationResult(check.Problems.Count == 0 ? options : null, check.Problems, check.Warnings);
    }
}
