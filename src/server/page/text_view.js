// A document's text, opened at a place. Windows of it are loaded as they are scrolled to.
import {message_of} from "/page/api.js";
import {at, make} from "/page/dom.js";
import {count, percent} from "/page/format.js";
import {loadWindow, WINDOW} from "/page/text_windows.js";

const BEFORE = WINDOW / 4;  // bytes in front of the place that are loaded with it
const MOST_WINDOWS = 6;     // that are in the page at once
const NEAR = 1200;          // pixels from the end of what is loaded

export class TextView {
  #windows = [];      // one behind the other: {window, element}
  #loading = null;    // an AbortController of what belongs to the text that is open
  #filling = false;
  #opener = null;     // where the focus goes back to

  constructor() {
    this.body = at("text-body");
    this.wide = matchMedia("(min-width: 70rem)");
    at("text-close").addEventListener("click", () => this.close());
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !at("text").hidden && !document.querySelector("dialog[open]")) this.close();
    });
    this.body.addEventListener("scroll", () => this.#scrolled());
    this.wide.addEventListener("change", () => this.#hold());
  }

  /** Shows a place ({name, first, bytes, line}); the focus goes back to `opener` in the end. */
  async open(place, opener) {
    this.#loading?.abort();
    const loading = this.#loading = new AbortController();
    this.#opener = opener ?? (at("text").hidden ? document.activeElement : this.#opener);
    this.name = place.name;
    at("text-title").textContent = place.name;
    at("text-place").textContent = "";
    at("text").hidden = false;
    document.body.classList.add("with-text");
    this.#hold();
    this.#windows = [];
    this.body.replaceChildren(make("p", {className: "quiet"}, "Loads …"));
    at("text").focus();
    try {
      const begin = Math.max(0, Math.floor((place.first - BEFORE) / BEFORE) * BEFORE);
      const window = await loadWindow(place.name, begin, WINDOW, loading.signal);
      this.body.replaceChildren();
      this.#add(window, place);
      this.#goTo(place);
      await this.#fill();
    } catch (error) {
      if (message_of(error)) this.body.replaceChildren(make("p", {className: "error", role: "alert"}, message_of(error)));
    }
  }

  close() {
    this.#loading?.abort();
    at("text").hidden = true;
    document.body.classList.remove("with-text");
    this.#hold();
    this.body.replaceChildren();
    this.#windows = [];
    if (this.#opener?.isConnected) this.#opener.focus();
    else at("question").focus();
  }

  /** On a narrow screen the text covers the page, which is out of reach then. */
  #hold() {
    for (const element of [at("main"), document.querySelector("header")])
      element.inert = !at("text").hidden && !this.wide.matches;
  }

  #add(window, place = null) {
    const element = make("span", {});
    if (place?.bytes > 0) {
      const end = place.first + place.bytes;
      element.append(window.slice(window.first, place.first), make("mark", {}, window.slice(place.first, end)),
        window.slice(end, window.end));
    } else if (place) {
      element.append(window.slice(window.first, place.first), make("span", {className: "here"}),
        window.slice(place.first, window.end));
    } else {
      element.append(window.text);
    }
    this.#put({window, element});
  }

  #put(entry) {
    if (this.#windows.length > 0 && entry.window.first < this.#windows[0].window.first) {
      const before = this.body.scrollHeight;
      this.body.prepend(entry.element);
      this.#windows.unshift(entry);
      this.body.scrollTop += this.body.scrollHeight - before;
      if (this.#windows.length > MOST_WINDOWS) this.#windows.pop().element.remove();
      return;
    }
    this.body.append(entry.element);
    this.#windows.push(entry);
    if (this.#windows.length <= MOST_WINDOWS) return;
    const before = this.body.scrollHeight;
    this.#windows.shift().element.remove();
    this.body.scrollTop -= before - this.body.scrollHeight;
  }

  #goTo(place) {
    const target = this.body.querySelector("mark, .here");
    const offset = target.getBoundingClientRect().top - this.body.getBoundingClientRect().top;
    this.body.scrollTop += offset - this.body.clientHeight / 3;
    const {total} = this.#windows[0].window;
    const where = `at ${percent(place.first, total)} of the text`;
    at("text-place").textContent = place.line ? `Line ${count(place.line)}, ${where}` : where;
  }

  #scrolled() {
    if (!this.#filling) this.#fill().catch((error) => at("text-place").textContent = message_of(error));
  }

  /** Loads what is missing around what is seen. */
  async #fill() {
    if (this.#filling) return;
    this.#filling = true;
    const {signal} = this.#loading;
    try {
      for (let next = this.#missing(); next !== null && !signal.aborted; next = this.#missing()) {
        const window = await loadWindow(this.name, next.first, next.length, signal);
        if (signal.aborted) break;
        if (window.tag !== this.#windows[0].window.tag) throw new Error("The text was replaced meanwhile: open it anew.");
        this.#add(window);
      }
    } finally {
      this.#filling = false;
    }
  }

  /** The next window that is needed; null if none is. */
  #missing() {
    if (this.#windows.length === 0) return null;
    const {scrollTop, scrollHeight, clientHeight} = this.body;
    const first = this.#windows[0].window, last = this.#windows.at(-1).window;
    if (scrollHeight - scrollTop - clientHeight < NEAR && last.end < last.total) return {first: last.end, length: WINDOW};
    if (scrollTop >= NEAR || first.first === 0) return null;
    const length = Math.min(WINDOW, first.first);
    return {first: first.first - length, length};
  }
}
