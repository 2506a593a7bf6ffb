// POST /v1/embeddings: unit vectors, as numbers or as base64 of little-endian float32.
import { ApiError, invalid, sendJson } from "./http.mjs";

const maxInputs = 2048;

export async function embeddings({ engine, alias, body, response, signal, report }) {
  if (!engine.embeddings) throw new ApiError(501, "Start the server with --embeddings for this.", { type: "invalid_request_error", code: "unsupported" });
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  if (inputs.length === 0 || inputs.length > maxInputs || !inputs.every((input) => typeof input === "string" && input.length > 0))
    throw invalid(`'input' must be a text or an array of 1 to ${maxInputs} texts, none empty.`, "input");
  const format = body.encoding_format ?? "float";
  if (format !== "float" && format !== "base64") throw invalid("'encoding_format' must be float or base64.", "encoding_format");
  if (body.dimensions != null && body.dimensions !== engine.model.embeddingVectorSize)
    throw invalid(`'dimensions' can only be ${engine.model.embeddingVectorSize} here.`, "dimensions", "unsupported_parameter");

  const all = inputs.map((input) => engine.prompts.text(input));
  const limit = engine.contextTokensOfEmbeddings;
  const long = all.findIndex((tokens) => tokens.length > limit);
  if (long >= 0) throw invalid(`Input ${long} has ${all[long].length} tokens; the limit is ${limit}.`, "input", "context_length_exceeded");

  const data = [];
  for (const [index, tokens] of all.entries()) {
    if (signal.aborted) return report({ finish: "cancelled" });
    const { vector } = await engine.embeddings.getEmbeddingFor(tokens);
    data.push({ object: "embedding", index, embedding: encode(vector, format) });
  }
  const promptTokens = all.reduce((sum, tokens) => sum + tokens.length, 0);
  report({ promptTokens, inputs: inputs.length, finish: "stop" });
  sendJson(response, 200, { object: "list", model: alias, data, usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } });
}

function encode(vector, format) {
  const length = Math.hypot(...vector) || 1;
  const unit = vector.map((value) => value / length);
  if (format === "float") return unit;
  const bytes = Buffer.alloc(unit.length * 4);
  unit.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString("base64");
}
