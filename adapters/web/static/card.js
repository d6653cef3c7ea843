// One job on the page: where it is, what came of it, what to do with it.

import { call, newEvent } from "./api.js";
import { copy, element, find, list, plural, shorten, show, tell, write } from "./dom.js";
import { openDelete, openExtend, openRemix } from "./drawers.js";
import { addPlayer, removePlayer } from "./player.js";

const STATES = {
  submitting: () => "Getting ready",
  rendering: ({ progress }) =>
    progress ? `Rendering ${Math.round(progress * 100)} %` : "Rendering",
  fetching: () => "Bringing it home",
  finishing: () => "Finishing touches",
  delivering: () => "Almost there",
  done: () => "Ready",
  failed: () => "That did not work",
  cancelled: () => "Cancelled",
};

/** Where a job is, in words. */
export function stateWords(job) {
  if (job.stopping) return "Stopping";
  if (job.state !== "queued") return STATES[job.state](job);
  return job.ahead ? `Waiting behind ${plural(job.ahead, "other")}` : "Next in line";
}

/** Why a job makes no progress for now, with the reader's own time of day. */
function delayWords({ sentence, since }) {
  const when = new Date(since * 1000);
  const time = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return sentence.replace("{when}", time);
}

/** What the person typed, or what stands for it. */
export const title = (job) =>
  job.prompt || { create: "A gentle move", remix: "A remix", extend: "A longer take" }[job.op];

export class Card {
  /** @param {{ordered, promptOf, isWhole}} page what a card may ask of the page */
  constructor(job, page) {
    this.page = page;
    this.root = find("article", copy("card-template"));
    this.root.id = `card-${job.id}`;
    this.screen = find(".screen", this.root);
    this.wire();
    this.update(job);
  }

  update(job) {
    this.job = job;
    this.root.dataset.state = job.state;
    this.showScreen();
    this.showWords();
    this.showActions();
    this.tick();
  }

  /** Time goes by while a job is under way. */
  tick() {
    const { created, ended } = this.job;
    const gone = Math.max(0, Math.round(Date.now() / 1000 - created));
    write(find(".elapsed", this.root), ended ? "" : `${gone} s`);
    write(find("time", this.root), ended ? ago(gone) : "");
  }

  remove() {
    removePlayer(this.screen);
    this.root.remove();
  }

  showScreen() {
    const { job, screen } = this;
    screen.style.setProperty("--ratio", `${job.width} / ${job.height}`);
    screen.classList.toggle("tall", job.height > job.width);
    const playing = Boolean(job.clip);
    show(find(".overlay", screen), !playing);
    write(find(".state-words", screen), stateWords(job));
    const bar = find("progress", screen);
    show(bar, !job.ended);
    if (job.state === "rendering" && job.progress) bar.value = job.progress;
    else bar.removeAttribute("value");
    const cancel = find(".cancel", screen);
    show(cancel, !job.ended);
    cancel.disabled = job.stopping || job.state === "delivering";
    if (playing && !find("video", screen)) addPlayer(screen, job.clip, title(job));
    this.showBackdrop(playing);
  }

  showBackdrop(playing) {
    const image = find(".backdrop", this.screen);
    const source = this.job.parent ? `/clips/${this.job.parent}.jpg` : this.job.still;
    show(image, !playing && Boolean(source));
    if (!playing && source && image.getAttribute("src") !== source) image.src = source;
  }

  showWords() {
    const { job, root } = this;
    write(find(".words", root), title(job));
    root.setAttribute("aria-label", `${title(job)}: ${stateWords(job)}`);
    const length = job.clip?.seconds ?? job.seconds;
    write(find(".size", root), `${Number(length.toFixed(1))} s, ${job.width} × ${job.height}`);
    this.showLineage();
    tell(find(".told .trouble", root), job.trouble);
    list(find(".told .remarks", root), [
      ...(job.delay ? [{ text: delayWords(job.delay), kind: "note" }] : []),
      ...job.cannot.map((text) => ({ text: `Not possible here: ${text}`, kind: "cannot" })),
      ...job.notes.map((text) => ({ text, kind: "note" })),
    ]);
    show(find(".done", root), job.lines.length > 0);
    write(find(".done summary", root), job.ended ? "What was done" : "What will be done");
    list(find(".done ul", root), job.lines.map((text) => ({ text })));
  }

  /** Which clip this one came from; pressing it goes there. */
  showLineage() {
    const { job, page } = this;
    const part = find(".lineage", this.root);
    if (!job.parent) return;
    const how = job.op === "extend" ? "Longer take of" : "Remix of";
    const words = page.promptOf(job.parent);
    if (words === null) {
      part.replaceChildren(`${how} ${page.isWhole() ? "a clip that was deleted" : "an earlier clip"}`);
      return;
    }
    const link = element("a", `“${shorten(words, 32)}”`);
    link.href = `#card-${job.parent}`;
    part.replaceChildren(`${how} `, link);
  }

  showActions() {
    const { job, root } = this;
    show(find(".actions", root), job.ended);
    for (const name of ["remix", "extend", "save"])
      show(find(`.${name}`, root), Boolean(job.clip));
    if (job.clip) find(".save", root).href = job.clip.download;
  }

  wire() {
    const on = (name, act) => find(name, this.root).addEventListener("click", act);
    on(".cancel", () => this.send("POST", "cancel"));
    on(".again", () => this.again());
    on(".remix", () => openRemix(this));
    on(".extend", () => openExtend(this));
    on(".delete", () => openDelete(this));
  }

  /** One press, one job: the button rests until the order was taken. */
  async again() {
    const button = find(".again", this.root);
    button.disabled = true;
    const card = await this.send("POST", "again", { event: newEvent() });
    button.disabled = false;
    if (card) this.page.ordered(card);
  }

  async send(method, action, body) {
    try {
      return await call(method, `/api/jobs/${this.job.id}/${action}`, body);
    } catch (error) {
      tell(find(".told .trouble", this.root), error);
      return null;
    }
  }
}

const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function ago(seconds) {
  if (seconds < 60) return "just now";
  if (seconds < 3600) return AGO.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86_400) return AGO.format(-Math.round(seconds / 3600), "hour");
  return AGO.format(-Math.round(seconds / 86_400), "day");
}
