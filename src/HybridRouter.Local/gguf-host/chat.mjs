// POST /v1/chat/completions
import { randomUUID } from "node:crypto";
import { readMaxTokens, readSampling, readStops, runModel, usageOf, wantsUsage } from "./generation.mjs";
import { EventStream, invalid, sendJson } from "./http.mjs";
import { GrammarBuilder, quote } from "./schema.mjs";
import { callGrammar, callRule, readTools, toolCallOpen, ToolStream } from "./tools.mjs";

export async function chat({ engine, alias, body, response, signal, report }) {
  const tools = readTools(body);
  const parameters = { sampling: readSampling(body), maxTokens: readMaxTokens(body, Infinity), stops: [...readStops(body), ...engine.prompts.stops] };
  const grammar = await chooseGrammar(engine, body, tools);
  const tokens = engine.prompts.chat(body, tools.tools);
  engine.checkFits(tokens);

  const slot = await engine.acquire(tokens, signal);
  if (!slot) return report({ finish: "cancelled" });
  try {
    const head = { id: `chatcmpl-${randomUUID().replaceAll("-", "")}`, created: Math.floor(Date.now() / 1000), model: alias };
    const answer = body.stream ? new StreamedAnswer(head, response, wantsUsage(body)) : new WholeAnswer(head, response);
    const parser = tools.tools.length > 0 ? new ToolStream(tools.names) : undefined;
    const give = async (parts) => {
      for (const part of parts) await (part.call ? answer.call(part.call) : answer.text(part.text));
    };
    await answer.begin();
    const outcome = await runModel(engine, slot, tokens, {
      ...parameters,
      // Tags of calls may be control tokens.
      special: parser !== undefined,
      signal,
      grammar: grammar && (() => grammar(parser)),
      finished: parser && !tools.parallel ? () => parser.calls > 0 : undefined,
      onText: (text) => give(parser ? parser.push(text) : [{ text }]),
    });
    report({ ...outcome, finish: outcome.reason });
    if (signal.aborted) return;
    if (parser) await give(parser.end());
    const reason = parser?.calls > 0 && outcome.reason !== "length" ? "tool_calls" : outcome.reason;
    await answer.end(reason, usageOf(outcome));
  } finally {
    engine.release(slot);
  }
}

/**
 * Gives a function from the parser to the grammar state that binds the next token. A call that the model may make is
 * only bound once it has begun; a forced call or a JSON answer is bound from the first token.
 */
async function chooseGrammar(engine, body, { tools, forced }) {
  const format = body.response_format?.type ?? "text";
  if (!["text", "json_object", "json_schema"].includes(format)) throw invalid("'response_format' must be text, json_object or json_schema.", "response_format");
  const builder = new GrammarBuilder();
  const options = [];
  if (tools.length > 0 && (forced || format !== "text")) options.push(`${quote(toolCallOpen)} ${callRule(builder, tools)}`);
  if (!forced && format !== "text") options.push(format === "json_object" ? "object" : builder.schema(schemaOf(body.response_format)));
  if (options.length > 0) {
    const create = await engine.grammarState(builder.text(options.join(" | ")));
    const state = create?.();
    return state && (() => state);
  }
  if (tools.length === 0) return undefined;
  const create = await engine.grammarState(callGrammar(tools));
  let state;
  return create && ((parser) => (state = parser.inCall ? state ?? (parser.callJustBegan ? create() : undefined) : undefined));
}

function schemaOf(format) {
  const schema = format.json_schema?.schema;
  if (schema === null || typeof schema !== "object") throw invalid("'response_format.json_schema.schema' is missing.", "response_format");
  return schema;
}

class WholeAnswer {
  #head;
  #response;
  #content = "";
  #calls = [];

  constructor(head, response) {
    [this.#head, this.#response] = [head, response];
  }

  begin() {}

  text(text) {
    this.#content += text;
  }

  call(call) {
    this.#calls.push(call);
  }

  end(finish_reason, usage) {
    const content = this.#content || (this.#calls.length > 0 ? null : "");
    const message = { role: "assistant", content, refusal: null, ...(this.#calls.length > 0 ? { tool_calls: this.#calls } : {}) };
    sendJson(this.#response, 200, { object: "chat.completion", ...this.#head, choices: [{ index: 0, message, logprobs: null, finish_reason }], usage });
  }
}

class StreamedAnswer {
  #head;
  #stream;
  #usage;
  #calls = 0;

  constructor(head, response, usage) {
    [this.#head, this.#stream, this.#usage] = [head, new EventStream(response), usage];
  }

  begin() {
    return this.#send({ role: "assistant", content: "" });
  }

  text(content) {
    return this.#send({ content });
  }

  async call({ id, type, function: { name, arguments: text } }) {
    const index = this.#calls++;
    await this.#send({ tool_calls: [{ index, id, type, function: { name, arguments: "" } }] });
    for (let at = 0; at < text.length; at += 64)
      await this.#send({ tool_calls: [{ index, function: { arguments: text.slice(at, at + 64) } }] });
  }

  async end(finish_reason, usage) {
    await this.#send({}, finish_reason);
    if (this.#usage) await this.#stream.send({ object: "chat.completion.chunk", ...this.#head, choices: [], usage });
    await this.#stream.done();
  }

  #send(delta, finish_reason = null) {
    return this.#stream.send({
      object: "chat.completion.chunk",
      ...this.#head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...(this.#usage ? { usage: null } : {}),
    });
  }
}
