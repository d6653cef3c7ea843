// A clip that plays quietly while it is in sight.

import { copy, find, icon, isCalm } from "./dom.js";

const inSight = new IntersectionObserver(
  (entries) => {
    for (const { target: video, isIntersecting } of entries) {
      if (!isIntersecting) video.pause();
      else if (!isCalm() && !video.dataset.stopped) start(video);
    }
  },
  { threshold: 0.4 },
);

/** A video far away is only a frame: a browser plays no more than some dozens. */
const near = new IntersectionObserver(
  (entries) => {
    for (const { target: video, isIntersecting } of entries) {
      if (isIntersecting) fill(video);
      else empty(video);
    }
  },
  { rootMargin: "100% 0px" },
);

function fill(video) {
  if (video.hasAttribute("src")) return;
  video.poster = video.dataset.poster;
  video.src = video.dataset.source;
}

function empty(video) {
  if (!video.hasAttribute("src")) return;
  video.pause();
  video.removeAttribute("src");
  video.load(); // lets go of its connection
}

/** Put a player for `clip` into `screen`, before what is there. */
export function addPlayer(screen, clip, words) {
  screen.prepend(copy("player-template"));
  const video = find("video", screen);
  video.muted = true; // the attribute alone does not count for cloned nodes
  Object.assign(video.dataset, { poster: clip.poster, source: clip.url });
  video.setAttribute("aria-label", `Clip: ${words}`);
  wirePlay(video, find(".play", screen));
  wireSound(video, find(".sound", screen));
  find(".full", screen).addEventListener("click", () => video.requestFullscreen?.());
  inSight.observe(video);
  near.observe(video);
}

export function removePlayer(screen) {
  const video = find("video", screen);
  if (!video) return;
  inSight.unobserve(video);
  near.unobserve(video);
  empty(video);
}

function start(video) {
  fill(video);
  video.play().catch(() => {}); // a browser may refuse; the button is still there
}

function wirePlay(video, button) {
  const toggle = () => {
    if (video.paused) {
      delete video.dataset.stopped;
      start(video);
    } else {
      video.dataset.stopped = "by hand";
      video.pause();
    }
  };
  const reflect = () => {
    icon(button, video.paused ? "play" : "pause");
    button.setAttribute("aria-label", video.paused ? "Play" : "Pause");
  };
  button.addEventListener("click", toggle);
  video.addEventListener("click", toggle);
  video.addEventListener("play", reflect);
  video.addEventListener("pause", reflect);
}

function wireSound(video, button) {
  button.addEventListener("click", () => {
    const on = video.muted;
    if (on) for (const other of document.querySelectorAll("video")) other.muted = true;
    video.muted = !on;
    if (on && video.paused) start(video);
  });
  video.addEventListener("volumechange", () => {
    icon(button, video.muted ? "mute" : "sound");
    button.setAttribute("aria-pressed", String(!video.muted));
  });
}
