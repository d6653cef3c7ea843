// The line to the bot: it tells what changed, and the page notices when it is gone.

import { find, show } from "./dom.js";

const PATIENCE = 1500; // milliseconds of silence before the page says anything

/** Listen to the bot. `reload` fetches everything; it runs after each gap. */
export function startLive({ changed, gone, reload }) {
  let source = null;
  let lost = false;
  let timer;

  const open = () => {
    source = new EventSource("/api/events");
    source.addEventListener("open", () => {
      clearTimeout(timer);
      if (lost) say("Back in touch. Everything is up to date.", 4000);
      lost = false;
      reload();
    });
    source.addEventListener("error", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        lost = true;
        say("Lost touch with the bot. Trying again…");
      }, lost ? 0 : PATIENCE);
      if (source.readyState === EventSource.CLOSED) setTimeout(retry, 1000);
    });
    source.addEventListener("card", ({ data }) => changed(JSON.parse(data)));
    source.addEventListener("gone", ({ data }) => gone(JSON.parse(data).id));
  };
  const retry = () => {
    if (source?.readyState === EventSource.CLOSED && !document.hidden) open();
  };

  // A browser keeps six connections to one server: a hidden tab gives its own back.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source.close();
    else retry();
  });
  open();
}

let hiding;

function say(text, forMilliseconds) {
  const line = find("#link-state");
  clearTimeout(hiding);
  line.textContent = text;
  show(line, true);
  if (forMilliseconds) hiding = setTimeout(() => show(line, false), forMilliseconds);
}
