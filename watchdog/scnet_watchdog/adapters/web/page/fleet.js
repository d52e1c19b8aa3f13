// The table of the fleet. Only the rows in sight are in the document, so that 5 000 cost as 30.
// The window scrolls; arrows move a mark, Enter opens the marked row.

import { dayStrip } from "./day.js";
import { h, put } from "./dom.js";
import { ago, until } from "./time.js";
import { word } from "./words.js";

const BEYOND = 12; // Rows drawn above and below what is in sight.
const HEADS = ["name", "status", "since", "decision", "next", "attempts", "day"];

export class Table {
  /**
   * `open(id)`: a row was chosen. `days`: what the strips are drawn from.
   */
  constructor(root, days, open) {
    this.root = root;
    this.days = days;
    this.open = open;
    this.rows = [];
    this.drawn = new Map();
    this.marked = null;
    this.opened = null;
    this.head = h("div", { class: "row head", role: "row" });
    this.body = h("div", { class: "rows", role: "rowgroup" });
    this.empty = h("div", { class: "empty" });
    put(root, this.head, this.body, this.empty);
    const later = () => this.later();
    window.addEventListener("scroll", later, { passive: true });
    window.addEventListener("resize", later);
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("focus", () => this.markVisible());
    this.body.addEventListener("click", (event) => this.click(event));
  }

  words() {
    this.root.setAttribute("aria-label", word("fleet.label"));
    put(this.head, HEADS.map((one) => h("span", { class: one, role: "columnheader", title: one === "attempts" ? word("head.attempts.title") : null }, word("head." + one))));
    this.again();
  }

  /** Show these rows, in this order. `nothing`: what stands in place of no rows. */
  show(rows, nothing) {
    this.rows = rows;
    this.at = new Map(rows.map((row, index) => [row.id, index]));
    this.root.setAttribute("aria-rowcount", rows.length + 1);
    put(this.empty, rows.length ? [] : nothing);
    this.draw();
  }

  /** Draw every row anew: the language changed, or the strips. */
  again() {
    this.drawn.clear();
    this.draw();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  height() {
    return parseFloat(getComputedStyle(this.root).getPropertyValue("--row")) || 52;
  }

  draw() {
    const height = this.height();
    this.body.style.height = `${this.rows.length * height}px`;
    const top = -this.body.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(top / height) - BEYOND);
    const to = Math.min(this.rows.length, Math.ceil((top + innerHeight) / height) + BEYOND);
    const shown = new Map();
    for (let index = from; index < to; index++) {
      const row = this.rows[index];
      const element = this.element(row);
      element.style.transform = `translateY(${index * height}px)`;
      element.setAttribute("aria-rowindex", index + 2);
      element.classList.toggle("odd", index % 2 === 1);
      shown.set(row.id, element);
    }
    this.keep(shown);
  }

  /** Bring the document to what is to be shown, touching only what differs. */
  keep(shown) {
    for (const element of [...this.body.children]) {
      if (shown.get(element.dataset.id) !== element) element.remove();
    }
    for (const element of shown.values()) if (!element.isConnected) this.body.append(element);
    this.drawn = new Map([...shown].map(([id, element]) => [id, [this.drawn.get(id)?.[0], element]]));
    this.mark();
  }

  element(row) {
    const [known, element] = this.drawn.get(row.id) ?? [];
    const print = JSON.stringify(row);
    if (known === print) return element;
    const made = this.make(row);
    this.drawn.set(row.id, [print, made]);
    return made;
  }

  make(row) {
    const now = Date.now();
    const where = [row.center, row.group].filter(Boolean).join(" · ");
    const cell = (name, ...children) => h("span", { class: name, role: "gridcell" }, ...children);
    const why = word("reason." + row.reason);
    return h(
      "div",
      { class: "row", role: "row", id: `row-${row.id}`, "data-id": row.id },
      cell("name", h("b", { title: row.id }, row.name), h("small", {}, where)),
      cell("status", badge(row.status)),
      cell("since", ago(row.since)),
      cell(`decision ${row.decision}`, h("b", { class: row.reason, title: row.reason }, why), h("small", {}, word("decision." + row.decision))),
      cell("next", until(row.next_at) ?? h("span", { class: "none" }, "–")),
      cell("attempts", row.attempts_24h ? String(row.attempts_24h) : h("span", { class: "none" }, "0")),
      cell("day", dayStrip(this.days.segments(row, now), now)),
    );
  }

  click(event) {
    const id = event.target.closest(".row")?.dataset.id;
    if (id === undefined || getSelection()?.toString()) return;
    this.marked = id;
    this.mark();
    this.open(id);
  }

  mark() {
    for (const [id, [, element]] of this.drawn) {
      element.classList.toggle("marked", id === this.marked);
      element.classList.toggle("opened", id === this.opened);
      element.setAttribute("aria-selected", id === this.marked);
    }
    const seen = this.marked !== null && this.drawn.has(this.marked);
    if (seen) this.root.setAttribute("aria-activedescendant", `row-${this.marked}`);
    else this.root.removeAttribute("aria-activedescendant");
  }

  markVisible() {
    if (this.at?.has(this.marked) || !this.rows.length) return;
    this.marked = this.rows[0].id;
    this.mark();
  }

  key(event) {
    if (event.target !== this.root || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(innerHeight / this.height()) - 4);
    const last = this.rows.length - 1;
    const here = this.at?.get(this.marked) ?? -1;
    const to = {
      ArrowDown: here + 1, ArrowUp: here - 1, j: here + 1, k: here - 1,
      PageDown: here + page, PageUp: here - page, Home: 0, End: last,
    }[event.key];
    if (to !== undefined && last >= 0) {
      event.preventDefault();
      this.move(Math.min(last, Math.max(0, to)));
    } else if (event.key === "Enter" && here >= 0) {
      event.preventDefault();
      this.open(this.marked);
    }
  }

  move(index) {
    this.marked = this.rows[index].id;
    const height = this.height();
    const top = this.body.getBoundingClientRect().top + index * height;
    const under = this.head.getBoundingClientRect().bottom;
    if (top < under) window.scrollBy(0, top - under - 4);
    else if (top + height > innerHeight) window.scrollBy(0, top + height - innerHeight + 12);
    this.draw();
  }
}

/** A status as colour, shape and word. */
export function badge(status) {
  return h("span", { class: `badge ${status}` }, word("status." + status));
}
