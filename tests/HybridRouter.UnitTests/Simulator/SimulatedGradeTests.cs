using System.Text.Json;
using HybridRouter.Labelling;
using HybridRouter.Simulator.Answers;

namespace HybridRouter.UnitTests.Simulator;

public sealed class SimulatedGradeTests
{
    private static readonly Conversation Asked = new()
    {
        UserText = "Grade.\n{\"prompt\": \"" + new string('x', 480) + "\"}",
        Format = AnswerFormat.JsonSchema,
        Schema = JsonDocument.Parse(GradeReader.Schema).RootElement,
    };

    [Fact]
    public void Compose_Teacher_GradesByTheStatedRule()
    {
        var grade = GradeReader.Read(new AnswerComposer(null, teacher: true).Compose(Asked, 0, null, false).Text, out _);

        Assert.Equal(new Grade(0.5, 0.25, "task", "simulated by rule: 480 characters"), grade);
    }

    [Theory]
    [InlineData("{\"prompt\": \"\"}", 0.02)]
    [InlineData("plain", 0.025)]
    [InlineData("{\"prompt\": 7}", 0.033)]
    public void Text_OtherMessages_CountWhatThereIs(string message, double difficulty) =>
        Assert.Equal(difficulty, GradeReader.Read(SimulatedGrade.Text(message), out _)!.Difficulty, 1e-9);

    [Fact]
    public void Compose_NoTeacherOrAnotherSchema_IsTheUsualSample()
    {
        var other = Asked with { Schema = JsonDocument.Parse("""{"type":"object","properties":{"difficulty":{"type":"number"}},"required":["difficulty"]}""").RootElement };

        Assert.DoesNotContain("simulated by rule", new AnswerComposer(null).Compose(Asked, 0, null, false).Text, StringComparison.Ordinal);
        Assert.Equal("""{"difficulty":480}""", new AnswerComposer(null, teacher: true).Compose(other with { UserText = "480" }, 0, null, false).Text);
    }
}
