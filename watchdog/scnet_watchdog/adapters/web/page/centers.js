// The strip of centers: how each is, and what may be asked of all its instances.

import { h } from "./dom.js";
import { moment, span, timeOf } from "./time.js";
import { word } from "./words.js";

/** One card per center. `ask(verb, name)`: a button was pressed. */
export function centerCards(centers, rows, ask) {
  return centers.map((center) => card(center, rows.filter((row) => row.center === center.name), ask));
}

function card(center, rows, ask) {
  const troubles = troublesOf(center);
  const down = rows.filter((row) => ["failed", "stopped", "completed"].includes(row.status)).length;
  const level = troubles.some(([level]) => level === "bad") ? "bad" : troubles.length ? "warn" : "well";
  const facts = [word("center.instances", { count: rows.length })];
  if (down) facts.push(`${down} ${word("sum.down")}`);
  if (center.in_flight) facts.push(word("center.flight", { count: center.in_flight }));
  const verbs = ["hold", "release", "reset"].map((verb) =>
    h("button", { type: "button", onclick: () => ask(verb, center.name) }, word("verb." + verb)),
  );
  return h(
    "article",
    { class: `center ${level}`, "data-center": center.name },
    h("header", {}, h("b", {}, center.name), menu(verbs, center.name)),
    h("p", { class: "state" }, ...(troubles.length ? troubles.map(([, ...said]) => h("span", {}, ...said)) : [h("span", {}, word("center.well"))])),
    h("p", { class: "facts" }, facts.join(" · ")),
    h("p", { class: "facts seen" }, lastRead(center.sources)),
  );
}

function troublesOf(center) {
  const found = [];
  if (center.block) {
    const cause = word("cause." + center.block.cause);
    found.push(["bad", word("center.blocked", { cause }), center.block.code ? ` (${center.block.code})` : ""]);
  }
  if (center.breaker !== "closed") {
    found.push([center.breaker === "open" ? "bad" : "warn", word("center.breaker." + center.breaker)]);
  }
  for (const one of center.sources) {
    if (one.blind) found.push(["bad", word("center.blind", { source: one.source })]);
  }
  if (center.storm) found.push(["warn", word("center.storm", { count: center.storm.instances })]);
  if ((moment(center.throttled_until) ?? 0) > Date.now()) {
    found.push(["warn", word("center.throttled"), " ", timeOf(center.throttled_until)]);
  }
  return found;
}

function lastRead(sources) {
  const reads = sources.map((one) => moment(one.last_success)).filter((at) => at !== null);
  if (!reads.length) return word("center.unseen");
  return word("center.seen", { span: span(Date.now() - Math.min(...reads)) });
}

/** A small menu of buttons that closes when the focus leaves it. */
export function menu(buttons, label) {
  const details = h(
    "details",
    { class: "menu" },
    h("summary", { "aria-label": `${word("tool.menu")}: ${label}`, title: word("tool.menu") }, "⋯"),
    h("div", { class: "list" }, buttons),
  );
  const close = () => (details.open = false);
  details.addEventListener("focusout", (event) => details.contains(event.relatedTarget) || setTimeout(close, 150));
  details.addEventListener("click", (event) => event.target.closest("button") && close());
  details.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), close()));
  return details;
}
