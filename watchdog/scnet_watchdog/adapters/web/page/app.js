// Puts the page together: reads the fleet, hears events, and lets the reader ask for things.

import * as api from "./api.js";
import { centerCards, menu } from "./centers.js";
import { confirm, said } from "./dialog.js";
import { by, h, put } from "./dom.js";
import { Filter } from "./filter.js";
import { Table } from "./fleet.js";
import { later } from "./later.js";
import { logIn } from "./login.js";
import { Panel } from "./panel.js";
import { Report } from "./report.js";
import { after, chosen, Days, NO_FILTER } from "./rows.js";
import { Stream } from "./stream.js";
import { applyTheme, nextTheme } from "./theme.js";
import { DAY, tick } from "./time.js";
import { toast } from "./toast.js";
import { choose, language, recall, remember, word } from "./words.js";

const EVENTS = 10000; // As many as one answer holds.
const READ_AGAIN_MS = 60000;
const SLEEP_AFTER_MS = 60000;
const SESSION = "scnet-watchdog.session"; // Whether there is one to end; the cookie is not ours to read.

const days = new Days();
const state = { rows: new Map(), centers: [], daemon: null, live: "again" };
const filter = new Filter(by("filter"), by("sums"), () => (address(), draw()), (verb, name) => askMany(verb, "group", name));
const table = new Table(by("fleet"), days, (id) => open(id));
const panel = new Panel(by("panel"), days, (verb, row) => askInstance(verb, row), () => open(null));
const report = new Report(by("report"), (id) => open(id), () => address());
const stream = new Stream({
  open: () => (mark("live"), begin()),
  event: take,
  lost: (status) => (mark("again"), status === 401 && letIn()),
});

// --- reading -----------------------------------------------------------------------------------

let reading = null;
let again = false;

/** Read the fleet; while it is being read, once more afterwards. */
async function read() {
  if (reading) return void (again = true);
  const began = Date.now();
  reading = api.fleet();
  try {
    const found = await reading;
    state.rows = new Map(found.instances.map((row) => [row.id, row]));
    state.centers = found.centers;
    state.daemon = found.daemon;
    notice(null);
    draw();
  } catch (failed) {
    if (failed.status === 401) letIn();
    else notice(failed.status === 0 ? word("error.lost") : word("daemon.unreadable", { error: failed.message }));
  } finally {
    reading = null;
  }
  if (again) {
    again = false;
    // A large fleet is read less often: at most a tenth of the time is spent on it.
    soon(Math.max(1000, 10 * (Date.now() - began)));
  }
}

const soon = later(() => document.hidden || read(), 700);
// Events come in storms: one drawing for all of a moment.
const drawSoon = later(() => draw(), 150);
const panelSoon = later(() => panel.refresh(), 600);

/** The stream is open: whatever happened before it is in these answers. */
async function begin() {
  read();
  if (report.failed) report.read();
  try {
    const since = Date.now() - DAY;
    days.fill(await api.events(since, { limit: EVENTS }), since, EVENTS);
    table.again();
    panel.refresh();
  } catch (failed) {
    if (failed.status !== 401) notice(said(failed));
  }
}

function take(event) {
  days.add(event);
  const row = state.rows.get(event.instance);
  if (row) {
    const next = after(row, event);
    state.rows.set(row.id, next);
    if (next !== row) drawSoon();
    if (row.id === panel.id) panelSoon();
  }
  soon();
}

let asking = false;

/** Without a session: ask for the token, then begin. */
async function letIn() {
  if (asking) return;
  asking = true;
  stream.stop();
  await logIn();
  asking = false;
  remember(SESSION, "began");
  tools();
  stream.start();
}

// --- drawing -----------------------------------------------------------------------------------

function draw() {
  const rows = [...state.rows.values()];
  const shown = chosen(rows, filter.value);
  filter.offer(rows);
  const clear = h("button", { type: "button", onclick: () => filter.set({ ...NO_FILTER }) }, word("fleet.clear"));
  const none = filter.plain ? [word("fleet.empty")] : [word("fleet.none"), " ", clear];
  table.show(shown, state.daemon ? none : []);
  centers(rows);
  daemon();
}

let centersDrawn = "";

function centers(rows) {
  const root = by("centers");
  const print = JSON.stringify([state.centers, rows.map((row) => [row.center, row.status]), language(), Math.floor(Date.now() / 5000)]);
  // An open menu is not taken out from under a hand.
  if (print === centersDrawn || root.querySelector("details[open]")) return;
  centersDrawn = print;
  put(root, centerCards(state.centers, rows, (verb, name) => askMany(verb, "center", name)));
}

