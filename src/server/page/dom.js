// Elements of the page. What comes from the server or a file becomes text, never markup.

/** The element with an id. */
export const at = (id) => document.getElementById(id);

/** A new element with properties and children: strings become text. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG, with attributes. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Shows a text in an element, or hides it where there is none. */
export function say(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

/** Says something to who does not see the page. */
export function announce(text) {
  at("announced").textContent = text;
}

/** Asks for a yes; `action` is what its button says. */
export async function confirmed(text, action) {
  const question = make("p", {id: "confirm-text"}, text);
  const yes = make("button", {className: "danger", value: "yes"}, action);
  const no = make("button", {value: "no", autofocus: true}, "Keep it");
  const dialog = make("dialog", {id: "confirm", "aria-labelledby": question.id},
    make("form", {method: "dialog"}, question, make("div", {className: "row"}, yes, no)));
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done));
  dialog.remove();
  return dialog.returnValue === "yes";
}
