// The parts of gguf-host that need no model: what models other than the tiny one write. Run by NodeTests, or by hand:
// node gguf-host.test.mjs FOLDER_OF_GGUF_HOST
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const load = (name) => import(pathToFileURL(`${process.argv[2]}/${name}`));
const { ToolStream, readTools } = await load("tools.mjs");
const { StopGate, partialMark } = await load("text.mjs");
const { GrammarBuilder } = await load("schema.mjs");

const names = new Set(["look", "write"]);

/** What the parser gives, text joined, for the input cut into pieces of every size. */
function parse(text, size) {
  const stream = new ToolStream(names);
  const parts = [];
  for (let at = 0; at < text.length; at += size) parts.push(...stream.push(text.slice(at, at + size)));
  parts.push(...stream.end());
  return {
    text: parts.map((part) => part.text ?? "").join(""),
    calls: parts.filter((part) => part.call).map((part) => [part.call.function.name, part.call.function.arguments]),
  };
}

const cases = {
  "plain text": ["Hello < world", "Hello < world", []],
  "one call": ['<tool_call>\n{"name": "look", "arguments": {"a": 1}}\n</tool_call>', "", [["look", '{"a":1}']]],
  "text, then two calls": [
    'Let me see.\n<tool_call>\n{"name": "look", "arguments": {}}\n</tool_call>\n<tool_call>\n{"name": "write", "arguments": {"t": "</x>"}}\n</tool_call>',
    "Let me see.", [["look", "{}"], ["write", '{"t":"</x>"}']]],
  "call without closing tag": ['<tool_call>{"name": "look", "arguments": {}}', "", [["look", "{}"]]],
  "bare call": ['{"name": "look", "arguments": {"p": "x"}}', "", [["look", '{"p":"x"}']]],
  "fenced call": ['```json\n{"name": "write", "arguments": {}}\n```', "", [["write", "{}"]]],
  "parameters for arguments": ['{"name": "look", "parameters": {"p": 2}}', "", [["look", '{"p":2}']]],
  "JSON that is no call": ['{"name": "Ada", "age": 36}', '{"name": "Ada", "age": 36}', []],
  "unknown tool": ['<tool_call>{"name": "rm", "arguments": {}}</tool_call>', '<tool_call>{"name": "rm", "arguments": {}}</tool_call>', []],
  "broken JSON": ["<tool_call>{nope</tool_call>", "<tool_call>{nope</tool_call>", []],
  "code block": ["```python\nprint(1)\n```", "```python\nprint(1)\n```", []],
};

for (const [name, [input, text, calls]] of Object.entries(cases)) {
  test(`ToolStream: ${name}`, () => {
    for (const size of [1, 2, 3, 7, 1000]) assert.deepEqual(parse(input, size), { text, calls }, `pieces of ${size}`);
  });
}

test("ToolStream: text that is no call is not held back", () => {
  const stream = new ToolStream(names);
  assert.deepEqual(stream.push("Hello"), [{ text: "Hello" }]);
  assert.deepEqual(new ToolStream(names).push("```csharp\nvar"), [{ text: "```csharp\nvar" }]);
});

test("StopGate: stops across pieces and gives nothing of the stop", () => {
  const gate = new StopGate(["END", "\n\n"]);
  assert.equal(["a E", "N", "x \n", "b", "\n", "\nc"].map((piece) => gate.push(piece)).join("") + gate.end(), "a ENx \nb");
  assert.equal(gate.stopped, true);
  assert.equal(partialMark("abcE", ["END"]), 1);
});

test("readTools: forms of tool_choice", () => {
  const tools = ["look", "write"].map((name) => ({ type: "function", function: { name } }));
  assert.equal(readTools({ tools }).tools.length, 2);
  assert.equal(readTools({ tools, tool_choice: "none" }).tools.length, 0);
  assert.deepEqual([...readTools({ tools, tool_choice: { type: "function", function: { name: "write" } } }).names], ["write"]);
  assert.throws(() => readTools({ tools, tool_choice: "perhaps" }));
  assert.throws(() => readTools({ tools: [{ type: "web_search" }] }));
});

test("GrammarBuilder: same reference in two documents stays two rules", () => {
  const builder = new GrammarBuilder();
  const document = (type) => ({ type: "object", properties: { x: { $ref: "#/$defs/d" } }, required: ["x"], $defs: { d: { type } } });
  const [a, b] = [builder.schema(document("integer")), builder.schema(document("boolean"))];
  const text = builder.text(`${a} | ${b}`);
  assert.match(text, /::= integer\n/);
  assert.match(text, /::= boolean\n/);
});
