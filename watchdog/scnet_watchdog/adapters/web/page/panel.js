// One instance: the sentence first, then what may be asked, why, the last day, and what happened.

import * as api from "./api.js";
import { dayStrip } from "./day.js";
import { h, put } from "./dom.js";
import { tiles } from "./figures.js";
import { badge } from "./fleet.js";
import { eventLine } from "./story.js";
import { ago, clock, DAY, localised, moment, span, timeOf, until } from "./time.js";
import { word } from "./words.js";

const EVENTS = 60;
const FIGURES_MS = 60000;
const VERBS = ["hold", "release", "restart", "reset"];

export class Panel {
  /** `ask(verb, row)`: a button was pressed; `closed()`: the reader is done with it. */
  constructor(root, days, ask, closed) {
    this.root = root;
    this.days = days;
    this.ask = ask;
    this.closed = closed;
    this.id = null;
    this.more = false;
    this.figures = h("div", {});
    this.measuredAt = 0;
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.closed());
  }

  /** Show one instance, or with null nothing. */
  async show(id, focus = true) {
    if (id !== this.id) {
      this.more = false;
      this.figures = h("div", {});
      this.measuredAt = 0;
    }
    this.id = id;
    this.root.hidden = id === null;
    document.body.classList.toggle("aside", id !== null);
    if (id === null) return put(this.root);
    await this.refresh();
    if (focus) this.root.focus({ preventScroll: true });
    return undefined;
  }

  /** Read it again; what was asked for meanwhile wins. */
  async refresh() {
    const id = this.id;
    if (id === null) return;
    this.measure(id);
    try {
      const [row, why, events] = await Promise.all([
        api.instance(id), api.explain(id), api.events(Date.now() - DAY, { id, limit: EVENTS }),
      ]);
      if (id === this.id) this.draw(row, why, events);
    } catch (failed) {
      if (id === this.id) this.fail(failed);
    }
  }

  /** Its recovery figures; they change slowly, and cost more than the rest. */
  async measure(id) {
    if (Date.now() - this.measuredAt < FIGURES_MS) return;
    this.measuredAt = Date.now();
    const { figures } = this;
    try {
      const { instances } = await api.report("30d", { id });
      put(figures, h("dl", { class: "tiles" }, tiles(instances[0])));
    } catch (failed) {
      put(figures, h("p", { class: "none" }, failed.message));
    }
  }

  fail(failed) {
    const text = failed.status === 404 ? word("panel.gone") : failed.message;
    put(this.root, this.bar(h("h2", {}, this.id)), h("p", { class: "error" }, text));
  }

  draw(row, why, events) {
    const top = this.root.scrollTop;
    const held = this.root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    put(
      this.root,
      this.bar(h("h2", {}, row.name), badge(row.status)),
      h("p", { class: "sentence" }, sentence(row, why)),
      facts(row),
      h("div", { class: "verbs" }, VERBS.map((verb) => this.button(verb, row))),
      part("panel.day", this.day(row)),
      part("panel.why", this.ladder(why)),
      part("panel.attempts", attempts(row.attempts)),
      part("panel.figures", this.figures),
      part("panel.events", story(events)),
    );
    this.root.scrollTop = top;
    if (held) this.root.querySelector(`[data-key="${held}"]`)?.focus();
  }

  bar(...children) {
    const close = h("button", { type: "button", class: "close", "data-key": "close", "aria-label": word("panel.close"), title: `${word("panel.close")} (Esc)`, onclick: () => this.closed() }, "✕");
    return h("header", {}, ...children, h("span", { class: "gap" }), close);
  }

  button(verb, row) {
    return h("button", { type: "button", class: verb, "data-key": verb, onclick: () => this.ask(verb, row) }, word("verb." + verb));
  }

  day(row) {
    const now = Date.now();
    const axis = [24, 18, 12, 6, 0].map((hours) => h("span", {}, clock(now - hours * 3600000).replace(/:\d\d$/, "").replace(/^.* /, "")));
    return [dayStrip(this.days.segments(row, now), now), h("div", { class: "axis" }, axis)];
  }

  /** The checks that hold it; those that pass on request. */
  ladder(why) {
    const failed = why.checks.filter((one) => !one.passed);
    const passed = why.checks.filter((one) => one.passed);
    const list = h("ol", { class: "ladder" }, (this.more ? why.checks : failed).map((one) => rung(one, why)));
    if (this.more || !passed.length) return [list];
    const all = failed.length ? "panel.checks.more" : "panel.checks.all";
    const open = h("button", { type: "button", class: "more", "data-key": "more", onclick: () => {
      this.more = true;
      this.refresh();
    } }, word(all, { count: passed.length }));
    return failed.length ? [list, open] : [open];
  }
}

