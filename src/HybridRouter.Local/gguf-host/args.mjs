// Command line of the server. Unknown options are errors: a typing mistake must not go unnoticed.
import { parseArgs } from "node:util";

const usage = `node server.mjs --model FILE [--port N] [--host 127.0.0.1] [--alias NAME] [--ctx N] [--parallel N]
  [--gpu-layers N] [--gpu auto|cpu|cuda|vulkan|metal] [--threads N] [--embeddings] [--detached]

--port 0 picks a free port and reports it in the "listening" log line. --ctx is per slot. --gpu-layers -1 = all.
Without --detached the server ends when its standard input does. GGUF_HOST_API_KEY: bearer token to ask for.`;

export function readArgs(argv) {
  const { values } = parseArgs({
    args: joinNegative(argv),
    options: {
      model: { type: "string" },
      port: { type: "string", default: "8081" },
      host: { type: "string", default: "127.0.0.1" },
      alias: { type: "string" },
      ctx: { type: "string", default: "8192" },
      parallel: { type: "string", default: "1" },
      "gpu-layers": { type: "string", default: "-1" },
      gpu: { type: "string", default: "auto" },
      threads: { type: "string", default: "0" },
      embeddings: { type: "boolean", default: false },
      detached: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  if (!values.model) throw new Error("--model FILE is missing");
  if (!["auto", "cpu", "cuda", "vulkan", "metal"].includes(values.gpu)) throw new Error("--gpu: auto, cpu, cuda, vulkan or metal");
  return {
    model: values.model,
    host: values.host,
    port: integer("port", values.port, 0, 65535),
    alias: values.alias ?? values.model.split(/[\\/]/).at(-1).replace(/\.gguf$/i, ""),
    ctx: integer("ctx", values.ctx, 256, 16_777_216),
    parallel: integer("parallel", values.parallel, 1, 256),
    gpuLayers: integer("gpu-layers", values["gpu-layers"], -1, 100_000),
    gpu: values.gpu,
    threads: integer("threads", values.threads, 0, 1024),
    embeddings: values.embeddings,
    detached: values.detached,
    apiKey: process.env.GGUF_HOST_API_KEY || undefined,
  };
}

// parseArgs takes "-1" for another option unless it is joined to its own.
function joinNegative(argv) {
  return argv.reduce((joined, text) => (/^-\d+$/.test(text) && joined.length > 0 ? [...joined.slice(0, -1), `${joined.at(-1)}=${text}`] : [...joined, text]), []);
}

function integer(name, text, min, max) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) throw new Error(`--${name}: a whole number from ${min} to ${max}`);
  return value;
}
