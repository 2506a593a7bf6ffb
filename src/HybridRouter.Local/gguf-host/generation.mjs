// What chat and legacy completions share: parameters, one run of the model, usage.
import { invalid } from "./http.mjs";
import { Detokenizer, StopGate } from "./text.mjs";

const defaults = { temperature: 0.7, topP: 0.95, topK: 40, minP: 0.05 };
const penaltyTokens = 256;

export function readSampling(body) {
  const number = (name, min, max) => {
    const value = body[name];
    if (value == null) return undefined;
    if (typeof value !== "number" || !(value >= min && value <= max)) throw invalid(`'${name}' must be a number from ${min} to ${max}.`, name);
    return value;
  };
  if (body.n != null && body.n !== 1) throw invalid("Only one choice per request is supported.", "n", "unsupported_parameter");
  if (body.logprobs) throw invalid("Log probabilities are not supported.", "logprobs", "unsupported_parameter");
  const frequency = number("frequency_penalty", -2, 2);
  const presence = number("presence_penalty", -2, 2);
  return {
    temperature: number("temperature", 0, 2) ?? defaults.temperature,
    topP: number("top_p", 0, 1) ?? defaults.topP,
    topK: number("top_k", 0, 1_000_000) ?? defaults.topK,
    minP: number("min_p", 0, 1) ?? defaults.minP,
    seed: number("seed", -9e15, 9e15) === undefined ? Math.floor(Math.random() * 2 ** 31) : Math.abs(body.seed) % 2 ** 31,
    ...(frequency || presence ? { penalty: { frequency: frequency ?? 0, presence: presence ?? 0 } } : {}),
  };
}

export function readMaxTokens(body, fallback) {
  const value = body.max_completion_tokens ?? body.max_tokens ?? fallback;
  if (value === Infinity || (Number.isInteger(value) && value >= 0)) return value;
  throw invalid("'max_tokens' must be a whole number, 0 or more.", "max_tokens");
}

export function readStops(body) {
  const stops = body.stop == null ? [] : Array.isArray(body.stop) ? body.stop : [body.stop];
  if (!stops.every((stop) => typeof stop === "string")) throw invalid("'stop' must be text or an array of texts.", "stop");
  return stops.filter(Boolean);
}

export const wantsUsage = (body) => body.stream_options?.include_usage === true;

/**
 * Runs the model in a slot that is held already and calls `onText` with text as it comes. Returns the outcome; its
 * `reason` is stop, length or cancelled.
 */
export async function runModel(engine, slot, tokens, { sampling, maxTokens, stops, grammar, special, signal, onText, finished }) {
  const outcome = { promptTokens: tokens.length, cachedTokens: 0, completionTokens: 0, ended: false, reason: "length" };
  const text = new Detokenizer(engine.model, tokens, special);
  const gate = new StopGate(stops);
  const { penalty, ...chosen } = sampling;
  const made = [];
  if (penalty)
    chosen.repeatPenalty = { penalty: 1, frequencyPenalty: penalty.frequency, presencePenalty: penalty.presence, punishTokens: () => made.slice(-penaltyTokens), maxPunishTokens: penaltyTokens };
  try {
    for await (const token of engine.generate(slot, tokens, { sampling: chosen, maxTokens, grammar, signal, outcome })) {
      if (signal.aborted) break;
      if (penalty) made.push(token);
      const piece = gate.push(text.push(token));
      if (piece) await onText(piece);
      if (gate.stopped || finished?.()) {
        outcome.ended = true;
        break;
      }
    }
    if (!signal.aborted && !gate.stopped) {
      const rest = gate.push(text.end()) + gate.end();
      if (rest) await onText(rest);
    }
  } catch (error) {
    await engine.reset(slot);
    throw error;
  }
  outcome.reason = signal.aborted ? "cancelled" : outcome.ended ? "stop" : "length";
  return outcome;
}

export const usageOf = ({ promptTokens, cachedTokens, completionTokens }) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  prompt_tokens_details: { cached_tokens: cachedTokens },
});
