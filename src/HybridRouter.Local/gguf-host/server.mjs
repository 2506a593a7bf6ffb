// Serves one GGUF model over the OpenAI wire. Started by HybridRouter, one process per model; see args.mjs.
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { readArgs } from "./args.mjs";
import { chat } from "./chat.mjs";
import { completions } from "./completions.mjs";
import { embeddings } from "./embeddings.mjs";
import { Engine } from "./engine.mjs";
import { ApiError, readJson, sendError, sendJson } from "./http.mjs";
import { log } from "./log.mjs";

const posts = { "/v1/chat/completions": chat, "/v1/completions": completions, "/v1/embeddings": embeddings };
const parentCheckMs = 2000;
const exitMs = 2000;

let options;
try {
  options = readArgs(process.argv.slice(2));
} catch (error) {
  log("bad_arguments", { message: error.message });
  process.exit(2);
}
const started = Math.floor(Date.now() / 1000);
let engine;

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    if (!(error instanceof ApiError)) log("failed", { path: request.url?.slice(0, 80), error: String(error?.message).slice(0, 300) });
    sendError(response, error);
  });
});
server.keepAliveTimeout = 120_000;
server.requestTimeout = 0;
server.on("error", (error) => {
  log("listen_failed", { code: error.code, message: error.message });
  process.exit(1);
});
server.listen(options.port, options.host, () => log("listening", { port: server.address().port }));
dieWithParent();

try {
  engine = await Engine.load(options);
  log("ready", { model: options.alias });
} catch (error) {
  log("load_failed", { message: String(error?.message).slice(0, 500) });
  process.exit(1);
}

async function handle(request, response) {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path === "/health" || path === "/v1/health") {
    return engine ? sendJson(response, 200, { status: "ok" }) : sendError(response, loading());
  }
  if (!isAllowed(request)) throw new ApiError(401, "The API key is missing or wrong.", { type: "invalid_request_error", code: "invalid_api_key" });
  if (path === "/v1/models" && request.method === "GET") {
    return sendJson(response, 200, { object: "list", data: [{ id: options.alias, object: "model", created: started, owned_by: "gguf-host" }] });
  }
  if (!engine) throw loading();
  if (path === "/slots" && request.method === "GET") return sendJson(response, 200, engine.slots);
  const endpoint = posts[path];
  if (!endpoint) throw new ApiError(404, "There is no such endpoint here.", { code: "not_found" });
  if (request.method !== "POST") throw new ApiError(405, "Use POST here.", { code: "method_not_allowed" });
  await answer(endpoint, path, request, response);
}

async function answer(endpoint, path, request, response) {
  const begin = performance.now();
  const cancel = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) cancel.abort();
  });
  let facts = {};
  try {
    const body = await readJson(request);
    await endpoint({ engine, alias: options.alias, body, response, signal: cancel.signal, report: (more) => (facts = more) });
  } catch (error) {
    if (cancel.signal.aborted) return;
    facts = { error: error instanceof ApiError ? error.code ?? error.type : "internal" };
    throw error;
  } finally {
    const { ended, reason, ...shown } = facts;
    log("request", { path, status: response.statusCode, ms: Math.round(performance.now() - begin), ...shown });
  }
}

function loading() {
  return new ApiError(503, "Loading model", { type: "unavailable_error", code: "loading" });
}

function isAllowed(request) {
  if (!options.apiKey) return true;
  const digest = (text) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ""), digest(`Bearer ${options.apiKey}`));
}

// No orphan: the pipe to the parent closes when the parent ends, however it ends.
function dieWithParent() {
  const stop = (why) => {
    log("stopping", { why });
    setTimeout(() => process.exit(0), exitMs).unref();
    Promise.resolve(engine?.llama?.dispose()).catch(() => {}).finally(() => process.exit(0));
  };
  process.once("SIGTERM", () => stop("SIGTERM")).once("SIGINT", () => stop("SIGINT"));
  if (options.detached) return;
  process.stdin.once("end", () => stop("stdin closed")).once("error", () => stop("stdin failed")).resume();
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop("parent gone"), parentCheckMs).unref();
}
