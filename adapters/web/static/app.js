// The page: a composer above, cards below, one live line to the bot.

import { call, pages } from "./api.js";
import { startComposer } from "./composer.js";
import { find, plural, show } from "./dom.js";
import { drop, oldest, ordered, put, replaceAll, setWhole, tick } from "./gallery.js";
import { isLost, startLive } from "./live.js";

let next = null; // address of the clips that are older than those shown

/** Fetch everything anew, as far back as somebody has looked. */
async function reload() {
  const until = oldest();
  const jobs = [];
  let rest = null;
  try {
    for await (const page of pages("/api/jobs")) {
      jobs.push(...page.items);
      rest = page.next;
      if (!until || !page.items.length || page.items.at(-1).created <= until) break;
    }
  } catch {
    return; // the line says so; it reloads when it is back
  }
  replaceAll(jobs);
  further(rest);
  showQuota();
}

async function showMore() {
  const button = find("#more");
  button.disabled = true;
  try {
    const { value: page } = await pages(next).next();
    page.items.forEach(put);
    further(page.next);
    document.getElementById(`card-${page.items[0]?.id}`)?.focus({ preventScroll: true });
  } catch {
    // the button is still there
  } finally {
    button.disabled = false;
  }
}

function further(address) {
  next = address;
  show(find("#more"), Boolean(next));
  setWhole(!next);
}

async function learn() {
  const about = await call("GET", "/api/about").catch(() => null);
  show(find("#sign-out"), Boolean(about?.signs_out));
  // An iPhone makes a JPEG of its photo by itself unless the field asks for HEIC.
  if (about?.heic) find("#file").accept += ",.heic,.heif";
}

async function showQuota() {
  const quota = await call("GET", "/api/quota").catch(() => null);
  if (!quota) return;
  const time = new Date(quota.resets * 1000).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
  });
  const free = `${plural(Math.max(0, quota.free_cap - quota.free_used), "free draft")} left this hour`;
  const paid = `${quota.left} of ${quota.cap} clip-seconds left until ${time}`;
  const isPaidUsed = quota.cap !== null && quota.used > 0;
  find("#quota").textContent = isPaidUsed ? `${free}. ${paid}.` : `${free}.`;
}

function changed(job) {
  put(job);
  if (job.ended || job.state === "queued") showQuota();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".lineage a");
  const target = link && document.getElementById(link.hash.slice(1));
  target?.focus({ preventScroll: true }); // the browser scrolls, the focus follows
});

startComposer(ordered);
if (/^(Mac|iP)/.test(navigator.platform)) find(".keys kbd").textContent = "⌘";
find("#more").addEventListener("click", showMore);
learn();
startLive({ changed, gone: drop, reload });
setInterval(() => isLost() || tick(), 1000);
