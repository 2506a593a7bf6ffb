using HybridRouter.Translation.ToChat;

namespace HybridRouter.UnitTests.Translation;

public class ToolNamesTests
{
    [Fact]
    public void Flat_SameNameInSeveralPlaces_StaysReversible()
    {
        var names = new ToolNames();
        ToolName[] tools =
        [
            new(ToolKind.Function, null, "a__b"), new(ToolKind.Function, "a", "b"), new(ToolKind.Custom, null, "a__b"),
            new(ToolKind.Function, "a.b", "c"), new(ToolKind.Function, "a_b", "c"),
            new(ToolKind.Function, new string('n', 60), "first"), new(ToolKind.Function, new string('n', 60), "second"),
        ];

        var flat = tools.Select(names.Flat).ToList();

        Assert.Equal(tools, flat.Select(names.Original));
        Assert.Equal(flat, tools.Select(names.Flat));
        Assert.All(flat, name => Assert.Matches("^[A-Za-z0-9_-]{1,64}$", name));
    }

    [Fact]
    public void Flat_SameToolsAgain_GivesTheSameNames()
    {
        var tool = new ToolName(ToolKind.Function, new string('n', 80), "x");

        Assert.Equal(new ToolNames().Flat(tool), new ToolNames().Flat(tool));
    }

    [Fact]
    public void Original_PrefixLeftOut_FindsTheOnlyToolOfThatName()
    {
        var names = new ToolNames();
        names.Flat(new(ToolKind.Function, "agents", "spawn"));
        names.Flat(new(ToolKind.Function, "one", "close"));
        names.Flat(new(ToolKind.Function, "two", "close"));

        Assert.Equal("agents", names.Original("spawn").Namespace);
        Assert.Null(names.Original("close").Namespace);
        Assert.Equal(new ToolName(ToolKind.Function, null, "invented"), names.Original("invented"));
    }
}
