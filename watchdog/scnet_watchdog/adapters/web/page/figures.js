// Recovery figures as people read them: of the fleet in a view of its own, of one instance in its panel.

import { h } from "./dom.js";
import { span } from "./time.js";
import { knows, word } from "./words.js";

/** A share of time; never rounded up to all. */
export function percent(share) {
  if (share === null) return "–";
  return share >= 1 ? "100 %" : `${(Math.floor(share * 10000) / 100).toFixed(2)} %`;
}

function length(seconds) {
  return seconds === null ? "–" : span(seconds * 1000);
}

/** Big numbers, each with what belongs to it: `[name, value, more]`. */
export function tiles(one) {
  const calls = one.attempts_per_recovery;
  return [
    ["available", percent(one.availability), word("figure.down", { span: length(one.down_s) })],
    ["outages", one.outages.toLocaleString(), word("figure.open", { count: one.open })],
    ["healed", one.healed.toLocaleString(), calls === null ? null : word("figure.calls", { count: calls.toFixed(1) })],
    ["recover", length(one.recover_median_s), one.recover_longest_s === null ? null : word("figure.longest", { span: length(one.recover_longest_s) })],
    ["detect", length(one.detect_median_s), one.detect_p95_s === null ? null : word("figure.p95", { span: length(one.detect_p95_s) })],
  ].map(([name, value, more]) =>
    h("div", { class: `tile ${name}` }, h("dt", {}, word("figure." + name)), h("dd", {}, h("b", {}, value), more && h("small", {}, more))),
  );
}

/** How many outages of each kind a restart ended: a bar and its numbers each. */
export function shares(tallies, say) {
  const rows = Object.entries(tallies).sort(([, a], [, b]) => b.outages - a.outages);
  return h("ul", { class: "shares" }, rows.map(([kind, one]) => {
    const bar = h("i", {});
    bar.style.width = `${(100 * one.recovered) / one.outages}%`;
    const told = word("figure.share", { healed: one.recovered, count: one.outages });
    return h("li", {}, h("span", { title: kind }, say(kind)), h("span", { class: "bar", "aria-hidden": "true" }, bar), h("small", {}, told));
  }));
}

/** A failure that an outage met on its way. */
export function failure(kind) {
  for (const key of [`class.${kind}`, `verdict.${kind}`, `outcome.${kind}`]) if (knows(key)) return word(key);
  return kind;
}

/** Who was down longest; `open(id)`: one of them was chosen. */
export function worst(rows, open) {
  const heads = ["name", "available", "down_s", "outages", "recover"].map((one) => h("th", { scope: "col" }, word("figure.head." + one)));
  const line = (row) => h(
    "tr",
    {},
    h("td", {}, h("button", { type: "button", class: "more", title: row.id, onclick: () => open(row.id) }, row.name)),
    h("td", {}, percent(row.availability)),
    h("td", {}, length(row.down_s)),
    h("td", {}, String(row.outages)),
    h("td", {}, length(row.recover_median_s)),
  );
  return h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows.map(line)));
}