function daemon() {
  const one = state.daemon;
  if (!one) return;
  const chips = [
    one.shadow && "shadow", one.draining && "draining", !one.writable && "unwritable",
    one.config?.rejected ? "rejected" : one.config?.changed_on_disk && "changed",
  ].filter(Boolean);
  const titles = { rejected: one.config?.rejected, changed: one.config?.path };
  put(by("daemon"), chips.map((chip) => h("span", { class: `chip ${chip}`, title: titles[chip] }, word("daemon." + chip))));
  const down = [...state.rows.values()].filter((row) => ["failed", "stopped", "completed"].includes(row.status)).length;
  document.title = down ? `(${down}) ${word("title")}` : word("title");
}

function mark(live) {
  state.live = live;
  const element = by("live");
  element.className = `live ${live}`;
  put(element, word("live." + live));
}

function notice(text) {
  by("notice").hidden = text === null;
  put(by("notice"), text ?? "");
}

function tools() {
  const button = (key, text, onclick) => h("button", { type: "button", id: `tool-${key}`, title: word("tool." + key), "aria-label": word("tool." + key), onclick }, text);
  const all = { kind: "fleet", name: "", shown: word("who.fleet"), count: state.rows.size };
  const show = (properties) => h("button", { type: "button", "aria-haspopup": "dialog", onclick: () => report.show("30d"), ...properties }, word("tool.report"));
  const more = ["hold", "release"].map((verb) => h("button", { type: "button", onclick: () => askFor(verb, { ...all, count: state.rows.size }) }, word("ask." + verb, { who: all.shown })));
  more.unshift(show({ class: "report" }));
  more.push(h("button", { type: "button", onclick: askReload }, word("tool.reload")));
  // Who came without a token has no session to end.
  if (recall(SESSION)) more.push(h("button", { type: "button", onclick: leave }, word("tool.logout")));
  put(
    by("tools"),
    show({ id: "tool-report" }),
    h("button", { type: "button", id: "tool-language", lang: language() === "en" ? "zh" : "en", onclick: otherLanguage }, word("tool.language")),
    button("theme", "◐", nextTheme),
    menu(more, word("title")),
  );
}

function words() {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  tools();
  filter.words();
  panel.measuredAt = 0;
  table.words();
  mark(state.live);
  draw();
  panel.refresh();
}

function otherLanguage() {
  choose(language() === "en" ? "zh" : "en");
  words();
  by("tool-language").focus();
}

async function leave() {
  try {
    await api.logOut();
    remember(SESSION, "");
    location.reload();
  } catch (failed) {
    toast(said(failed));
  }
}

// --- asking ------------------------------------------------------------------------------------

function askInstance(verb, row) {
  askFor(verb, { kind: "instances", name: row.id, shown: row.name, row });
}

/** `kind`: center or group. */
function askMany(verb, kind, name) {
  const count = [...state.rows.values()].filter((row) => row[kind] === name).length;
  askFor(verb, { kind: `${kind}s`, name, shown: word("who." + kind, { name }), count });
}

/** What the config on disk would lead to, before it does. */
async function askReload() {
  try {
    const { impact } = await api.post("/reload", { preview: true });
    askFor("reload", { kind: "fleet", name: "", shown: "", impact });
  } catch (failed) {
    toast(said(failed));
  }
}

async function askFor(verb, target) {
  const done = await confirm(verb, target);
  if (done === null) return;
  toast(done);
  read();
  panel.refresh();
}

// --- where the reader is -----------------------------------------------------------------------

function open(id) {
  const from = panel.id;
  table.opened = id;
  address(id);
  panel.show(id);
  table.draw();
  if (id === null && from !== null) by("fleet").focus({ preventScroll: true });
}

function address(id = panel.id) {
  const parameters = new URLSearchParams();
  filter.write(parameters);
  if (id !== null) parameters.set("i", id);
  if (report.since !== null) parameters.set("report", report.since);
  history.replaceState(null, "", `#${parameters}`);
}

function arrive() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  filter.read(parameters);
  table.opened = parameters.get("i");
  if (table.opened !== panel.id) panel.show(table.opened, false);
  if (parameters.get("report") !== report.since) report.show(parameters.get("report"));
  draw();
}

function keys(event) {
  const typing = event.target.closest?.("input, select, textarea, dialog");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    filter.q.focus();
  } else if (event.key === "Escape" && event.target === filter.q) by("fleet").focus();
  else if (event.key === "Escape" && !typing && panel.id !== null) open(null);
}

let sleeping = null;

/** A page nobody looks at keeps no connection: browsers have only a few for each host. */
function seen() {
  clearTimeout(sleeping);
  if (!document.hidden) {
    if (!stream.running && !asking) stream.start();
    else soon(0);
    return;
  }
  sleeping = setTimeout(() => (stream.stop(), mark("asleep")), SLEEP_AFTER_MS);
}

applyTheme();
words();
arrive();
stream.start();
window.addEventListener("hashchange", arrive);
document.addEventListener("keydown", keys);
document.addEventListener("visibilitychange", seen);
setInterval(tick, 1000);
setInterval(() => soon(0), READ_AGAIN_MS);
setInterval(() => centers([...state.rows.values()]), 5000);
