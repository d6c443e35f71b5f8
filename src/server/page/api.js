// Requests to the server, with the key where it wants one.
import {askForKey, forgetKey, key} from "/page/key.js";

/** What the server says is wrong; `status` is HTTP's. */
export class ServerError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The message of an error that a request ended with; empty where it was stopped by the user. */
export function message_of(error) {
  if (error.name === "AbortError") return "";
  if (error instanceof ServerError) return error.message;
  if (error instanceof TypeError) return "The server cannot be reached. Is it running?";
  return String(error.message ?? error);
}

async function error_of(response) {
  let message = `The server answered with ${response.status} ${response.statusText}.`;
  try {
    message = (await response.json()).error.message;
  } catch {
    // It is no JSON of this server.
  }
  return new ServerError(message, response.status);
}

/**
 * fetch() of a path of this server. Where it wants a key, the user is asked for one. Throws ServerError for a status
 * that is no success.
 */
export async function request(path, options = {}) {
  for (;;) {
    const sent = key();
    const headers = {...options.headers};
    if (sent) headers.Authorization = `Bearer ${sent}`;
    const response = await fetch(path, {...options, headers, credentials: "omit"});
    if (response.status === 401) {
      forgetKey(sent);
      await askForKey(Boolean(sent));
      continue;
    }
    if (!response.ok) throw await error_of(response);
    return response;
  }
}

export const get = async (path) => (await request(path)).json();

/** Sends an object; gives the response. */
export const post = (path, body, signal) =>
  request(path, {method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json"}, signal});

export const remove = (path) => request(path, {method: "DELETE"});

/** The pieces of a body between separators, as they come. */
async function* pieces(response, separator) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  try {
    for (;;) {
      const {value, done} = await reader.read();
      if (done) return;
      pending += value;
      const whole = pending.split(separator);
      pending = whole.pop();
      yield* whole;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function parsed(json) {
  const sent = JSON.parse(json);
  if (sent.error?.message) throw new ServerError(sent.error.message, 0);
  return sent;
}

/** The objects of a stream of server-sent events, up to [DONE]. Throws ServerError for an event with an error. */
export async function* events(response) {
  for await (const event of pieces(response, "\n\n")) {
    const data = event.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
    if (data === "[DONE]") return;
    if (data) yield parsed(data);
  }
}

/** The objects of a stream with one a line. Throws likewise. */
export async function* lines(response) {
  for await (const line of pieces(response, "\n")) if (line) yield parsed(line);
}
