// The line to the bot: it tells what changed, and the page notices when it is gone.

import { call } from "./api.js";
import { find, show } from "./dom.js";

const PATIENCE = 1500; // milliseconds without a line before the page says anything
const RETRY = 1000; // milliseconds
const SILENCE = 40_000; // milliseconds; the bot says something every 15 s

let lost = false;

export const isLost = () => lost;

/** Listen to the bot. `reload` fetches everything; it runs after each gap. */
export function startLive({ changed, gone, reload }) {
  let source = null;
  let worry; // runs from the first sign of trouble until the line is good again
  let watch;

  const open = () => {
    source = new EventSource("/api/events");
    on("open", () => {
      clearTimeout(worry);
      worry = undefined;
      if (lost) say("Back in touch. Everything is up to date.", 4000);
      lost = false;
      reload();
    });
    on("error", () => {
      doubt();
      if (source.readyState === EventSource.CLOSED) setTimeout(retry, RETRY);
    });
    on("beat", () => {});
    on("card", ({ data }) => changed(JSON.parse(data)));
    on("gone", ({ data }) => gone(JSON.parse(data).id));
  };
  const on = (name, act) =>
    source.addEventListener(name, (event) => {
      clearTimeout(watch); // a line that was cut far away looks as if it were quiet
      watch = setTimeout(renew, SILENCE);
      act(event);
    });
  const doubt = () => {
    worry ??= setTimeout(() => {
      lost = true;
      say("Lost touch with the bot. Trying again…");
    }, PATIENCE);
  };
  const renew = () => {
    doubt();
    source.close();
    retry();
    watch = setTimeout(renew, SILENCE);
  };
  const retry = () => {
    if (source.readyState !== EventSource.CLOSED || document.hidden) return;
    call("GET", "/api/about").catch(() => {}); // leads to the door when that is shut
    open();
  };

  // A browser keeps six connections to one server: a hidden tab gives its own back.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(worry);
    clearTimeout(watch);
    worry = undefined;
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
