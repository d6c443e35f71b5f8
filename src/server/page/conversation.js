// Questions and answers about the chosen documents, one behind the other.
import {events, message_of, post} from "/page/api.js";
import {at} from "/page/dom.js";
import {Turn} from "/page/turn.js";

const NEAR_END = 80;  // pixels: who reads the end goes on seeing it

export class Conversation {
  #turns = [];
  #running = null;  // an AbortController, while an answer comes

  /** `documents`: what questions are about; `open` shows a place of one. */
  constructor(documents, open) {
    this.documents = documents;
    this.open = open;
    at("ask-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    at("question").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.ask();
    });
    at("stop").addEventListener("click", () => this.#running?.abort());
    at("new").addEventListener("click", () => this.#begin());
  }

  /** Puts the question that is written. */
  async ask() {
    const question = at("question").value.trim();
    if (!question || this.#running) return;
    at("question").value = "";
    const turn = new Turn(question, this.documents.chosen);
    const messages = this.#messages(question);
    at("hint").hidden = true;
    at("conversation").append(turn.element);
    turn.element.scrollIntoView({block: "end"});
    await this.#answer(turn, messages);
    if (turn.text) this.#turns.push(turn);
    else if (!at("question").value) at("question").value = question;
    at("new").hidden = false;
  }

  #messages(question) {
    const before = this.#turns.flatMap((turn) =>
      [{role: "user", content: turn.question}, {role: "assistant", content: turn.text}]);
    return [...before, {role: "user", content: question}];
  }

  async #answer(turn, messages) {
    this.#running = new AbortController();
    this.#showRunning(true);
    const body = {messages, stream: true, return_progress: true};
    if (turn.names.length > 0) body.documents = turn.names;
    try {
      const response = await post("/v1/chat/completions", body, this.#running.signal);
      for await (const event of events(response)) this.#show(turn, event);
    } catch (error) {
      turn.stop(message_of(error));
    }
    this.#running = null;
    this.#showRunning(false);
  }

  #show(turn, event) {
    const log = at("conversation");
    const follows = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
    const citations = turn.take(event);
    if (citations) turn.cite(citations, this.documents, this.open);
    if (!follows) return;
    const end = log.scrollHeight - log.clientHeight;
    // Places come below the answer, which stays in sight.
    log.scrollTop = citations ? Math.max(log.scrollTop, Math.min(end, turn.element.offsetTop)) : end;
  }

  #showRunning(running) {
    at("stop").hidden = !running;
    at("ask-button").hidden = running;
    if (document.activeElement === document.body) at(running ? "stop" : "question").focus();
  }

  #begin() {
    this.#running?.abort();
    this.#turns = [];
    at("conversation").replaceChildren(at("hint"));
    at("hint").hidden = false;
    at("new").hidden = true;
    at("question").focus();
  }
}
