// What opens under a card: change it, make it longer, delete it.

import { call, newEvent } from "./api.js";
import { copy, element, find, show, tell } from "./dom.js";

const STEPS = [1, 2, 4]; // seconds an extension may add

export function openRemix(card) {
  const event = newEvent();
  open(card, "remix", (form) =>
    order(card, "remix", { event, words: find("textarea", form).value }),
  );
}

export function openExtend(card) {
  const event = newEvent();
  const form = open(card, "extend", () =>
    order(card, "extend", {
      event,
      words: find("textarea", form).value,
      seconds: Number(find("input:checked", form).value),
    }),
  );
  for (const step of STEPS) find(".steps", form)?.append(choice(step));
  find("input", form)?.focus();
}

export function openDelete(card) {
  open(card, "delete", () => call("DELETE", `/api/jobs/${card.job.id}`));
}

async function order(card, action, body) {
  card.page.ordered(await call("POST", `/api/jobs/${card.job.id}/${action}`, body));
}

/** Open a form under a card; closing it leads back to the button that opened it. */
function open(card, name, send) {
  const drawer = find(".drawer", card.root);
  const opener = find(`.act.${name}`, card.root);
  const form = find("form", copy(`${name}-template`));
  const close = () => {
    drawer.replaceChildren();
    show(drawer, false);
    opener.focus();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, () => send(form), close);
  });
  form.addEventListener("keydown", (key) => {
    if (key.key === "Escape") close();
    if (key.key === "Enter" && (key.ctrlKey || key.metaKey)) form.requestSubmit();
  });
  find(".close", form).addEventListener("click", close);
  drawer.replaceChildren(form);
  show(drawer, true);
  find("textarea, button", form).focus();
  return form;
}

async function submit(form, send, close) {
  const button = find("button[type=submit]", form);
  if (button.disabled) return;
  button.disabled = true;
  try {
    await send();
    close();
  } catch (error) {
    tell(find(".trouble", form), error);
    button.disabled = false;
  }
}

function choice(step) {
  const label = element("label");
  const input = element("input");
  Object.assign(input, { type: "radio", name: "step", value: step, checked: step === 2 });
  label.append(input, element("span", `+ ${step} s`));
  return label;
}
