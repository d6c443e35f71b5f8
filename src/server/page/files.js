// What becomes of a file before it is sent.
import {bytes} from "/page/format.js";

const LONGEST_NAME = 100;  // the server's own prefix stands in front, and all must be at most 128
const decoder = new TextDecoder("utf-8", {fatal: true});

/** The name that a file's text is kept under: letters, digits, ".", "_" and "-". */
export function nameOf(file) {
  const name = file.name.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, LONGEST_NAME);
  return /[^.]/.test(name) ? name : "text";
}

function isUtf16(head) {
  return (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
}

/** The text of a file; throws Error that says why it is none. `most`: bytes that the server takes. */
export async function textOf(file, most) {
  if (file.size === 0) throw new Error("it is empty.");
  if (file.size > most) throw new Error(`it has ${bytes(file.size)}; the server takes up to ${bytes(most)} (--max-body).`);
  let data;
  try {
    data = new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error("it cannot be read. Is it a folder, or was it moved?");
  }
  if (isUtf16(data)) throw new Error("it is UTF-16: save it as UTF-8 first.");
  if (data.includes(0)) throw new Error("it is no text: it has zero bytes, as programs, pictures and archives do.");
  let text;
  try {
    text = decoder.decode(data);
  } catch {
    throw new Error("it is not valid UTF-8: a PDF or a Word file has to be saved as text, other encodings as UTF-8.");
  }
  if (!text.trim()) throw new Error("it has nothing but white space.");
  return text;
}

/** The body that sends a text; throws Error where it is too large as JSON. */
export function bodyOf(name, text, most) {
  const body = {name, text, stream: true};
  const size = new Blob([JSON.stringify(body)]).size;
  if (size > most) throw new Error(`it takes ${bytes(size)} to send it; the server takes up to ${bytes(most)} (--max-body).`);
  return body;
}
