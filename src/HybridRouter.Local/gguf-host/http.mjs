// Bodies, answers, event streams and errors in OpenAI's shapes.
const maxBodyBytes = 64 * 1024 * 1024;

/** An answer that the client caused or can understand; anything else thrown is a bug and becomes a 500. */
export class ApiError extends Error {
  constructor(status, message, { code = null, param = null, type = status >= 500 ? "server_error" : "invalid_request_error" } = {}) {
    super(message);
    Object.assign(this, { status, code, param, type });
  }

  get body() {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

export const invalid = (message, param = null, code = null) => new ApiError(400, message, { param, code });

export async function readJson(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > maxBodyBytes) throw new ApiError(413, `The body is larger than ${maxBodyBytes} bytes.`);
    parts.push(part);
  }
  let body;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts)));
  } catch {
    throw invalid("The body is not valid JSON.");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw invalid("The body must be a JSON object.");
  return body;
}

export function sendJson(response, status, value) {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "content-length": body.length });
  response.end(body);
}

export function sendError(response, error) {
  if (response.destroyed) return;
  const known = error instanceof ApiError ? error : new ApiError(500, "The engine failed to answer.");
  if (!response.headersSent) sendJson(response, known.status, known.body);
  else response.end(`data: ${JSON.stringify(known.body)}\n\n`);
}

/** Server-sent events. Writes wait for a slow reader; comments keep the connection alive until the first token. */
export class EventStream {
  #response;
  #ping;

  constructor(response) {
    this.#response = response;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.flushHeaders();
    this.#ping = setInterval(() => response.write(": ping\n\n"), 15_000);
    response.once("close", () => clearInterval(this.#ping));
  }

  async send(value) {
    clearInterval(this.#ping);
    if (this.#response.destroyed) return;
    if (!this.#response.write(`data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`)) {
      await new Promise((resume) => {
        const done = () => {
          this.#response.off("drain", done).off("close", done);
          resume();
        };
        this.#response.once("drain", done).once("close", done);
      });
    }
  }

  async done() {
    await this.send("[DONE]");
    this.#response.end();
  }
}
