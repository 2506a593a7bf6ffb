// Tool calls: the form asked of the model, and calls found in what it writes.
import { randomBytes } from "node:crypto";
import { invalid } from "./http.mjs";
import { GrammarBuilder, quote } from "./schema.mjs";
import { partialMark } from "./text.mjs";

const open = "<tool_call>";
const close = "</tool_call>";

// A model may leave out the tags and write the bare call, with or without a fence (small Qwen2.5-Coder models do).
const bareCall = /^\s*(```(json)?\s*)?\{\s*"(name|arguments|parameters)"\s*:/;
const bareCallBegun = /^\s*(`{0,3}|```j?s?o?n?\s*|(```(json)?\s*)?\{\s*("[a-z]*"?\s*)?)$/;

/** What a request allows: `tools` to show, names to accept, whether a call is forced. */
export function readTools(body) {
  const given = body.tools ?? [];
  if (!Array.isArray(given)) throw invalid("'tools' must be an array.", "tools");
  let tools = given.map((tool, index) => {
    if (tool?.type !== "function" || typeof tool.function?.name !== "string")
      throw invalid("Only tools of type 'function' with a name are supported.", `tools[${index}]`);
    return tool;
  });
  let choice = body.tool_choice ?? "auto";
  if (choice?.type === "allowed_tools") {
    const allowed = choice.allowed_tools ?? choice;
    const names = new Set((allowed.tools ?? []).map((tool) => tool.function?.name ?? tool.name));
    tools = tools.filter((tool) => names.has(tool.function.name));
    choice = allowed.mode ?? "auto";
  }
  if (typeof choice === "object") {
    const name = choice?.function?.name ?? choice?.name;
    tools = tools.filter((tool) => tool.function.name === name);
    if (tools.length === 0) throw invalid("'tool_choice' names no tool of this request.", "tool_choice");
    choice = "required";
  }
  if (!["none", "auto", "required"].includes(choice)) throw invalid("'tool_choice' must be none, auto, required or a tool.", "tool_choice");
  if (choice === "required" && tools.length === 0) throw invalid("'tool_choice' is required, but there are no tools.", "tool_choice");
  if (choice === "none") tools = [];
  return { tools, names: new Set(tools.map((tool) => tool.function.name)), forced: choice === "required", parallel: body.parallel_tool_calls !== false };
}

/** Grammar expression of one call without its opening tag. */
export function callRule(builder, tools) {
  const calls = tools.map(({ function: { name, parameters } }) => {
    const wanted = parameters && Object.keys(parameters).length > 0 ? { type: "object", ...parameters } : { type: "object", additionalProperties: false };
    return `${quote(`${JSON.stringify(name).slice(0, -1)}", "arguments": `)} ${builder.schema(wanted)}`;
  });
  return `"\\n{\\"name\\": " (${calls.join(" | ")}) "}\\n${close}"`;
}

export const callGrammar = (tools) => {
  const builder = new GrammarBuilder();
  return builder.text(callRule(builder, tools));
};

export const toolCallOpen = open;

/** Tells text from calls in a stream. `push` and `end` give `{ text }` and `{ call }` in order. */
export class ToolStream {
  #names;
  #held = "";
  #inCall = false;
  #start = true;
  calls = 0;

  constructor(names) {
    this.#names = names;
  }

  /** True while the text after an opening tag is being written. */
  get inCall() {
    return this.#inCall;
  }

  /** True as long as nothing follows the opening tag: the only moment when a grammar can take over. */
  get callJustBegan() {
    return this.#inCall && this.#held === "";
  }

  push(text) {
    this.#held += text;
    const out = [];
    while (this.#step(out));
    return out;
  }

  end() {
    const text = this.#held;
    this.#held = "";
    // The closing tag may be missing when the model ends right after the JSON.
    const call = this.#inCall || bareCall.test(text) ? this.#parse(text) : undefined;
    if (call) return this.#emit(call);
    const all = this.#inCall ? open + text : text;
    this.#inCall = false;
    return all && !(this.calls > 0 && !all.trim()) ? [{ text: all }] : [];
  }

  #step(out) {
    if (this.#inCall) {
      const at = this.#held.indexOf(close);
      if (at < 0) return false;
      const inside = this.#held.slice(0, at);
      const call = this.#parse(inside);
      out.push(...(call ? this.#emit(call) : [{ text: open + inside + close }]));
      this.#held = this.#held.slice(at + close.length).trimStart();
      this.#inCall = false;
      return true;
    }
    const at = this.#held.indexOf(open);
    if (at >= 0) {
      const before = this.#held.slice(0, at);
      if (before.trim()) out.push({ text: before.trimEnd() });
      this.#held = this.#held.slice(at + open.length);
      this.#inCall = true;
      this.#start = false;
      return true;
    }
    if (this.#start && (bareCall.test(this.#held) || (this.#held.length < 60 && bareCallBegun.test(this.#held)))) return false;
    // White space before a tag belongs to the call, so it waits for what follows.
    const ready = this.#held.slice(0, this.#held.length - partialMark(this.#held, [open])).trimEnd();
    this.#held = this.#held.slice(ready.length);
    if (ready) {
      this.#start = false;
      out.push({ text: ready });
    }
    return false;
  }

  #emit(call) {
    this.calls++;
    return [{ call }];
  }

  #parse(text) {
    const json = text.replace(/^\s*```(json)?/, "").replace(/```\s*$/, "").trim();
    let value;
    try {
      value = JSON.parse(json);
    } catch {
      return undefined;
    }
    if (typeof value?.name !== "string" || !this.#names.has(value.name)) return undefined;
    const given = value.arguments ?? value.parameters ?? {};
    return {
      id: `call_${randomBytes(12).toString("hex")}`,
      type: "function",
      function: { name: value.name, arguments: typeof given === "string" ? given : JSON.stringify(given) },
    };
  }
}
