// The key of a server that wants one: it is kept for this tab, and goes nowhere but to the server.
import {at} from "/page/dom.js";

const NAME = "focusllm-key";
let asking = null;

/** The key, or null. */
export const key = () => sessionStorage.getItem(NAME);

/** Drops a key that was not taken, unless there is another one by now. */
export function forgetKey(refused) {
  if (key() === refused) sessionStorage.removeItem(NAME);
}

function ask(refused) {
  const dialog = at("key");
  at("key-error").hidden = !refused;
  at("key-input").value = "";
  dialog.showModal();
  at("key-input").focus();
  return new Promise((done) => dialog.addEventListener("close", () => {
    sessionStorage.setItem(NAME, at("key-input").value.trim());
    at("key-input").value = "";
    done();
  }, {once: true}));
}

/** Waits until the user has given a key; several requests wait for the same one. */
export async function askForKey(refused) {
  if (key()) return;
  asking ??= ask(refused).finally(() => asking = null);
  await asking;
}

/** Nothing works without: Escape does not close it. */
export function guardKey() {
  at("key").addEventListener("cancel", (event) => event.preventDefault());
}
