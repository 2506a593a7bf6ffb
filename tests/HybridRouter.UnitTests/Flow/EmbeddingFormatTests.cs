using System.Text;
using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Flow;

namespace HybridRouter.UnitTests.Flow;

public sealed class EmbeddingFormatTests
{
    private const string Floats = """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,-0.5,0.25]},{"index":1,"embedding":[]}],"model":"m","odd":7}""";
    private const string Base64 = """{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AACAPwAAAL8AAIA\u002B"},{"index":1,"embedding":""}],"model":"m","odd":7}""";

    [Theory]
    [InlineData("""{"encoding_format":"base64"}""", Floats, Base64)]
    [InlineData("""{"encoding_format":"float"}""", Base64, Floats)]
    [InlineData("""{}""", Base64, Floats)]
    public void Apply_OtherForm_IsConverted(string request, string answer, string expected) => Assert.Equal(expected, Apply(request, answer));

    [Theory]
    [InlineData("""{"encoding_format":"base64"}""", Base64)]
    [InlineData("""{"encoding_format":null}""", Floats)]
    [InlineData("""{}""", Floats)]
    [InlineData("""{}""", """{"data":[]}""")]
    [InlineData("""{}""", """{"data":null}""")]
    [InlineData("""{}""", """{"data":[7]}""")]
    [InlineData("""{}""", """{"embedding":"x"}""")]
    public void Apply_SameFormOrNone_IsLeftByteForByte(string request, string answer) => Assert.Equal(answer, Apply(request, answer));

    [Theory]
    [InlineData("""{"encoding_format":"base64"}""", """{"data":[{"embedding":[1]},{"embedding":"AACAPw=="}]}""")]
    [InlineData("""{"encoding_format":"base64"}""", """{"data":[{"embedding":["a"]}]}""")]
    [InlineData("""{"encoding_format":"base64"}""", """{"data":[{"embedding":[null]}]}""")]
    [InlineData("""{"encoding_format":"base64"}""", """{"data":[{"embedding":[1]},null]}""")]
    [InlineData("""{"encoding_format":"base64"}""", """{"data":[{"embedding":[1]},{}]}""")]
    [InlineData("""{}""", """{"data":[{"embedding":"no base64!"}]}""")]
    [InlineData("""{}""", """{"data":[{"embedding":"AADAfw=="}]}""")] // not a number
    public void Apply_UnknownForm_IsABadReply(string request, string answer) =>
        Assert.Equal(FailureKind.BadReply, Assert.Throws<BackendStreamException>(() => Apply(request, answer)).Failure.Kind);

    private static string Apply(string request, string answer)
    {
        using var document = JsonDocument.Parse(request);
        return Encoding.UTF8.GetString(EmbeddingFormat.Apply(Encoding.UTF8.GetBytes(answer), document.RootElement).Span);
    }
}
