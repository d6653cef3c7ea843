// All cards, the newest first.

import { announce, find, isCalm, shorten, show } from "./dom.js";
import { Card, stateWords, title } from "./card.js";

const cards = new Map(); // job id -> Card
let whole = true; // whether every clip that there is is shown

/** Show exactly these jobs: what the bot says after a gap or at the start. */
export function replaceAll(jobs) {
  const ids = new Set(jobs.map((job) => job.id));
  for (const id of [...cards.keys()]) if (!ids.has(id)) drop(id);
  for (const job of jobs) put(job);
  settle();
}

/** Show how one job is now. */
export function put(job) {
  const known = cards.get(job.id);
  if (known) {
    if (known.job.updated > job.updated) return; // an answer that was overtaken
    if (known.job.state !== job.state && tells(job))
      announce(`“${shorten(title(job))}”: ${stateWords(job)}.`);
    known.update(job);
  } else {
    const card = new Card(job, { ordered, promptOf, isWhole: () => whole });
    cards.set(job.id, card);
    place(card);
    refreshLineage(job.id);
  }
  settle();
}

/** A job that was just ordered here: show it and go there. */
export function ordered(job) {
  put(job);
  const { root } = cards.get(job.id);
  root.scrollIntoView({ behavior: isCalm() ? "auto" : "smooth", block: "nearest" });
  announce(`Ordered: “${shorten(title(job))}”. ${stateWords(job)}.`);
}

/** Take a job off the page; whoever stood on it moves to its neighbour. */
export function drop(id) {
  const card = cards.get(id);
  if (!card) return;
  const neighbour = card.root.nextElementSibling ?? card.root.previousElementSibling;
  const hadFocus = card.root.contains(document.activeElement);
  card.remove();
  cards.delete(id);
  refreshLineage(id);
  settle();
  if (hadFocus) (neighbour ?? find("#gallery-title")).focus({ preventScroll: true });
}

/** When the oldest job that is shown was ordered, in seconds; null without any. */
export function oldest() {
  if (cards.size === 0) return null;
  return Math.min(...Array.from(cards.values(), (card) => card.job.created));
}

/** Say whether there are older clips than those shown. */
export function setWhole(value) {
  if (whole === value) return;
  whole = value;
  for (const card of cards.values()) card.showLineage();
}

export function tick() {
  for (const card of cards.values()) card.tick();
}

function place(card) {
  const later = [...cards.values()].filter((c) => c.job.created < card.job.created);
  const next = later.sort((a, b) => b.job.created - a.job.created)[0];
  find("#cards").insertBefore(card.root, next?.root ?? null);
}

/** Children name their parent; they change when it comes or goes. */
function refreshLineage(parent) {
  for (const card of cards.values()) if (card.job.parent === parent) card.showLineage();
}

function promptOf(id) {
  const card = cards.get(id);
  return card ? title(card.job) : null;
}

function settle() {
  show(find("#empty"), cards.size === 0);
  document.body.classList.toggle("lively", cards.size > 0);
}

/** Percentages and short stops in between are for the eye only. */
const tells = (job) => job.ended || job.state === "rendering";
