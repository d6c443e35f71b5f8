// One document in the list: its name, how far it is read, and what can be done with it.
import {make, say} from "/page/dom.js";
import {bytes, count} from "/page/format.js";
import {progressOf, Rate} from "/page/reading.js";

const READY = "ready";

export class DocumentRow {
  #rate = new Rate();
  #check;
  #size;
  #bar;
  #progress;
  #error;
  #open;
  #remove;

  /** `on`: what is called with the row: chosen, open, remove. */
  constructor(name, on) {
    this.name = name;
    this.document = {name, status: "sending", bytes: 0, tokens: 0, tokens_read: 0, error: null};
    this.sending = null;   // an AbortController, while the text is sent
    this.wanted = false;   // it was sent here, to be asked about
    this.#check = make("input", {type: "checkbox", disabled: true});
    this.#check.addEventListener("change", () => on.chosen(this));
    this.#size = make("span", {className: "quiet"});
    this.#bar = make("progress", {"aria-label": `Reading ${name}`});
    this.#progress = make("span", {className: "quiet progress-text"});
    this.#error = make("p", {className: "error"});
    this.#open = make("button", {type: "button", className: "small", "aria-label": `Show ${name}`}, "Show");
    this.#open.addEventListener("click", () => on.open(this));
    this.#remove = make("button", {type: "button", className: "small"}, "Cancel");
    this.#remove.addEventListener("click", () => on.remove(this));
    this.element = make("li", {},
      make("label", {}, this.#check, make("span", {className: "name"}, name)),
      make("div", {className: "row"}, this.#size, make("div", {className: "actions"}, this.#open, this.#remove)),
      this.#bar, this.#progress, this.#error);
    this.update(this.document);
  }

  get ready() {
    return this.document.status === READY;
  }
  /** Whether it is on its way. */
  get busy() {
    return ["sending", "queued", "reading"].includes(this.document.status);
  }
  get chosen() {
    return this.#check.checked && this.ready;
  }
  set chosen(value) {
    this.#check.checked = value;
  }

  /** Shows what the server says of it. */
  update(document) {
    this.document = document;
    if (document.status === "reading") this.#rate.add(document.tokens_read);
    else if (!this.busy) this.#rate = new Rate();
    this.#check.disabled = !this.ready;
    const size = document.bytes ? bytes(document.bytes) : "";
    this.#size.textContent = this.ready ? `${size} · ${count(document.tokens)} tokens` : size;
    this.#bar.hidden = !this.busy;
    if (document.status === "reading" && document.tokens) {
      this.#bar.max = document.tokens;
      this.#bar.value = document.tokens_read;
    } else {
      this.#bar.removeAttribute("value");
    }
    say(this.#progress, this.busy ? (document.status === "sending" ? "is being sent" : progressOf(document, this.#rate)) : "");
    say(this.#error, document.status === "failed" ? `It could not be read: ${document.error}` : "");
    this.#open.hidden = !this.ready;
    const action = this.busy ? "Cancel" : "Remove";
    this.#remove.textContent = action;
    this.#remove.setAttribute("aria-label", this.busy ? `Cancel reading ${this.name}` : `Remove ${this.name}`);
  }
}
