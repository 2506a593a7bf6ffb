// From a request to tokens: the model's own chat template, or its fill-in-the-middle tokens.
import { Template } from "@huggingface/jinja";
import { invalid } from "./http.mjs";

const roles = new Set(["system", "developer", "user", "assistant", "tool", "function"]);

// Stands inside the spelling of a control token in a client's text, so that it stays text. The template never sees it
// as special, and the rendered prompt is cut there before it is tokenized.
const cut = "\uE0F7";

// For models that bring no template of their own.
const plainTemplate = `{%- for m in messages -%}{%- if m.role == 'user' -%}{{ '### Instruction:\\n' + m.content + '\\n\\n' }}
{%- elif m.role == 'assistant' -%}{{ '### Response:\\n' + (m.content or '') + '\\n\\n' }}
{%- else -%}{{ m.content + '\\n\\n' }}{%- endif -%}{%- endfor -%}{{ '### Response:\\n' }}`;

export class Prompts {
  #model;
  #template;
  #source;
  #control;

  constructor(model) {
    this.#model = model;
    const given = model.fileInfo.metadata?.tokenizer?.chat_template;
    this.#source = typeof given === "string" ? given : plainTemplate;
    this.#template = new Template(this.#source);
    this.#control = controlTexts(model);
    /** Without a template the model does not know when its turn ends. */
    this.stops = typeof given === "string" ? [] : ["### Instruction:"];
  }

  chat(body, tools) {
    const messages = readMessages(body.messages).map((message) => this.#plain(message));
    const withTools = this.#offer(messages, tools);
    let text;
    try {
      text = this.#render(withTools, tools);
    } catch {
      // Many templates allow one system message, at the start, and strict turns.
      try {
        text = this.#render(strictTurns(withTools), tools);
      } catch (error) {
        throw invalid(`The model's chat template refuses these messages: ${String(error?.message).slice(0, 200)}`, "messages");
      }
    }
    return this.#tokenize(text, true);
  }

  text(text) {
    return this.#tokenize(text, false);
  }

  infill(prefix, suffix) {
    const marks = this.#model.tokens.infill;
    if (marks.prefix == null || marks.suffix == null || marks.middle == null)
      throw invalid("This model has no fill-in-the-middle tokens; leave out 'suffix'.", "suffix", "unsupported_parameter");
    const part = (text) => (text ? this.#model.tokenize(text, false) : []);
    return this.#begin([marks.prefix, ...part(prefix), marks.suffix, ...part(suffix), marks.middle]);
  }

  #render(messages, tools) {
    const { bosString, eosString } = this.#model.tokens;
    return this.#template.render({
      messages,
      tools: tools.length > 0 && this.#knowsTools ? tools : null,
      add_generation_prompt: true,
      bos_token: bosString ?? "",
      eos_token: eosString ?? "",
    });
  }

  get #knowsTools() {
    return /\btools\b/.test(this.#source);
  }

  // A template without tools gets them described in the system message, in the form that ToolStream reads.
  #offer(messages, tools) {
    if (tools.length === 0 || this.#knowsTools) return messages;
    const text = "# Tools\n\nYou may call these functions:\n<tools>\n" + tools.map((tool) => JSON.stringify(tool)).join("\n")
      + "\n</tools>\n\nFor each call, write a JSON object with the function's name and arguments within tags:\n"
      + '<tool_call>\n{"name": "NAME", "arguments": {...}}\n</tool_call>';
    const adapted = messages.map((message) => {
      if (message.role === "tool") return { role: "user", content: `<tool_response>\n${message.content}\n</tool_response>` };
      const calls = (message.tool_calls ?? []).map((call) =>
        `<tool_call>\n${JSON.stringify({ name: call.function.name, arguments: call.function.arguments })}\n</tool_call>`);
      return { ...message, content: [message.content, ...calls].filter(Boolean).join("\n"), tool_calls: undefined };
    });
    return adapted[0]?.role === "system"
      ? [{ ...adapted[0], content: `${adapted[0].content}\n\n${text}` }, ...adapted.slice(1)]
      : [{ role: "system", content: text }, ...adapted];
  }

  #plain(message) {
    let role = message.role === "function" ? "tool" : message.role;
    if (role === "developer" && !this.#source.includes("developer")) role = "system";
    const plain = { ...message, role, content: this.#guard(message.content) };
    if (message.tool_calls) {
      plain.tool_calls = message.tool_calls.map((call) => ({
        ...call,
        function: { ...call.function, arguments: this.#guardAll(parseArguments(call.function.arguments)) },
      }));
    }
    return plain;
  }

  #guard(text) {
    return this.#control ? text.replaceAll(cut, "").replace(this.#control, (mark) => mark[0] + cut + mark.slice(1)) : text;
  }

  #guardAll(value) {
    if (typeof value === "string") return this.#guard(value);
    if (Array.isArray(value)) return value.map((item) => this.#guardAll(item));
    if (value !== null && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#guardAll(member)]));
    return value;
  }

  #tokenize(text, special) {
    return this.#begin(text.split(cut).flatMap((part) => (part ? this.#model.tokenize(part, special) : [])));
  }

  #begin(tokens) {
    const { bos, shouldPrependBosToken, eos } = this.#model.tokens;
    if (shouldPrependBosToken && bos != null && tokens[0] !== bos) return [bos, ...tokens];
    return tokens.length > 0 ? tokens : [bos ?? eos];
  }
}

