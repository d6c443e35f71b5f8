// Places of documents that an answer drew on: links, and a strip over each document.
import {draw, make} from "/page/dom.js";
import {count, percent} from "/page/format.js";

const LONGEST_QUOTE = 220;  // characters that a link shows of one
const LEAST_WIDTH = 0.6;    // of a mark on the strip, in percent of it

/** Where a file begins in a document that was read from several. */
export const beginOf = (document, file) => document?.sources?.find((source) => source.name === file)?.first_byte ?? 0;

/**
 * Where a citation stands: {name, first, bytes, line, share, quote}, in bytes of the document's content; null for one of
 * no document. `names`: documents that were asked about.
 */
export function placeOf(citation, names, documents) {
  const has_source = (name) => documents.find(name)?.sources?.some((source) => source.name === citation.document);
  const name = names.find((one) => one === citation.document) ?? names.find(has_source);
  if (name === undefined) return null;
  const begin = beginOf(documents.find(name), citation.file ?? citation.document);
  return {name, first: begin + citation.first_byte, bytes: citation.bytes, line: citation.first_line,
    share: citation.share, quote: citation.quote};
}

/** A link to a place; `open` is called with the place and the link. */
export function linkTo(place, label, open) {
  const link = make("a", {href: "#text"}, label);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    open(place, link);
  });
  return link;
}

const shareOf = (place) => (place.share < 0.01 ? "under 1 %" : percent(place.share, 1));

function quoteOf(place) {
  const quote = place.quote.replace(/\s+/g, " ");
  return quote.length <= LONGEST_QUOTE ? quote : `${quote.slice(0, LONGEST_QUOTE)}…`;
}

/** The list of links below an answer. */
export function listOf(places, open) {
  const list = make("ol", {className: "places", "aria-label": "Places that the answer drew on"});
  for (const place of places) {
    const link = linkTo(place, `${place.name}, line ${count(place.line)}`, open);
    const share = make("span", {className: "quiet"}, ` ${shareOf(place)} of its attention`);
    list.append(make("li", {}, link, share, make("q", {className: "quote"}, quoteOf(place))));
  }
  return list;
}

/**
 * A bar for a whole document: where the answer looked, stronger where it looked more. A click opens the place, or the
 * text where there is none.
 */
export function stripOf(name, total, places, open) {
  const most = Math.max(...places.map((place) => place.share), Number.MIN_VALUE);
  const marks = places.map((place) => {
    const width = Math.max(LEAST_WIDTH, (place.bytes / total) * 100);
    const left = Math.min((place.first / total) * 100, 100 - width);
    const mark = draw("rect", {class: "mark", x: left, y: 0, width, height: 10, opacity: 0.45 + 0.55 * (place.share / most)});
    mark.append(draw("title", {}, document.createTextNode(`Line ${count(place.line)}: ${shareOf(place)}`)));
    mark.addEventListener("click", (event) => {
      event.stopPropagation();
      open(place, null);
    });
    return mark;
  });
  const where = places.map((place) => percent(place.first, total)).join(", ");
  const strip = draw("svg", {class: "strip", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img",
    "aria-label": `Where the answer looked in ${name}: at ${where} of the text`},
    draw("rect", {class: "track", width: 100, height: 10}), ...marks);
  strip.addEventListener("click", (event) => {
    const box = strip.getBoundingClientRect();
    open({name, first: Math.floor(((event.clientX - box.left) / box.width) * total), bytes: 0, line: 0}, null);
  });
  return make("figure", {className: "strip-figure"}, make("figcaption", {className: "quiet"}, name), strip);
}
