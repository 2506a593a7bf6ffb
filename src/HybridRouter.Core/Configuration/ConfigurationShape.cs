using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace HybridRouter.Configuration;

/// <summary>Compares what is written with what the options know: unknown keys and values of a wrong type, each by name.</summary>
internal static class ConfigurationShape
{
    public static IEnumerable<ConfigurationProblem> Check(IConfiguration section, Type type)
    {
        var known = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        var nullability = new NullabilityInfoContext();
        foreach (var child in section.GetChildren())
        {
            // Editors want to know the schema; the program does not.
            if (child.Path == "$schema")
                continue;
            var property = known.FirstOrDefault(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                yield return new ConfigurationProblem(Name(child.Path), $"is not known{Suggest(child.Key, known.Select(p => p.Name))}");
                continue;
            }
            foreach (var problem in CheckValue(child, property.PropertyType, nullability.Create(property).ReadState == NullabilityState.Nullable))
                yield return problem;
        }
    }

    /// <summary>A key as the documentation writes it.</summary>
    public static string Name(string path) => string.Join(':', path.Split(':').Select(Camel));

    private static IEnumerable<ConfigurationProblem> CheckValue(IConfigurationSection value, Type type, bool mayBeNull)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ItemType(type) is { } item)
        {
            if (value.Value is { Length: > 0 })
                return [new(Name(value.Path), "must be a list or an object, not a single value")];
            return value.GetChildren().SelectMany(child => CheckValue(child, item, mayBeNull: false));
        }
        if (type.IsClass && type != typeof(string))
            return value.Value is { Length: > 0 } ? [new(Name(value.Path), "must be an object")] : Check(value, type);
        if (value.GetChildren().Any())
            return [new(Name(value.Path), "must be a single value")];
        // The binder would make a number 0 and a text null.
        if (value.Value is null)
            return mayBeNull ? [] : [new(Name(value.Path), "must not be null; leave it out for the default")];
        return Converts(value.Value, type) ? [] : [new(Name(value.Path), $"'{Shorten(value.Value)}' is not {Describe(type)}")];
    }

    private static Type? ItemType(Type type)
    {
        if (type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type))
            return null;
        return type.GetGenericArguments()[^1];
    }

    private static bool Converts(string text, Type type) =>
        type == typeof(string)
        || (type.IsEnum ? Enum.TryParse(type, text, ignoreCase: true, out var parsed) && Enum.IsDefined(type, parsed!) && !char.IsAsciiDigit(text[0])
            : type == typeof(bool) ? bool.TryParse(text, out _)
            : type == typeof(int) ? int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out _)
            : type == typeof(long) ? long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out _)
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number));

    private static string Describe(Type type) =>
        type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type))
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) || type == typeof(long) ? "a whole number"
        : "a number";

    private static string Suggest(string key, IEnumerable<string> names)
    {
        var nearest = names.MinBy(n => Distance(key.ToLowerInvariant(), n.ToLowerInvariant()));
        return nearest is not null && Distance(key.ToLowerInvariant(), nearest.ToLowerInvariant()) <= Math.Max(2, key.Length / 3)
            ? $"; did you mean '{Camel(nearest)}'?"
            : $"; known here: {string.Join(", ", names.Select(Camel))}";
    }

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }

    private static string Camel(string name) => name.Length > 0 && char.IsAsciiLetterUpper(name[0]) ? char.ToLowerInvariant(name[0]) + name[1..] : name;

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "...";
}
