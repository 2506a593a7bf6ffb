// The model and its slots. A slot is one sequence of the context; its cache survives between requests, so the next
// request with the same beginning only evaluates what is new.
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { getLlama, LlamaGrammarEvaluationState, LlamaLogLevel } from "node-llama-cpp";
import { invalid } from "./http.mjs";
import { log } from "./log.mjs";
import { Prompts } from "./prompt.mjs";

const batchTokens = 512;
const maxEmbeddingTokens = 8192;
const maxGrammars = 32;

// Below this size threads wait for each other longer than they work.
const oneThreadBytes = 64 * 1024 * 1024;

export class Engine {
  #slots = [];
  #waiting = [];
  #grammars = new Map();

  static async load(options) {
    const { size } = await stat(options.model);
    const threads = options.threads || (size < oneThreadBytes ? 1 : availableParallelism());
    const engine = new Engine();
    engine.llama = await getLlama({
      build: "never",
      skipDownload: true,
      gpu: options.gpu === "cpu" ? false : options.gpu,
      maxThreads: threads,
      logLevel: LlamaLogLevel.warn,
      logger: (level, message) => log("llama", { level, message: message.trim() }),
    });
    engine.model = await engine.llama.loadModel({
      modelPath: options.model,
      gpuLayers: engine.llama.gpu === false ? 0 : options.gpuLayers < 0 ? "max" : options.gpuLayers,
    });
    engine.prompts = new Prompts(engine.model);
    engine.context = await engine.model.createContext({
      contextSize: options.ctx,
      sequences: options.parallel,
      batchSize: Math.min(batchTokens, options.ctx),
      threads,
    });
    for (let id = 0; id < options.parallel; id++) engine.#slots.push({ id, sequence: engine.context.getSequence(), busy: false });
    if (options.embeddings) {
      const contextSize = Math.min(options.ctx, maxEmbeddingTokens);
      // Pooling needs the whole input in one batch.
      engine.embeddings = await engine.model.createEmbeddingContext({ contextSize, batchSize: contextSize, threads });
    }
    log("loaded", { gpu: engine.llama.gpu || "cpu", threads, sizeMiB: Math.round(size / 1048576), contextPerSlot: engine.contextTokens, slots: options.parallel });
    return engine;
  }

  /** Prompt and answer together; llama.cpp may give a little more than asked for. */
  get contextTokens() {
    return this.context.contextSize;
  }

  /** Room for one input of the embeddings endpoint; the library may add a beginning and an end. */
  get contextTokensOfEmbeddings() {
    return Math.min(this.contextTokens, maxEmbeddingTokens) - 3;
  }

  get slots() {
    return this.#slots.map(({ id, busy }) => ({ id, is_processing: busy, n_ctx: this.contextTokens }));
  }

  /** Refuses a prompt that leaves no room for an answer, before it waits for a slot. */
  checkFits(tokens) {
    // One place stays free, or the library would begin to forget the start of the prompt.
    if (tokens.length > this.contextTokens - 2) {
      throw invalid(`This model's context is ${this.contextTokens} tokens, but the prompt has ${tokens.length}; shorten it, or start the model with a larger context.`, null, "context_length_exceeded");
    }
  }

  /** The free slot with the longest useful cache; else waits in line. Undefined when the client left meanwhile. */
  async acquire(tokens, signal) {
    const free = this.#slots.filter((slot) => !slot.busy);
    if (free.length > 0) {
      const slot = free.map((slot) => ({ slot, shared: sharedStart(slot.sequence.contextTokens, tokens) })).reduce((a, b) => (b.shared > a.shared ? b : a)).slot;
      slot.busy = true;
      return slot;
    }
    return new Promise((resolve) => {
      const entry = { resolve };
      this.#waiting.push(entry);
      signal.addEventListener("abort", () => {
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(undefined);
      }, { once: true });
    });
  }

  release(slot) {
    const next = this.#waiting.shift();
    if (next) next.resolve(slot);
    else slot.busy = false;
  }

  /**
   * Yields tokens until the model ends, `maxTokens` are made or `signal` is aborted. `outcome` is filled in as it goes:
   * cachedTokens, completionTokens, and ended (the model itself ended).
   */
  async *generate(slot, tokens, { sampling, maxTokens, grammar, signal, outcome }) {
    const { sequence } = slot;
    const keep = Math.min(sharedStart(sequence.contextTokens, tokens), tokens.length - 1);
    await sequence.adaptStateToTokens(tokens.slice(0, keep), false);
    outcome.cachedTokens = sequence.nextTokenIndex;
    const rest = tokens.slice(sequence.nextTokenIndex);
    // In pieces, so that a client that leaves does not hold the slot for the whole prompt.
    while (rest.length > batchTokens) {
      await sequence.evaluateWithoutGeneratingNewTokens(rest.splice(0, batchTokens));
      if (signal.aborted) return;
    }
    const room = Math.min(maxTokens, this.contextTokens - 1 - tokens.length);
    if (room <= 0) return;
    for await (const token of sequence.evaluate(rest, { ...sampling, grammarEvaluationState: grammar })) {
      outcome.completionTokens++;
      yield token;
      if (signal.aborted || outcome.completionTokens >= room) return;
    }
    outcome.ended = true;
  }

  /** After a failure nothing is known about the cache. */
  async reset(slot) {
    await slot.sequence.clearHistory().catch(() => {});
  }

  /** A fresh state of a grammar in GBNF; undefined (with a log line) when llama.cpp does not take it. */
  async grammarState(text) {
    let grammar = this.#grammars.get(text);
    try {
      grammar ??= await this.llama.createGrammar({ grammar: text });
      this.#grammars.delete(text);
      this.#grammars.set(text, grammar);
      if (this.#grammars.size > maxGrammars) this.#grammars.delete(this.#grammars.keys().next().value);
      return () => new LlamaGrammarEvaluationState({ model: this.model, grammar });
    } catch (error) {
      log("grammar_refused", { reason: String(error?.message).slice(0, 200), length: text.length });
      return undefined;
    }
  }
}

function sharedStart(a, b) {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}