function part(title, content) {
  return h("section", {}, h("h3", {}, word(title)), ...[content].flat());
}

function rung(check, why) {
  const deciding = !check.passed && check.name === why.reason;
  return h(
    "li",
    { class: `${check.passed ? "passed" : "failed"}${deciding ? " deciding" : ""}` },
    h("i", { "aria-hidden": "true" }, check.passed ? "✓" : "✗"),
    h("b", { title: check.name }, word("check." + check.name)),
    h("small", {}, localised(check.detail)),
    ...told(check.settings || []).map((line) => h("small", { class: "settings" }, line)),
  );
}

/** The settings behind a check, one line per block, as `explain` tells them: `cooldown: initial 1m (policy)`. */
function told(settings) {
  const blocks = new Map();
  for (const { name, value, from } of settings) {
    const at = name.lastIndexOf(".");
    const parts = blocks.get(name.slice(0, Math.max(at, 0))) || [];
    blocks.set(name.slice(0, Math.max(at, 0)), parts);
    const said = `${name.slice(at + 1)} ${[value].flat().join(" ")}`;
    const last = parts.at(-1);
    if (last && last.from === from) last.said.push(said);
    else parts.push({ from, said: [said] });
  }
  return [...blocks].map(([block, parts]) => {
    const line = parts.map((one) => `${one.said.join(", ")} (${one.from})`).join(", ");
    return block ? `${block}: ${line}` : line;
  });
}

/** The daemon's own sentence is English; in another language one is made of the same values. */
function sentence(row, why) {
  if (!word("panel.sentence")) return why.sentence;
  const since = row.since ? clock(moment(row.since)) : "–";
  const next = why.next_at ? `，${clock(moment(why.next_at))}` : "";
  const parts = { name: row.name, status: word("status." + row.status), since, next };
  return word("panel.sentence", { ...parts, reason: word("reason." + why.reason) });
}

function facts(row) {
  const entries = [
    ["panel.id", h("code", {}, row.id)],
    ["panel.center", row.center],
    ["panel.group", row.group],
    ["head.since", ago(row.since)],
    ["head.next", until(row.next_at)],
    ["panel.breaker", row.breaker === "closed" ? null : word("breaker." + row.breaker)],
    ["panel.hold", row.hold && holdText(row.hold)],
  ].filter(([, value]) => value);
  return h("dl", {}, entries.flatMap(([key, value]) => [h("dt", {}, word(key)), h("dd", {}, value)]));
}

function holdText(hold) {
  const until_ = hold.until_running ? word("panel.held.running") : "";
  const ends = hold.ends_at ? word("panel.held.until", { at: clock(moment(hold.ends_at)) }) : until_;
  const text = word("panel.held", { author: hold.author || "?", scope: word("scope." + hold.scope), ends });
  return hold.reason ? `${text}: ${hold.reason}` : text;
}

function attempts(rows) {
  if (!rows.length) return h("p", { class: "none" }, word("panel.none"));
  return h("ol", { class: "attempts" }, [...rows].sort((a, b) => b.seq - a.seq).map(attempt));
}

function attempt(one) {
  const said = [one.outcome ? word("outcome." + one.outcome) : word("panel.open"), one.outcome !== "accepted" && one.code ? `(${one.code})` : null];
  const took = one.judged_at ? ` · ${span(moment(one.judged_at) - moment(one.requested_at))}` : "";
  return h(
    "li",
    { class: one.verdict ?? one.outcome ?? "open" },
    timeOf(one.requested_at),
    h("span", {}, h("b", {}, word("panel.attempt", { number: one.attempt })), " · ", said.filter(Boolean).join(" ")),
    one.verdict ? h("em", {}, word("verdict." + one.verdict) + took) : null,
  );
}

function story(events) {
  if (!events.length) return h("p", { class: "none" }, word("panel.none"));
  return h("ol", { class: "story" }, [...events].reverse().map(eventLine));
}
