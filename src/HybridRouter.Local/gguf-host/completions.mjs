// POST /v1/completions: plain continuation, and fill-in-the-middle when there is a suffix.
import { randomUUID } from "node:crypto";
import { readMaxTokens, readSampling, readStops, runModel, usageOf, wantsUsage } from "./generation.mjs";
import { EventStream, invalid, sendJson } from "./http.mjs";

const defaultMaxTokens = 16;

export async function completions({ engine, alias, body, response, signal, report }) {
  const parameters = { sampling: readSampling(body), maxTokens: readMaxTokens(body, defaultMaxTokens), stops: readStops(body) };
  if (body.best_of != null && body.best_of !== 1) throw invalid("'best_of' is not supported.", "best_of", "unsupported_parameter");
  if (body.echo) throw invalid("'echo' is not supported.", "echo", "unsupported_parameter");
  const tokens = readPrompt(engine, body);
  engine.checkFits(tokens);

  const slot = await engine.acquire(tokens, signal);
  if (!slot) return report({ finish: "cancelled" });
  try {
    const head = { id: `cmpl-${randomUUID().replaceAll("-", "")}`, object: "text_completion", created: Math.floor(Date.now() / 1000), model: alias };
    const choice = (text, finish_reason) => ({ ...head, choices: [{ text, index: 0, logprobs: null, finish_reason }] });
    const stream = body.stream ? new EventStream(response) : undefined;
    let whole = "";
    const outcome = await runModel(engine, slot, tokens, {
      ...parameters,
      special: false,
      signal,
      onText: async (text) => {
        if (stream) await stream.send(choice(text, null));
        else whole += text;
      },
    });
    report({ ...outcome, finish: outcome.reason });
    if (signal.aborted) return;
    if (!stream) return sendJson(response, 200, { ...choice(whole, outcome.reason), usage: usageOf(outcome) });
    await stream.send(choice("", outcome.reason));
    if (wantsUsage(body)) await stream.send({ ...head, choices: [], usage: usageOf(outcome) });
    await stream.done();
  } finally {
    engine.release(slot);
  }
}

function readPrompt(engine, { prompt, suffix }) {
  const text = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt ?? "";
  if (typeof text !== "string") throw invalid("'prompt' must be one text.", "prompt");
  if (suffix != null && typeof suffix !== "string") throw invalid("'suffix' must be text.", "suffix");
  return suffix ? engine.prompts.infill(text, suffix) : engine.prompts.text(text);
}
