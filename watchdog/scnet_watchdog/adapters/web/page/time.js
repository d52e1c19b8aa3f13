// Moments and lengths as people read them: local time on the page, UTC as the title.

import { h } from "./dom.js";
import { language, word } from "./words.js";

const SECOND = 1000;
export const DAY = 24 * 3600 * SECOND;

/** A moment of the API in milliseconds, or null. */
export function moment(text) {
  const at = text ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

/** `14:05:09`, with the date where it is not today's. */
export function clock(at, now = Date.now()) {
  const date = new Date(at);
  const today = new Date(now).toDateString() === date.toDateString();
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const day = today ? {} : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(language(), { ...day, ...time }).format(date);
}

/** A length in its largest units: `3 h 5 min`, `12 min`. */
export function span(milliseconds) {
  const whole = Math.max(0, Math.round(milliseconds / SECOND));
  const parts = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([number]) => number > 0);
  if (first < 0) return `0 ${word("unit.s")}`;
  // From ten of a unit on, the next smaller one only makes the page restless.
  const many = parts[first][0] >= 10 ? 1 : 2;
  const shown = parts.slice(first, first + many).filter(([number], at) => at === 0 || number > 0);
  return shown.map(([number, unit]) => `${number} ${word("unit." + unit)}`).join(" ");
}

/** A moment as an element: local time, or what `say` makes of it; UTC as the title. */
export function timeOf(text, say = clock) {
  const at = moment(text);
  if (at === null) return null;
  const utc = new Date(at).toISOString().replace(".000Z", "Z");
  return h("time", { datetime: utc, title: utc.replace("T", " ").replace("Z", " UTC") }, say(at));
}

/** How long ago; kept up to date by `tick`. */
export function ago(text) {
  const element = timeOf(text, sayAgo);
  element?.setAttribute("data-ago", "");
  return element;
}

/** How long until a moment; kept up to date by `tick`. */
export function until(text) {
  const element = timeOf(text, sayUntil);
  element?.setAttribute("data-until", "");
  return element;
}

function sayAgo(at) {
  return span(Date.now() - at);
}

function sayUntil(at) {
  const left = at - Date.now();
  return left > 0 ? word("time.in", { span: span(left) }) : word("time.due");
}

/** Bring every counting element on the page up to now. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-ago], time[data-until]")) {
    const say = element.hasAttribute("data-ago") ? sayAgo : sayUntil;
    const text = say(Date.parse(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

/** A text in which moments of the API, which are UTC, are told in local time. */
export function localised(text) {
  const iso = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g;
  return text.replace(iso, (found) => clock(Date.parse(found)));
}
