using System.Text;
using System.Text.Json;

namespace HybridRouter.Simulator.Answers;

/// <summary>
/// Makes JSON that fits a simple schema: types, enum, const, default, required, properties, items, anyOf, local $ref,
/// lower bounds. Members that run commands get an <c>echo</c>, other texts the first quoted words of the prompt.
/// </summary>
internal static class SchemaSample
{
    private const int MaxDepth = 24;
    private const int OptionalDepth = 6;
    private const string Command = "echo simulated";

    public static string Text(JsonElement schema, string prompt)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Serving.JsonAnswer.WriterOptions))
            new Sampler(json, schema, Quoted(prompt), Number(prompt)).Write(schema, "", 0);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    public static string Object(string subject) =>
        Encoding.UTF8.GetString(Serving.JsonAnswer.Render(subject, static (json, text) =>
        {
            json.WriteStartObject();
            json.WriteString("answer", $"A short answer about {text}.");
            json.WriteBoolean("complete", true);
            json.WriteEndObject();
        }).Span);

    private static string? Quoted(string prompt)
    {
        foreach (var quote in "`\"'")
        {
            var parts = prompt.Split(quote, 3);
            if (parts.Length == 3 && parts[1].Length is > 0 and <= 200)
                return parts[1];
        }
        return null;
    }

    private static int Number(string prompt)
    {
        var digits = string.Concat(prompt.SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit).Take(6));
        return digits.Length == 0 ? 1 : int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class Sampler(Utf8JsonWriter json, JsonElement root, string? quoted, int number)
    {
        public void Write(JsonElement schema, string name, int depth)
        {
            schema = Resolve(schema, depth);
            if (depth > MaxDepth || schema.ValueKind != JsonValueKind.Object)
                json.WriteNullValue();
            else if (schema.TryGetProperty("const", out var value) || schema.TryGetProperty("default", out value) || First(schema, "enum", out value))
                value.WriteTo(json);
            else
                WriteType(schema, TypeOf(schema), name, depth);
        }

        private void WriteType(JsonElement schema, string type, string name, int depth)
        {
            switch (type)
            {
                case "object": WriteObject(schema, depth); break;
                case "array": WriteArray(schema, name, depth); break;
                case "integer": json.WriteNumberValue((long)Math.Ceiling(Bounded(schema))); break;
                case "number": json.WriteNumberValue(Bounded(schema)); break;
                case "boolean": json.WriteBooleanValue(true); break;
                case "null": json.WriteNullValue(); break;
                default: json.WriteStringValue(String(schema, name)); break;
            }
        }

        private void WriteObject(JsonElement schema, int depth)
        {
            json.WriteStartObject();
            if (schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
            {
                var required = schema.TryGetProperty("required", out var r) && r.ValueKind == JsonValueKind.Array
                    ? r.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!).ToHashSet()
                    : [];
                foreach (var property in properties.EnumerateObject().Where(p => required.Contains(p.Name)))
                {
                    json.WritePropertyName(property.Name);
                    Write(property.Value, property.Name, depth + 1);
                }
            }
            json.WriteEndObject();
        }

        private void WriteArray(JsonElement schema, string name, int depth)
        {
            json.WriteStartArray();
            if (IsCommand(name))
            {
                foreach (var word in Command.Split(' '))
                    json.WriteStringValue(word);
            }
            else if (schema.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Object)
            {
                var count = Math.Clamp((int)Lower(schema, "minItems", depth < OptionalDepth ? 1 : 0), 0, 100);
                for (var i = 0; i < count; i++)
                    Write(items, name, depth + 1);
            }
            json.WriteEndArray();
        }

        private string String(JsonElement schema, string name)
        {
            var format = schema.TryGetProperty("format", out var f) && f.ValueKind == JsonValueKind.String ? f.GetString() : null;
            var text = format switch
            {
                "date" => "2026-01-15",
                "date-time" => "2026-01-15T12:00:00Z",
                "time" => "12:00:00Z",
                "email" => "someone@example.com",
                "uri" => "https://example.com/",
                "uuid" => "00000000-0000-4000-8000-000000000001",
                _ => IsCommand(name) ? Command : quoted ?? "example",
            };
            return text.PadRight(Math.Clamp((int)Lower(schema, "minLength", 0), 0, 10_000), 'x');
        }

        private double Bounded(JsonElement schema)
        {
            var lower = Math.Max(Lower(schema, "minimum", double.MinValue), Lower(schema, "exclusiveMinimum", double.MinValue) + 1);
            var upper = Math.Min(Lower(schema, "maximum", double.MaxValue), Lower(schema, "exclusiveMaximum", double.MaxValue) - 1);
            return Math.Min(Math.Max(number, lower), upper);
        }

        private static double Lower(JsonElement schema, string name, double otherwise) =>
            schema.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : otherwise;

        private static bool IsCommand(string name) => name is "cmd" or "command" or "script" or "commands";

        private static string TypeOf(JsonElement schema)
        {
            if (schema.TryGetProperty("type", out var type))
            {
                if (type.ValueKind == JsonValueKind.String)
                    return type.GetString()!;
                if (type.ValueKind == JsonValueKind.Array && type.EnumerateArray().FirstOrDefault(t => t.ValueKind == JsonValueKind.String && t.GetString() != "null") is { ValueKind: JsonValueKind.String } first)
                    return first.GetString()!;
            }
            return schema.TryGetProperty("properties", out _) ? "object" : schema.TryGetProperty("items", out _) ? "array" : "string";
        }

        /// <summary>Follows local references and takes the first alternative; deep down one that is null, where there is one.</summary>
        private JsonElement Resolve(JsonElement schema, int depth)
        {
            for (var hops = 0; hops < MaxDepth && schema.ValueKind == JsonValueKind.Object; hops++)
            {
                if (schema.TryGetProperty("$ref", out var reference) && reference.ValueKind == JsonValueKind.String)
                    schema = Target(reference.GetString()!);
                else if (Alternative(schema, depth) is { } alternative)
                    schema = alternative;
                else
                    break;
            }
            return schema;
        }

        private static JsonElement? Alternative(JsonElement schema, int depth)
        {
            foreach (var name in (string[])["anyOf", "oneOf", "allOf"])
            {
                if (!schema.TryGetProperty(name, out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
                    continue;
                var wantNull = depth >= OptionalDepth;
                foreach (var option in list.EnumerateArray())
                {
                    if (option.ValueKind == JsonValueKind.Object && (TypeOf(option) == "null") == wantNull)
                        return option;
                }
                return list[0];
            }
            return null;
        }

        private JsonElement Target(string pointer)
        {
            var at = root;
            foreach (var part in pointer.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(part.Replace("~1", "/").Replace("~0", "~"), out at))
                    return default;
            }
            return at;
        }

        private static bool First(JsonElement schema, string name, out JsonElement value)
        {
            value = default;
            if (!schema.TryGetProperty(name, out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
                return false;
            value = list[0];
            return true;
        }
    }
}
