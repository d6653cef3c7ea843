// How the page talks to the bot: JSON both ways, and every failure in words.

/** A refusal: `error` is a sentence, `hint` the next step. */
export class Trouble extends Error {
  constructor(status, { error, hint }) {
    super(error);
    Object.assign(this, { status, error, hint });
  }
}

const BROKEN = { error: "Something broke on our side.", hint: "Try again in a moment." };
const AWAY = {
  error: "The bot does not answer.",
  hint: "Look whether it is still running; nothing you typed is lost.",
};

/**
 * Ask the bot for something.
 * @param {object|FormData} [body] what to send; an object goes as JSON
 * @throws {Trouble}
 */
export async function call(method, path, body) {
  return (await ask(method, path, body)).answer;
}

/** A long list page by page: what is on each, and the address of the next or null. */
export async function* pages(path) {
  while (path) {
    const { answer, response } = await ask("GET", path);
    path = /<([^>]+)>; rel="next"/.exec(response.headers.get("Link"))?.[1] ?? null;
    yield { items: answer, next: path };
  }
}

async function ask(method, path, body) {
  const headers = { "X-Vivant": "1" };
  const isForm = body instanceof FormData;
  if (body && !isForm) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: isForm || !body ? body : JSON.stringify(body),
    });
  } catch {
    throw new Trouble(0, AWAY);
  }
  if (response.status === 401) location.assign("/sign-in");
  if (response.status === 204) return { answer: null, response };
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Trouble(response.status, answer ?? BROKEN);
  return { answer, response };
}

/**
 * A name for one click. The same click sent twice is the same job.
 * (crypto.randomUUID exists only on https and on this very machine.)
 */
export function newEvent() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
