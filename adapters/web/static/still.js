// The picture to start from: dropped, chosen, pasted, linked or one of the samples.

import { call } from "./api.js";
import { announce, element, find, list, show, tell } from "./dom.js";

const MOST = 25_000_000; // bytes; the bot refuses more, so do not send it first

let still = null;
let onChange = () => {};
const trouble = find("#composer-trouble");

export const currentStill = () =>
  still && { media: still.media, width: still.width, height: still.height };

/** Make the drop area live; `changed` is called whenever the picture is another. */
export function startStill(changed) {
  onChange = changed;
  find("#file").addEventListener("change", ({ target }) => {
    takeFile(target.files[0]);
    target.value = "";
  });
  find("#link-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const link = find("#link").value.trim();
    if (link) take({ link });
  });
  find("#change").addEventListener("click", clear);
  wireDrop();
  document.addEventListener("paste", paste);
  showSamples();
}

function wireDrop() {
  const drop = find("#drop");
  let depth = 0; // children fire enter and leave too
  const lit = (change) => {
    depth = change === 0 ? 0 : depth + change;
    drop.classList.toggle("over", depth > 0);
  };
  drop.addEventListener("dragenter", () => lit(1));
  drop.addEventListener("dragleave", () => lit(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault(); // a photo dropped beside the area must not replace the page
    lit(0);
    takeTransfer(event.dataTransfer);
  });
}

function paste(event) {
  const types = event.target.closest?.("input, textarea");
  const hasFile = event.clipboardData.files.length > 0;
  if (types && !hasFile) return;
  if (takeTransfer(event.clipboardData)) event.preventDefault();
}

/** Take a file, else an address, from a drop or the clipboard. */
function takeTransfer(transfer) {
  if (transfer.files.length) {
    takeFile(transfer.files[0]);
    return true;
  }
  const link = (transfer.getData("text/uri-list") || transfer.getData("text/plain")).trim();
  if (!/^https?:\/\/\S+$/.test(link)) return false;
  take({ link });
  return true;
}

function takeFile(file) {
  if (!file) return;
  if (file.size > MOST) {
    refuse({
      error: `That picture has ${Math.round(file.size / 1e6)} MB; ${MOST / 1e6} MB is the most.`,
      hint: "Save it smaller, for example 4000 pixels wide, and add that.",
    });
    return;
  }
  const form = new FormData();
  form.append("file", file);
  take(form);
}

/** Hand a picture to the bot, which makes it safe and says what it is. */
async function take(body) {
  tell(trouble, null);
  phase("busy");
  try {
    still = await call("POST", "/api/stills", body);
  } catch (error) {
    still = null;
    onChange(); // clears what was wrong before, so it comes first
    refuse(error);
    return;
  }
  const image = find("#still");
  image.src = still.url;
  image.alt = `The picture to animate, ${still.width} by ${still.height} pixels`;
  find("#still-facts").textContent = `${still.width} × ${still.height}`;
  list(find("#still-notes"), still.notes.map((text) => ({ text, kind: "note" })));
  phase("full");
  announce("The picture is ready.");
  onChange();
  find("#prompt").focus({ preventScroll: true });
}

function refuse(error) {
  phase("empty");
  tell(trouble, error);
}

function clear() {
  still = null;
  find("#still-notes").replaceChildren();
  phase("empty");
  onChange();
  find("#file").focus();
}

function phase(name) {
  for (const each of ["empty", "busy", "full"]) show(find(`#drop-${each}`), each === name);
  find("#drop").dataset.phase = name;
}

async function showSamples() {
  const samples = await call("GET", "/api/samples").catch(() => []);
  const strip = find("#samples ul");
  for (const { name, url } of samples) {
    const button = element("button");
    button.type = "button";
    const image = element("img");
    image.src = url;
    image.alt = name.replace(/\.\w+$/, "").replaceAll(/[-_]/g, " ");
    image.loading = "lazy";
    button.append(image);
    button.addEventListener("click", () => take({ sample: name }));
    const item = element("li");
    item.append(button);
    strip.append(item);
  }
  show(find("#samples"), samples.length > 0);
}
