// One question to every part of the chosen documents: a table that fills.
import {lines, message_of, post} from "/page/api.js";
import {announce, at, make, say} from "/page/dom.js";
import {count, percent} from "/page/format.js";
import {beginOf, linkTo} from "/page/places.js";

const pathOf = (name) => `/v1/documents/${encodeURIComponent(name)}/survey`;

export class Survey {
  #running = null;  // an AbortController, while answers come
  #open;

  constructor(documents, open) {
    this.documents = documents;
    this.#open = open;
    at("survey-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    at("survey-stop").addEventListener("click", () => this.#running?.abort());
  }

  /** Asks all parts of one chosen document after the other. */
  async ask() {
    const names = this.documents.chosen, prompt = at("survey-prompt").value.trim();
    if (this.#running) return;
    say(at("survey-error"), names.length === 0 ? "Choose a document first." : prompt ? "" : "Write a question first.");
    if (names.length === 0 || !prompt) return;
    this.#clear();
    const running = this.#running = new AbortController();
    this.#showRunning(true);
    try {
      for (const name of names) await this.#askDocument(name, names, this.#body(prompt), running.signal);
    } catch (error) {
      say(at("survey-error"), message_of(error));
      this.#end("It ended early: the table has the parts that answered.");
    }
    this.#running = null;
    this.#showRunning(false);
  }

  #body(prompt) {
    const merge = at("survey-merge").value.trim();
    return {prompt, max_tokens: Number(at("survey-tokens").value), stream: true, ...(merge ? {merge} : {})};
  }

  async #askDocument(name, names, body, signal) {
    say(at("survey-count"), `Asks ${name}`);
    at("survey-bar").removeAttribute("value");
    const response = await post(pathOf(name), body, signal);
    for await (const result of lines(response)) {
      if (result.object === "survey.part") this.#addPart(result, name, names.length > 1);
      else if (result.object === "survey.merged") this.#showMerged(result.answer, names.length > 1 ? name : "");
      else if (result.object === "survey") this.#end(`All ${count(result.parts)} parts of ${name} answered.`);
    }
  }

  /** Parts come in the order of the text. */
  #addPart(part, name, of_several) {
    const document = this.documents.find(name), file = part.file ?? name;
    const first = beginOf(document, file) + part.first_byte;
    const link = linkTo({name, first, bytes: part.bytes, line: part.first_line}, `Line ${count(part.first_line)}`, this.#open);
    const place = make("td", {}, link);
    if (of_several || part.file) place.append(make("span", {className: "quiet"}, ` ${file}`));
    const answer = make("td", {className: "part-answer"}, part.answer.trim());
    if (part.finish_reason === "length") answer.append(make("span", {className: "quiet", title: "Cut at the longest answer"}, " …"));
    at("survey-table").tBodies[0].append(make("tr", {}, make("th", {scope: "row"}, count(part.part + 1)), place, answer));
    const done = first + part.bytes, total = document?.bytes || done;
    at("survey-bar").max = total;
    at("survey-bar").value = done;
    say(at("survey-count"), `${count(part.part + 1)} parts of ${name} answered, ${percent(done, total)} of the text`);
    at("survey-scroll").hidden = false;
  }

  #end(text) {
    say(at("survey-count"), text);
    announce(text);
  }

  #showMerged(answer, name) {
    at("survey-merged").hidden = false;
    at("survey-merged").append(make("p", {className: "answer"}, name ? `${name}: ${answer.trim()}` : answer.trim()));
  }

  #clear() {
    at("survey-table").tBodies[0].replaceChildren();
    at("survey-scroll").hidden = true;
    at("survey-merged").hidden = true;
    for (const old of at("survey-merged").querySelectorAll("p")) old.remove();
  }

  #showRunning(running) {
    at("survey-button").hidden = running;
    at("survey-stop").hidden = !running;
    at("survey-bar").hidden = !running;
    at("survey-progress").hidden = false;
    if (document.activeElement === document.body) at(running ? "survey-stop" : "survey-prompt").focus();
  }
}