function readMessages(messages) {
  if (!Array.isArray(messages) || messages.length === 0) throw invalid("'messages' must be a non-empty array.", "messages");
  return messages.map((message, index) => {
    const at = `messages[${index}]`;
    if (!roles.has(message?.role)) throw invalid("A message needs a role: system, developer, user, assistant or tool.", `${at}.role`);
    const calls = message.tool_calls ?? undefined;
    if (calls !== undefined && !(Array.isArray(calls) && calls.every((call) => typeof call?.function?.name === "string")))
      throw invalid("'tool_calls' must be an array of function calls.", `${at}.tool_calls`);
    return { ...message, tool_calls: calls, content: readContent(message.content, at) };
  });
}

function readContent(content, at) {
  if (content == null) return "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw invalid("Message content must be text or an array of parts.", `${at}.content`);
  return content.map((part, index) => {
    if (part?.type === "text" && typeof part.text === "string") return part.text;
    if (part?.type === "refusal" && typeof part.refusal === "string") return part.refusal;
    throw invalid(`Content parts of type '${String(part?.type).slice(0, 40)}' are not supported by this model.`, `${at}.content[${index}]`, "unsupported_content");
  }).join("");
}

function parseArguments(text) {
  if (typeof text !== "string") return text ?? {};
  try {
    return JSON.parse(text || "{}");
  } catch {
    return text;
  }
}

function strictTurns(messages) {
  const system = messages.filter((m) => m.role === "system" || m.role === "developer").map((m) => m.content).join("\n\n");
  const turns = system ? [{ role: "system", content: system }] : [];
  for (const message of messages.filter((m) => m.role !== "system" && m.role !== "developer")) {
    const last = turns.at(-1);
    if (last?.role === message.role && !last.tool_calls && !message.tool_calls && message.role !== "tool")
      turns[turns.length - 1] = { ...last, content: `${last.content}\n\n${message.content}` };
    else turns.push(message);
  }
  return turns;
}

function controlTexts(model) {
  const texts = [];
  for (const token of model.iterateAllTokens()) {
    if (!model.getTokenAttributes(token).control) continue;
    const text = model.detokenize([token], true);
    if (text.length > 1) texts.push(text);
  }
  if (texts.length === 0) return undefined;
  texts.sort((a, b) => b.length - a.length);
  return new RegExp(texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
}
