// The prompt and what the bot understands of it, as one types.

import { call, newEvent } from "./api.js";
import { element, find, list, show, tell } from "./dom.js";
import { currentStill, startStill } from "./still.js";
import { drawTimeline } from "./timeline.js";

const PAUSE = 140; // milliseconds after the last key
const EXAMPLES = [
  "dolly in 2 s, hold 1 s, pan left 1 s, golden hour, distant waves",
  "slow orbit right, snow, soft wind",
  "handheld push in, rain, film grain",
];

const prompt = find("#prompt");
const seconds = find("#seconds");
const trouble = find("#composer-trouble");
let event = newEvent(); // stays the same until the order was taken or changed
let latest = 0;
let timer;

/** Make the form live; `ordered` gets the card of each new job. */
export function startComposer(ordered) {
  startStill(changed);
  prompt.addEventListener("input", changed);
  seconds.addEventListener("change", changed);
  for (const shape of document.getElementsByName("shape"))
    shape.addEventListener("change", changed);
  const form = find("#composer");
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    order(ordered);
  });
  form.addEventListener("keydown", (key) => {
    if (key.key === "Enter" && (key.ctrlKey || key.metaKey)) form.requestSubmit();
  });
  addExamples();
  addLengths();
  preview(); // a browser may have kept the words over a reload
}

function changed() {
  event = newEvent();
  tell(trouble, null);
  clearTimeout(timer);
  timer = setTimeout(preview, PAUSE);
}

async function preview() {
  const words = prompt.value.trim();
  const asked = ++latest;
  show(find("#examples"), !words);
  if (!words) {
    show(find("#understood"), false);
    show(find("#coach"), false);
    return;
  }
  const plan = await call("POST", "/api/preview", {
    prompt: words,
    seconds: seconds.value ? Number(seconds.value) : null,
  }).catch(() => null);
  if (plan && asked === latest) draw(plan);
}

function draw(plan) {
  drawTimeline(find("#timeline"), plan.beats, plan.seconds);
  list(find("#chips"), [
    ...plan.looks.map((text) => ({ text, kind: "look" })),
    ...plan.sounds.map((text) => ({ text, kind: "sound" })),
  ]);
  list(find("#remarks"), [
    ...plan.cannot.map((text) => ({ text: `Not possible here: ${text}`, kind: "cannot" })),
    ...plan.notes.map((text) => ({ text, kind: "note" })),
  ]);
  const coach = find("#coach");
  show(coach, Boolean(plan.coach));
  coach.textContent = plan.coach ?? "";
  show(find("#understood"), true);
  seconds.options[0].textContent = seconds.value ? "Auto" : `Auto: ${plan.seconds} s`;
}

async function order(ordered) {
  const button = find("#animate");
  const still = currentStill();
  if (button.disabled) return;
  if (!still) {
    tell(trouble, { error: "There is no picture yet.", hint: "Drop one, or try a sample." });
    find("#file").focus();
    return;
  }
  button.disabled = true;
  tell(trouble, null);
  try {
    const card = await call("POST", "/api/jobs", {
      event,
      still,
      prompt: prompt.value,
      seconds: seconds.value ? Number(seconds.value) : null,
      shape: find("input[name=shape]:checked").value,
    });
    event = newEvent();
    ordered(card);
  } catch (error) {
    tell(trouble, error);
  } finally {
    button.disabled = false;
  }
}

function addExamples() {
  const buttons = EXAMPLES.map((words) => {
    const button = element("button", words, "example");
    button.type = "button";
    button.addEventListener("click", () => {
      prompt.value = words;
      changed();
      prompt.focus();
    });
    return button;
  });
  find("#examples").replaceChildren(...buttons);
}

async function addLengths() {
  const models = await call("GET", "/api/models").catch(() => []);
  for (const length of models[0]?.seconds ?? [])
    seconds.append(new Option(`${length} s`, length));
}
