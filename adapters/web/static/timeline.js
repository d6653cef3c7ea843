// The beats of a clip, drawn to scale while somebody types.

import { element } from "./dom.js";

const seconds = (number) => `${Number(number.toFixed(2))} s`;

/** Draw beats [{start, end, text, hold}] of a clip that lasts `length` seconds. */
export function drawTimeline(list, beats, length) {
  const items = withGaps(beats, length).map((beat) => {
    const item = element("li", "", beat.hold ? "beat hold" : "beat");
    item.style.setProperty("--share", (beat.end - beat.start) / length);
    const words = element("span", beat.text || (beat.hold ? "hold" : "move"), "beat-words");
    const time = element("span", seconds(beat.end - beat.start), "beat-time");
    item.title = `${words.textContent}, ${seconds(beat.start)} to ${seconds(beat.end)}`;
    item.append(words, " ", time);
    return item;
  });
  list.replaceChildren(...items);
}

/** Between two beats the camera rests. */
function withGaps(beats, length) {
  const whole = [];
  let until = 0;
  for (const beat of beats) {
    if (beat.start - until > 0.05) whole.push(rest(until, beat.start));
    whole.push(beat);
    until = beat.end;
  }
  if (length - until > 0.05) whole.push(rest(until, length));
  return whole;
}

const rest = (start, end) => ({ start, end, text: "hold", hold: true });
