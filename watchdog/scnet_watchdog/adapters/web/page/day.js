// The strip of the last 24 hours of one instance: which status it had, and when.

import { h } from "./dom.js";
import { clock, DAY, span } from "./time.js";
import { word } from "./words.js";

/** A strip as one element; its title tells what was not running, newest last. */
export function dayStrip(segments, now) {
  const strip = h("div", { class: "strip", role: "img" });
  for (const one of segments) {
    const part = h("i", { class: `part ${one.status ?? "blank"}` });
    // What began a moment ago is to be seen too.
    part.style.left = `min(${(100 * (one.from - (now - DAY))) / DAY}%, 100% - 3px)`;
    part.style.width = `${(100 * (one.to - one.from)) / DAY}%`;
    strip.append(part);
  }
  const told = segments.filter((one) => one.status && one.status !== "running").slice(-6);
  const text = told.map(
    (one) => `${clock(one.from)} – ${clock(one.to)} ${word("status." + one.status)} (${span(one.to - one.from)})`,
  );
  const label = text.join("\n") || word(segments.some((one) => one.status) ? "status.running" : "status.unknown");
  strip.title = label;
  strip.setAttribute("aria-label", `${word("head.day")}: ${label}`);
  return strip;
}
