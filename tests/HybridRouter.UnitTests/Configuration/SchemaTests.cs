using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Configuration;
using HybridRouter.Models;
using NJsonSchema;

namespace HybridRouter.UnitTests.Configuration;

/// <summary>The schema says what the program does: the same keys, types, defaults and ranges, in both directions.</summary>
public sealed class SchemaTests
{
    private static readonly string SchemaPath = Path.Combine(AppContext.BaseDirectory, "hybridrouter.schema.json");
    private static readonly string ExamplePath = Path.Combine(AppContext.BaseDirectory, "hybridrouter.example.json");
    private static readonly JsonObject Root = JsonNode.Parse(File.ReadAllText(SchemaPath))!.AsObject();

    public static TheoryData<Type> OptionTypes { get; } =
        [.. typeof(RouterOptions).Assembly.GetTypes().Where(t => t.Namespace == typeof(RouterOptions).Namespace && t.Name.EndsWith("Options", StringComparison.Ordinal))];

    [Fact]
    public async Task Example_Schema_FindsNothingWrong()
    {
        var schema = await JsonSchema.FromFileAsync(SchemaPath, TestContext.Current.CancellationToken);

        Assert.Empty(schema.Validate(await File.ReadAllTextAsync(ExamplePath, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Example_Program_FindsNothingWrong()
    {
        var result = RouterOptionsReader.Read(ConfigurationSource.Load(ExamplePath));

        Assert.Empty(result.Problems);
        // On a machine without the keys each of them is a warning, and nothing else is.
        Assert.All(result.Warnings, w => Assert.Contains("is not set, empty or not readable", w.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Example_WeightFiles_AreInTheManifest()
    {
        var catalog = ModelsFolder.ShippedCatalog(AppContext.BaseDirectory);
        var files = RouterOptionsReader.Read(ConfigurationSource.Load(ExamplePath)).Options!.Local.Engines.SelectMany(e => e.Models).Select(m => m.File).OfType<string>().ToList();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.NotNull(catalog.Find(file)));
    }

    [Theory]
    [InlineData("""{"routing":{"profils":{}}}""")]
    [InlineData("""{"server":{"maxRequestBodyMiB":0}}""")]
    [InlineData("""{"server":{"maxRequestBodyMiB":"32"}}""")]
    [InlineData("""{"server":{"urls":"http://127.0.0.1:8080"}}""")]
    [InlineData("""{"server":{"urls":["127.0.0.1:8080"]}}""")]
    [InlineData("""{"server":{"clientKeys":[{"name":"a"}]}}""")]
    [InlineData("""{"triage":{"cutoff":1.5}}""")]
    [InlineData("""{"routing":{"profiles":{"x":{"mode":"Sometimes"}}}}""")]
    [InlineData("""{"cloud":{"providers":[{"name":"a","baseUrl":"https://h/v1","models":[]}]}}""")]
    [InlineData("""{"cloud":{"providers":[{"name":"a","baseUrl":"https://h/v1","models":[{"name":"auto"}]}]}}""")]
    [InlineData("""{"cloud":{"providers":[{"name":"a","baseUrl":"h/v1","models":[{"name":"m"}]}]}}""")]
    [InlineData("""{"cloud":{"providers":[{"name":"a","baseUrl":"https://h/v1","models":[{"name":"m"}],"apiKeys":[""]}]}}""")]
    [InlineData("""{"local":{"engines":[{"name":"a","kind":"Docker"}]}}""")]
    [InlineData("""{"local":{"engines":[{"name":"a","baseUrl":"http://h/v1","models":[{"name":"m","slots":0}]}]}}""")]
    [InlineData("""{"local":{"engines":[{"name":"a","baseUrl":"http://h/v1","models":[{"name":"m","abilities":["Telepathy"]}]}]}}""")]
    public async Task WrongExample_SchemaAndProgram_BothRefuseIt(string json)
    {
        var schema = await JsonSchema.FromFileAsync(SchemaPath, TestContext.Current.CancellationToken);
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, json, TestContext.Current.CancellationToken);

            Assert.NotEmpty(schema.Validate(json));
            // A number in quotes is the one thing that the program forgives: environment variables are text.
            Assert.Equal(json.Contains("\"32\"", StringComparison.Ordinal), RouterOptionsReader.Read(ConfigurationSource.Load(path)).Problems.Count == 0);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Properties_SchemaAndOptions_AreTheSame(Type type)
    {
        var written = Definition(type)["properties"]!.AsObject().Select(p => p.Key).Where(k => k != "$schema");

        Assert.Equal(Properties(type).Select(Name).Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
        Assert.False(Definition(type)["additionalProperties"]!.GetValue<bool>());
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Properties_Schema_DescribesTypeAndDefaultOfEach(Type type)
    {
        var fresh = Activator.CreateInstance(type);
        foreach (var property in Properties(type))
        {
            var schema = Definition(type)["properties"]![Name(property)]!.AsObject();
            Assert.True(schema.ContainsKey("description") || property.Name == "Models", $"{type.Name}.{property.Name} has no description");
            AssertType(property, schema);
            if (schema.TryGetPropertyValue("default", out var written))
                Assert.Equal(JsonSerializer.Serialize(Default(property, fresh)), written?.ToJsonString() ?? "null");
            else
                Assert.True(IsSection(property.PropertyType) || Required(type).Contains(Name(property)), $"{type.Name}.{property.Name} has neither a default nor is it required");
        }
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Ranges_SchemaAndProgram_EndAtTheSameValues(Type type)
    {
        foreach (var (name, node) in Definition(type)["properties"]!.AsObject())
        {
            if (node!["minimum"] is not { } minimum)
            {
                Assert.False(node["type"]?.ToJsonString() is { } kind && (kind.Contains("integer", StringComparison.Ordinal) || kind.Contains("number", StringComparison.Ordinal)), $"{name} has no range");
                continue;
            }
            var key = $"{Settings.PathOf(type)}:{name}";
            var (min, max) = (minimum.GetValue<decimal>(), node["maximum"]!.GetValue<decimal>());
            var step = node["type"]!.ToJsonString().Contains("integer", StringComparison.Ordinal) ? 1m : 0.01m;
            Assert.Equal((false, true, true, false), (Accepts(key, min - step), Accepts(key, min), Accepts(key, max), Accepts(key, max + step)));
        }
    }

    private static bool Accepts(string key, decimal value) =>
        !Settings.Read((key, value.ToString(CultureInfo.InvariantCulture))).Problems.Any(p => p.Key == key);

    private static void AssertType(PropertyInfo property, JsonObject schema)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type.IsEnum)
        {
            Assert.Equal(Enum.GetNames(type), schema["enum"]!.AsArray().Select(v => v!.GetValue<string>()));
            return;
        }
        var item = type.IsGenericType ? type.GetGenericArguments()[^1] : null;
        if (item is { IsEnum: true })
            Assert.Equal(Enum.GetNames(item), schema["items"]!["enum"]!.AsArray().Select(v => v!.GetValue<string>()));
        var nullable = new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
        var text = schema.ToJsonString();
        Assert.True(nullable == text.Contains("\"null\"", StringComparison.Ordinal), $"{property.DeclaringType!.Name}.{property.Name}: null or not null");
        var expected = IsSection(type) ? $"#/definitions/{type.Name}"
            : item is not null && IsSection(item) ? $"#/definitions/{item.Name}"
            : item is not null ? (type.Name.StartsWith("List", StringComparison.Ordinal) ? "array" : "object")
            : type == typeof(int) || type == typeof(long) ? "integer"
            : type == typeof(bool) ? "boolean"
            : type == typeof(string) ? (schema.ContainsKey("type") ? "string" : "#/definitions/")
            : "number";
        Assert.Contains(expected, text, StringComparison.Ordinal);
    }

    private static object? Default(PropertyInfo property, object? fresh)
    {
        var value = property.GetValue(fresh);
        return value is Enum ? value.ToString() : value;
    }

    private static bool IsSection(Type type) => type.Namespace == typeof(RouterOptions).Namespace && type.IsClass;

    private static IEnumerable<string> Required(Type type) => Definition(type)["required"]?.AsArray().Select(v => v!.GetValue<string>()) ?? [];

    private static JsonObject Definition(Type type) => type == typeof(RouterOptions) ? Root : Root["definitions"]![type.Name]!.AsObject();

    private static IEnumerable<PropertyInfo> Properties(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private static string Name(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);
}
