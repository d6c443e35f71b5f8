// A text of any length, in windows of some of its bytes.
import {request} from "/page/api.js";

export const WINDOW = 1 << 16;  // bytes
const LONGEST_CHARACTER = 4;    // bytes of UTF-8
const decoder = new TextDecoder("utf-8", {ignoreBOM: true});

const continues = (byte) => (byte & 0xc0) === 0x80;

/** Of bytes that begin anywhere, where the first character begins at or behind `place`. */
function border(bytes, place) {
  while (place < bytes.length && continues(bytes[place])) ++place;
  return place;
}

/** Characters that begin in `length` bytes of a text, from `first` on. `bytes` has some more behind them. */
export class TextWindow {
  constructor(first, length, bytes, total, tag) {
    const own = Math.min(length, bytes.length);
    const begin = first > 0 ? border(bytes, 0) : 0, end = border(bytes, own);
    this.#bytes = bytes.subarray(begin, end);
    this.first = first + begin;
    this.total = total;
    this.tag = tag;  // of the text: another one for another text
  }
  #bytes;

  get end() {
    return this.first + this.#bytes.length;
  }

  /** The text from one byte of the document to another, as far as it is here; borders move to whole characters. */
  slice(from, to) {
    const own = (byte) => border(this.#bytes, Math.min(Math.max(byte - this.first, 0), this.#bytes.length));
    return decoder.decode(this.#bytes.subarray(own(from), own(to)));
  }

  get text() {
    return this.slice(this.first, this.end);
  }
}

/** Loads the window of so many bytes that begins at a byte of a document. */
export async function loadWindow(name, first, length, signal) {
  const path = `/v1/documents/${encodeURIComponent(name)}/content`;
  const range = `bytes=${first}-${first + length + LONGEST_CHARACTER - 2}`;
  const response = await request(path, {headers: {Range: range}, signal, cache: "no-store"});
  const bytes = new Uint8Array(await response.arrayBuffer());
  const total = Number(/\/(\d+)$/.exec(response.headers.get("Content-Range"))?.[1] ?? bytes.length);
  return new TextWindow(first, length, bytes, total, response.headers.get("ETag"));
}
