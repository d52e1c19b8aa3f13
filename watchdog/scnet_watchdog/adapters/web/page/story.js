// One event as a line: the daemon's sentence, or in another language words for its kind.

import { h } from "./dom.js";
import { timeOf } from "./time.js";
import { knows, language, word } from "./words.js";

export function eventLine(event) {
  return h("li", { class: event.level, title: event.event }, timeOf(event.timestamp), h("span", {}, text(event)));
}

function text(event) {
  const own = event.message ?? event.event;
  const key = `event.${event.event}`;
  if (language() === "en" || !knows(key)) return own;
  const parts = { ...event };
  for (const [name, kind] of [["status", "status"], ["previous", "status"], ["reason", "reason"]]) {
    if (event[name]) parts[name] = word(`${kind}.${event[name]}`);
  }
  if (event.command) parts.command = word("verb." + event.command);
  return word(key, parts);
}
