// The documents that the server keeps or reads: the list, sending files, watching the reading.
import {events, get, message_of, post, remove, ServerError} from "/page/api.js";
import {DocumentRow} from "/page/document_row.js";
import {announce, at, confirmed, say} from "/page/dom.js";
import {bodyOf, nameOf, textOf} from "/page/files.js";

const BUSY_PAUSE = 1000, IDLE_PAUSE = 10000;  // milliseconds between two looks at the server
const MOST_STREAMS = 2;                       // a browser has six connections to a server

const pathOf = (name) => `/v1/documents/${encodeURIComponent(name)}`;

export class Documents extends EventTarget {
  #rows = new Map();  // by name
  #changes = 0;       // made here: what the server said before one of them is old
  #timer = 0;
  #mostBytes = Infinity;

  /** `open`: called with a document's name. */
  constructor(open) {
    super();
    this.#on = {
      chosen: () => this.#changed(),
      open: (row) => open(row.name),
      remove: (row) => this.#remove(row),
    };
    at("choose").addEventListener("click", () => at("files").click());
    at("files").addEventListener("change", () => {
      this.send([...at("files").files]);
      at("files").value = "";
    });
    this.#acceptDrops();
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
  }
  #on;

  /** Largest body that the server takes, where it says so. */
  set mostBytes(bytes) {
    this.#mostBytes = bytes || Infinity;
  }

  /** Names of those that questions are about. */
  get chosen() {
    return [...this.#rows.values()].filter((row) => row.chosen).map((row) => row.name);
  }

  /** What the server says of one; undefined where there is none. */
  find(name) {
    return this.#rows.get(name)?.document;
  }

  /** Asks the server for all documents, now and again. */
  async look() {
    clearTimeout(this.#timer);
    const before = this.#changes;
    try {
      const {data} = await get("/v1/documents");
      if (before === this.#changes) this.#take(data);
      say(at("notice"), "");
    } catch (error) {
      // A server without a store has no documents.
      if (!(error instanceof ServerError && error.status === 404)) say(at("notice"), message_of(error));
      else at("documents").hidden = true;
    }
    clearTimeout(this.#timer);
    const busy = [...this.#rows.values()].some((row) => row.busy);
    this.#timer = setTimeout(() => document.hidden || this.look(), busy ? BUSY_PAUSE : IDLE_PAUSE);
  }

  /** Sends files, one after the other. */
  async send(files) {
    const problems = [];
    const say_all = () => say(at("notice"), problems.join("\n"));
    for (const file of files) {
      try {
        await this.#sendFile(file);
      } catch (error) {
        const message = message_of(error);
        if (message) problems.push(`${file.name}: ${message}`);
        say_all();
      }
    }
  }

  async #sendFile(file) {
    const name = nameOf(file);
    const body = bodyOf(name, await textOf(file, this.#mostBytes), this.#mostBytes);
    if (this.#rows.has(name) && !await confirmed(`There is a document ${name} already. Replace it?`, "Replace it")) return;
    const row = this.#row(name);
    const sending = new AbortController();
    row.sending = sending;
    row.chosen = false;
    row.update({...row.document, status: "sending", bytes: file.size, error: null});
    this.#changed();
    let response;
    try {
      response = await post("/v1/documents", body, sending.signal);
    } catch (error) {
      this.#drop(row);
      this.look();
      throw error;
    } finally {
      row.sending = null;
      ++this.#changes;
    }
    row.wanted = true;
    this.#watch(row, response);
  }

  /** Shows a reading as it is told; others may be sent meanwhile. What is not told is looked for. */
  async #watch(row, response) {
    if (this.#streams >= MOST_STREAMS) {
      response.body.cancel().catch(() => {});
      return this.look();
    }
    ++this.#streams;
    try {
      for await (const document of events(response)) {
        if (this.#rows.get(row.name) !== row) break;
        this.#update(row, document);
      }
    } catch {
      // The next look says what became of it.
    }
    --this.#streams;
    return this.look();
  }
  #streams = 0;  // that are open

  async #remove(row) {
    if (row.sending) return row.sending.abort();
    if (!row.busy && !await confirmed(`Remove ${row.name}? What was read of it is lost.`, "Remove it")) return;
    const next = (row.element.nextElementSibling ?? row.element.previousElementSibling)?.querySelector("input, button");
    try {
      await remove(pathOf(row.name));
    } catch (error) {
      if (!(error instanceof ServerError && error.status === 404)) return say(at("notice"), message_of(error));
    }
    this.#drop(row);
    announce(`${row.name} is removed.`);
    (next && !next.disabled ? next : at("choose")).focus();
    this.look();
  }

  #row(name) {
    const known = this.#rows.get(name);
    if (known) return known;
    const row = new DocumentRow(name, this.#on);
    this.#rows.set(name, row);
    const after = [...this.#rows.values()].filter((other) => other.name > name).sort((a, b) => (a.name < b.name ? -1 : 1))[0];
    at("document-list").insertBefore(row.element, after?.element ?? null);
    return row;
  }

  #drop(row) {
    if (this.#rows.get(row.name) !== row) return;
    this.#rows.delete(row.name);
    row.element.remove();
    this.#changed();
  }

  #take(list) {
    const names = new Set(list.map((document) => document.name));
    for (const row of [...this.#rows.values()]) if (!names.has(row.name) && row.document.status !== "sending") this.#drop(row);
    for (const document of list) this.#update(this.#row(document.name), document);
    const ready = [...this.#rows.values()].filter((row) => row.ready);
    if (ready.length === 1 && this.#rows.size === 1 && !this.#seen) ready[0].chosen = true;
    this.#seen = true;
    this.#changed(false);
  }
  #seen = false;  // the list, once

  #update(row, document) {
    if (row.sending) return;
    const was = row.document.status;
    row.update(document);
    if (was === document.status) return;
    if (row.ready && row.wanted && this.chosen.length === 0) row.chosen = true;
    const news = {reading: "is being read", ready: "is read", failed: "could not be read"}[document.status];
    if (news && this.#seen) announce(`${row.name} ${news}.`);
    this.#changed(false);
  }

  #changed(here = true) {
    if (here) ++this.#changes;
    at("no-documents").hidden = this.#rows.size > 0;
    this.dispatchEvent(new Event("change"));
  }

  #acceptDrops() {
    const has_files = (event) => event.dataTransfer?.types.includes("Files");
    const show = (over) => at("drop").classList.toggle("over", over);
    addEventListener("dragover", (event) => {
      if (!has_files(event)) return;
      event.preventDefault();
      show(true);
    });
    addEventListener("dragleave", (event) => event.relatedTarget || show(false));
    addEventListener("drop", (event) => {
      show(false);
      if (!has_files(event)) return;
      event.preventDefault();
      this.send([...event.dataTransfer.files]);
    });
  }
}
