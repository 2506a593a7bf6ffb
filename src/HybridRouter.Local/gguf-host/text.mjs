// From tokens to text that may be shown: whole characters only, and nothing of a stop sequence.

/** Turns tokens into text as they come; holds back bytes of a character that is not complete. */
export class Detokenizer {
  #model;
  #special;
  #pending = [];
  #before;

  constructor(model, promptTokens, special) {
    this.#model = model;
    this.#special = special;
    this.#before = promptTokens.slice(-4);
  }

  push(token) {
    this.#pending.push(token);
    const text = this.#model.detokenize(this.#pending, this.#special, this.#before);
    // A character has four bytes at most, so what is still broken after that is broken for good.
    return text.endsWith("\uFFFD") && this.#pending.length < 4 ? "" : this.#take(text);
  }

  end() {
    return this.#pending.length === 0 ? "" : this.#take(this.#model.detokenize(this.#pending, this.#special, this.#before));
  }

  #take(text) {
    this.#before = [...this.#before, ...this.#pending].slice(-4);
    this.#pending = [];
    return text;
  }
}

/** Length of the longest end of `text` that is a proper beginning of one of `marks`. */
export function partialMark(text, marks) {
  let longest = 0;
  for (const mark of marks) {
    for (let length = Math.min(mark.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(mark.slice(0, length))) longest = length;
    }
  }
  return longest;
}

/** Cuts the text at the first stop sequence. */
export class StopGate {
  #stops;
  #held = "";
  stopped = false;

  constructor(stops) {
    this.#stops = stops;
  }

  push(text) {
    if (this.stopped) return "";
    const all = this.#held + text;
    const cuts = this.#stops.map((stop) => all.indexOf(stop)).filter((at) => at >= 0);
    if (cuts.length > 0) {
      this.stopped = true;
      this.#held = "";
      return all.slice(0, Math.min(...cuts));
    }
    const keep = partialMark(all, this.#stops);
    this.#held = all.slice(all.length - keep);
    return all.slice(0, all.length - keep);
  }

  end() {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }
}
