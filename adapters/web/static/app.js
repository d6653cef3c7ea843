// The page: a composer above, cards below, one live line to the bot.

import { call } from "./api.js";
import { startComposer } from "./composer.js";
import { find, plural } from "./dom.js";
import { drop, ordered, put, replaceAll, tick } from "./gallery.js";
import { startLive } from "./live.js";

async function reload() {
  const jobs = await call("GET", "/api/jobs").catch(() => null);
  if (jobs) replaceAll(jobs);
  showQuota();
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
startLive({ changed, gone: drop, reload });
setInterval(tick, 1000);
