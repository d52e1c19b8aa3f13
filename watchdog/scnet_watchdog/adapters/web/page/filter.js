// Filter and order: the controls, the counts by status, and the address that keeps both.

import { menu } from "./centers.js";
import { h, put } from "./dom.js";
import { counts, DOWN, NO_FILTER, ORDERS, STATUSES } from "./rows.js";
import { word } from "./words.js";

export class Filter {
  /** `changed()`: the reader chose something else; `ask(verb, group)`: a button was pressed. */
  constructor(root, sums, changed, ask) {
    this.root = root;
    this.sums = sums;
    this.changed = changed;
    this.ask = ask;
    this.value = { ...NO_FILTER };
    this.options = "";
  }

  get plain() {
    const { q, status, reason, center, group } = this.value;
    return !q && !status && !reason && !center && !group;
  }

  set(part) {
    Object.assign(this.value, part);
    this.fit();
    this.changed();
  }

  words() {
    this.root.setAttribute("aria-label", word("filter.label"));
    const select = (key, label) =>
      h("select", { "aria-label": label, onchange: (event) => this.set({ [key]: event.target.value }) });
    this.q = h("input", {
      type: "search", id: "q", placeholder: word("filter.text"), "aria-label": word("filter.text"),
      autocomplete: "off", spellcheck: "false", oninput: (event) => this.set({ q: event.target.value }),
    });
    this.reason = select("reason", word("filter.reason"));
    this.center = select("center", word("filter.center"));
    this.group = select("group", word("filter.group"));
    this.groups = h("span", { class: "groups" });
    this.order = select("order", word("order.label"));
    put(this.order, Object.keys(ORDERS).map((one) => h("option", { value: one }, word("order." + one))));
    put(this.root, this.q, this.reason, this.center, this.groups, h("span", { class: "gap" }), this.order);
    this.options = "";
    this.fit();
  }

  /** Offer what there is now, with how many there are of each. */
  offer(rows) {
    const found = { reason: counts(rows, "reason"), center: counts(rows, "center"), group: counts(rows, "group") };
    found.group.delete(null);
    this.sum(rows.length, counts(rows, "status"));
    const options = JSON.stringify(Object.values(found).map((one) => [...one].sort()));
    if (options === this.options) return;
    this.options = options;
    this.fill(this.reason, "filter.reason", [...found.reason].sort(), (one) => word("reason." + one), this.value.reason);
    this.fill(this.center, "filter.center", [...found.center].sort(), (one) => one, this.value.center);
    this.fill(this.group, "filter.group", [...found.group].sort(), (one) => one, this.value.group);
    this.center.hidden = found.center.size < 2 && !this.value.center;
    this.groups.hidden = !found.group.size && !this.value.group;
  }

  fill(select, all, values, say, chosen) {
    const shown = values.filter(([one, count]) => count > 0 || one === chosen);
    // What an address asks for stays to be seen, even where there is none of it now.
    if (chosen && !shown.some(([one]) => one === chosen)) shown.push([chosen, 0]);
    put(select, h("option", { value: "" }, word(all)), shown.map(([one, count]) => h("option", { value: one }, `${say(one)} (${count})`)));
    this.fit();
  }

  sum(total, statuses) {
    const chip = (value, count, text) =>
      h("button", {
        type: "button", class: `sum ${value || "all"}`, "data-status": value, "aria-pressed": String(this.value.status === value),
        onclick: () => this.set({ status: this.value.status === value ? "" : value }),
      }, h("b", {}, count.toLocaleString()), ` ${text}`);
    const found = STATUSES.filter((one) => statuses.get(one) || this.value.status === one);
    const down = STATUSES.filter((one) => DOWN.has(one)).reduce((sum, one) => sum + (statuses.get(one) ?? 0), 0);
    const focused = this.sums.contains(document.activeElement) ? document.activeElement.dataset.status : null;
    const chips = [chip("", total, word("sum.all"))];
    if (down || this.value.status === "down") chips.push(chip("down", down, word("sum.down")));
    chips.push(...found.map((one) => chip(one, statuses.get(one) ?? 0, word("status." + one))));
    put(this.sums, chips);
    if (focused !== null) [...this.sums.children].find((one) => one.dataset.status === focused)?.focus();
  }

  fit() {
    if (!this.q) return;
    if (this.q.value !== this.value.q) this.q.value = this.value.q;
    for (const key of ["reason", "center", "group", "order"]) this[key].value = this.value[key];
    this.verbs();
  }

  /** What may be asked of the chosen group, beside its name; an open menu stays as it is. */
  verbs() {
    const { group } = this.value;
    if (this.groups.dataset.group === group) return;
    this.groups.dataset.group = group;
    const who = word("who.group", { name: group });
    const buttons = ["hold", "release", "reset"].map((verb) =>
      h("button", { type: "button", onclick: () => this.ask(verb, group) }, word("ask." + verb, { who })),
    );
    put(this.groups, this.group, group ? menu(buttons, who) : null);
  }

  /** Take what an address says; an order that we do not know is ours. */
  read(parameters) {
    for (const key of Object.keys(NO_FILTER)) this.value[key] = parameters.get(key) ?? NO_FILTER[key];
    if (!(this.value.order in ORDERS)) this.value.order = NO_FILTER.order;
    this.fit();
  }

  write(parameters) {
    for (const [key, value] of Object.entries(this.value)) {
      if (value !== NO_FILTER[key]) parameters.set(key, value);
    }
  }
}
