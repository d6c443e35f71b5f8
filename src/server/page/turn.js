// A question and its answer, as they are shown.
import {make, say} from "/page/dom.js";
import {count} from "/page/format.js";
import {listOf, placeOf, stripOf} from "/page/places.js";

export class Turn {
  text = "";  // of the answer
  #answer = make("div", {className: "answer", "aria-busy": "true"});
  #status = make("p", {className: "quiet"}, "Waits for the answer …");
  #error = make("p", {className: "error", role: "alert", hidden: true});
  #after = make("div", {className: "after"});

  constructor(question, names) {
    this.question = question;
    this.names = names;
    this.element = make("article", {className: "turn"},
      make("h3", {className: "question"}, question), this.#answer, this.#status, this.#error, this.#after);
  }

  /** Takes an event of the stream of chat completions; gives its citations where it has them. */
  take(event) {
    const choice = event.choices?.[0];
    if (event.prompt_progress) this.#showProgress(event.prompt_progress);
    if (choice?.delta?.content) {
      this.text += choice.delta.content;
      this.#answer.append(choice.delta.content);
      say(this.#status, "");
    }
    if (choice?.finish_reason) this.#end(choice.finish_reason, event.timings);
    return event.citations;
  }

  #showProgress({total, cache, processed}) {
    const left = total - cache, read = Math.max(0, processed - cache);
    say(this.#status, read < left ? `Looks at the text: ${count(read)} of ${count(left)} tokens` : "Thinks …");
  }

  #end(reason, timings) {
    this.#answer.setAttribute("aria-busy", "false");
    const parts = [];
    if (reason === "length") parts.push("The answer reached its greatest length.");
    if (timings) parts.push(`${count(timings.predicted_n)} tokens, ${count(timings.predicted_per_second)} a second`);
    say(this.#status, parts.join(" "));
  }

  /** It ended early: by the user, or (with a message) by an error. */
  stop(message) {
    this.#answer.setAttribute("aria-busy", "false");
    say(this.#status, message ? "" : "Stopped.");
    say(this.#error, message);
  }

  /** Places below the answer. */
  cite(citations, documents, open) {
    const places = citations.map((citation) => placeOf(citation, this.names, documents)).filter(Boolean);
    for (const name of this.names) {
      const own = places.filter((place) => place.name === name);
      const total = documents.find(name)?.bytes;
      if (own.length > 0 && total) this.#after.append(stripOf(name, total, own, open));
    }
    if (places.length > 0) this.#after.append(listOf(places, open));
  }
}
