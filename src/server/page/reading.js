// How fast a text is read, and how long that still takes.
import {count, duration} from "/page/format.js";

const WINDOW = 8000;  // milliseconds over which the rate is taken

export class Rate {
  #samples = [];

  /** So many tokens are read by now. */
  add(tokens) {
    const now = performance.now();
    this.#samples.push({now, tokens});
    while (this.#samples.length > 2 && this.#samples[0].now < now - WINDOW) this.#samples.shift();
  }

  /** Tokens a second; 0: not known yet. */
  perSecond() {
    const first = this.#samples[0], last = this.#samples.at(-1);
    if (!first || last.now - first.now < 400) return 0;
    return ((last.tokens - first.tokens) / (last.now - first.now)) * 1000;
  }
}

/** "1,200 of 70,000 tokens, 4,400 a second, 15 s left". */
export function progressOf(document, rate) {
  if (document.status === "queued") return "waits to be read";
  if (!document.tokens) return "is being prepared";
  const parts = [`${count(document.tokens_read)} of ${count(document.tokens)} tokens`];
  const speed = rate.perSecond(), left = document.tokens - document.tokens_read;
  if (left <= 0) parts.push("is being kept");
  else if (speed >= 1) parts.push(`${count(speed)} tokens/s`, `${duration(left / speed)} left`);
  return parts.join(" · ");
}
