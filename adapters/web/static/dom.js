// The few things every part of the page does with the document.

export const find = (selector, within = document) => within.querySelector(selector);

/** A fresh copy of what a <template> holds. */
export const copy = (id) => document.getElementById(id).content.cloneNode(true);

/** An element with text; text never becomes markup. */
export function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

export function show(part, visible) {
  part.hidden = !visible;
}

/** Change text only when it differs, so that a screen reader is not told twice. */
export function write(part, text) {
  if (part.textContent !== text) part.textContent = text;
}

export function icon(button, name) {
  find("use", button).setAttribute("href", `#icon-${name}`);
}

/** Tell whoever cannot see the page what just happened. */
export function announce(text) {
  find("#announcer").textContent = text;
}

/** Show what went wrong and what to do; nothing hides the box. */
export function tell(box, trouble) {
  box.replaceChildren();
  show(box, Boolean(trouble));
  if (!trouble) return;
  box.append(element("strong", trouble.error), " ", element("span", trouble.hint));
}

/** Fill a list with remarks: [{text, kind}]. */
export function list(parent, remarks) {
  parent.replaceChildren(...remarks.map(({ text, kind }) => element("li", text, kind)));
}

export const shorten = (text, most = 40) =>
  text.length > most ? `${text.slice(0, most).trimEnd()}…` : text;

export const plural = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
