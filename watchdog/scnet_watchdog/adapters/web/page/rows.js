// The fleet as the page knows it: rows, what an event makes of them, filter and order. No document.

import { DAY, moment } from "./time.js";

export const STATUSES = [
  "failed", "stopped", "completed", "missing", "unknown", "waiting", "deploying", "running",
];
export const DOWN = new Set(["failed", "stopped", "completed"]);

const RANK = new Map(STATUSES.map((status, rank) => [status, rank]));
const byName = new Intl.Collator(undefined, { numeric: true }).compare;
const nameFirst = (a, b) => byName(a.name, b.name) || byName(a.id, b.id);
const LATE = Number.MAX_SAFE_INTEGER;

export const ORDERS = {
  down: (a, b) => rank(a) - rank(b) || nameFirst(a, b),
  name: nameFirst,
  since: (a, b) => (moment(b.since) ?? 0) - (moment(a.since) ?? 0) || nameFirst(a, b),
  next: (a, b) => (moment(a.next_at) ?? LATE) - (moment(b.next_at) ?? LATE) || nameFirst(a, b),
};

function rank(row) {
  return RANK.get(row.status) ?? 4;
}

export const NO_FILTER = { q: "", status: "", reason: "", center: "", group: "", order: "down" };

/** The rows that pass a filter, in its order. */
export function chosen(rows, filter) {
  const text = filter.q.trim().toLowerCase();
  const found = rows.filter(
    (row) =>
      (!filter.status || (filter.status === "down" ? DOWN.has(row.status) : row.status === filter.status)) &&
      (!filter.reason || row.reason === filter.reason) &&
      (!filter.center || row.center === filter.center) &&
      (!filter.group || row.group === filter.group) &&
      (!text || [row.name, row.id, row.group].some((one) => one?.toLowerCase().includes(text))),
  );
  return found.sort(ORDERS[filter.order] ?? ORDERS.down);
}

/** How many rows have each value of a key. */
export function counts(rows, key) {
  const found = new Map();
  for (const row of rows) found.set(row[key], (found.get(row[key]) ?? 0) + 1);
  return found;
}

/** What a row becomes by an event at once; the whole truth is read soon after. */
export function after(row, event) {
  const since = event.timestamp;
  switch (event.event) {
    case "instance.status_changed":
    case "instance.returned":
      return { ...row, status: event.status ?? row.status, since };
    case "instance.missing":
      return { ...row, status: "missing", since };
    case "decision.changed":
      return { ...row, reason: event.reason, next_at: event.next_at ?? null };
    case "restart.requested":
      return event.shadow ? row : { ...row, attempts_24h: row.attempts_24h + 1 };
    default:
      return row;
  }
}

const TOLD = new Set(["instance.status_changed", "instance.missing", "instance.returned"]);

/** Changes of status by instance, oldest first: what the strips of the last day are drawn from. */
export class Days {
  constructor() {
    this.changes = new Map();
    this.known = 0;
  }

  /** Begin anew with a journal's answer; where it was cut off, nothing is known before it. */
  fill(events, since, limit) {
    this.changes.clear();
    this.known = events.length >= limit ? moment(events[0].timestamp) : since;
    // Before the state was made nobody looked: the first change seen tells nothing about it.
    const made = events.filter((event) => event.event === "state.created");
    for (const event of made) this.known = Math.max(this.known, moment(event.timestamp));
    events.forEach((event) => this.add(event));
  }

  add(event) {
    if (!TOLD.has(event.event)) return;
    const status = event.event === "instance.missing" ? "missing" : event.status;
    const list = this.changes.get(event.instance) ?? [];
    const at = moment(event.timestamp);
    // An event may come both from the journal and from the stream.
    if (list.length && list[list.length - 1].at >= at) return;
    list.push({ at, status, previous: event.previous ?? null });
    this.changes.set(event.instance, list);
  }

  /** `[{from, to, status}]` over the day that ends now; status null = not known. */
  segments(row, now) {
    const start = now - DAY;
    const since = moment(row.since) ?? now;
    if (since <= start) return [{ from: start, to: now, status: row.status }];
    let list = (this.changes.get(row.id) ?? []).filter((one) => one.at > start);
    if (!list.length) list = [{ at: since, status: row.status, previous: null }];
    const found = [];
    let [from, status] = [start, null];
    const cut = (at, next) => {
      if (at > from) found.push({ from, to: at, status });
      [from, status] = [Math.max(from, at), next];
    };
    cut(Math.max(start, this.known), list[0].previous);
    for (const one of list) cut(one.at, one.status);
    cut(now, null);
    return found;
  }
}
