// The fleet's recovery figures, on request: how long it was down, and what restarts made of that.

import * as api from "./api.js";
import { said } from "./dialog.js";
import { h, put } from "./dom.js";
import { failure, shares, tiles, worst } from "./figures.js";
import { timeOf } from "./time.js";
import { word } from "./words.js";

const SINCE = ["1d", "7d", "30d", "90d"];
const WORST = 10;

export class Report {
  /** `open(id)`: an instance was chosen; `changed()`: it was opened, closed, or asked differently. */
  constructor(root, open, changed) {
    this.root = root;
    this.open = open;
    this.changed = changed;
    this.since = null;
    this.failed = false;
    this.body = h("div", { class: "body", "aria-live": "polite" });
    root.addEventListener("close", () => this.shut());
    // Beside its content is its backdrop.
    root.addEventListener("click", (event) => event.target === root && root.close());
  }

  /** Show the figures since so long ago, or with null nothing. */
  show(since) {
    if (since === null) return void (this.root.open && this.root.close());
    this.since = SINCE.includes(since) ? since : "30d";
    this.frame();
    if (!this.root.open) this.root.showModal();
    this.changed();
    return void this.read();
  }

  shut() {
    this.since = null;
    put(this.body);
    this.changed();
  }

  frame() {
    const select = h("select", { "aria-label": word("report.since"), onchange: (event) => this.show(event.target.value) });
    put(select, SINCE.map((one) => h("option", { value: one, selected: one === this.since }, word("report." + one))));
    const close = h("button", { type: "button", class: "close", "aria-label": word("panel.close"), title: `${word("panel.close")} (Esc)`, onclick: () => this.root.close() }, "✕");
    put(this.root, h("div", { class: "frame" }, h("header", {}, h("h2", { id: "report-title" }, word("report.title")), h("span", { class: "gap" }), select, close), this.body));
  }

  /** What was asked for last wins. */
  async read() {
    const since = this.since;
    this.failed = false;
    put(this.body, h("p", { class: "none" }, word("ask.working")));
    try {
      const found = await api.report(since, { worst: WORST });
      if (since === this.since) this.draw(found);
    } catch (failed) {
      if (since !== this.since) return;
      this.failed = true;
      put(this.body, h("p", { class: "error" }, said(failed)));
    }
  }

  draw(found) {
    const { fleet } = found;
    const troubled = found.instances.filter((row) => row.down_s || row.outages);
    const choose = (id) => {
      this.root.close();
      this.open(id);
    };
    put(
      this.body,
      h("dl", { class: "tiles" }, tiles(fleet)),
      part("report.causes", fleet.causes, (kind) => word("status." + kind)),
      part("report.failures", fleet.failures, failure),
      troubled.length ? h("section", {}, h("h3", {}, word("report.worst")), h("div", { class: "wide" }, worst(troubled, choose))) : null,
      h("p", { class: "none" }, word("report.steady", { count: fleet.steady, all: fleet.instances })),
      h("p", { class: "none" }, word(found.complete ? "report.from" : "report.cut"), " ", timeOf(found.since)),
    );
  }
}

function part(title, tallies, say) {
  return Object.keys(tallies).length ? h("section", {}, h("h3", {}, word(title)), shares(tallies, say)) : null;
}
