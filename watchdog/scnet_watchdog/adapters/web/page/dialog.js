// Asks before anything is done: what will happen, in a sentence, and what else is to be said.

import * as api from "./api.js";
import { by, h, put } from "./dom.js";
import { recall, remember, word } from "./words.js";

const NAME = "scnet-watchdog.by";
const LENGTHS = ["3600", "14400", "43200", "86400", "604800", "running"];
const DOWN = new Set(["failed", "stopped", "completed"]);

/**
 * Ask and do. `target`: `{kind, name, shown, row, count}`; `row` only for an instance.
 * Returns what was done as a sentence, or null where it was thought better of.
 */
export function confirm(verb, target) {
  const form = h("form", { method: "dialog" });
  const inputs = verb === "reload" ? {} : inputsOf(verb, target);
  const error = h("p", { class: "error", role: "alert", hidden: true });
  const go = h("button", { type: "submit", class: verb === "restart" ? "go danger" : "go" }, word("verb." + verb));
  const cancel = h("button", { type: "button", value: "" }, word("ask.cancel"));
  put(
    form,
    h("h2", { id: "asked" }, word("ask." + verb, { who: target.shown })),
    h("p", { class: "will", id: "will" }, willOf(verb, target)),
    ...Object.values(inputs).map((one) => one.shown),
    error,
    h("div", { class: "buttons" }, cancel, go),
  );
  return run(form, cancel, async () => {
    go.disabled = true;
    go.textContent = word("ask.working");
    try {
      return await carryOut(verb, target, inputs);
    } catch (failed) {
      error.textContent = said(failed);
      error.hidden = false;
      go.disabled = false;
      go.textContent = word("verb." + verb);
      return undefined;
    }
  });
}

/** An error as the reader is told it. */
export function said(failed) {
  if (failed.status === 0) return word("error.lost");
  return failed.status === 409 ? word("error.refused", { error: failed.message }) : failed.message;
}

function run(form, cancel, act) {
  const dialog = by("dialog");
  put(dialog, form);
  dialog.setAttribute("aria-labelledby", "asked");
  dialog.setAttribute("aria-describedby", "will");
  return new Promise((resolve) => {
    let done = null;
    const close = () => dialog.close();
    cancel.addEventListener("click", close);
    // Beside the form is its backdrop. Nothing is returned: false would undo a button's click.
    dialog.onclick = (event) => void (event.target === dialog && close());
    dialog.onclose = () => resolve(done);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const found = await act();
      if (found === undefined) return;
      done = found;
      close();
    });
    dialog.showModal();
    // The safe answer has the focus: Enter out of habit does nothing.
    cancel.focus();
  });
}

async function carryOut(verb, target, inputs) {
  if (verb === "reload") {
    const found = await api.post("/reload");
    return found.impact || word("verb.reload");
  }
  const body = {};
  for (const one of Object.values(inputs)) one.say(body);
  const { done } = await api.order(target, verb, body);
  return done;
}

function inputsOf(verb, target) {
  const found = {};
  if (verb === "hold") {
    found.length = lengthInput();
    found.reason = textInput("reason", "ask.reason", "ask.reason.hint", "");
  }
  if (verb === "release" && target.kind !== "instances") found.every = everyInput();
  found.by = textInput("by", "ask.by", "ask.by.hint", recall(NAME) ?? "", (value) => remember(NAME, value));
  return found;
}

function lengthInput() {
  const select = h("select", {}, ...LENGTHS.map((one) => h("option", { value: one, selected: one === "14400" }, word("for." + one))));
  const say = (body) => {
    if (select.value === "running") body.until_running = true;
    else body.for_s = Number(select.value);
  };
  return { shown: h("label", {}, h("span", {}, word("ask.for")), select), say };
}

function textInput(key, label, hint, value, keep = () => {}) {
  const input = h("input", { type: "text", maxlength: "200", value, placeholder: word(hint), autocomplete: "off" });
  const say = (body) => {
    if (input.value.trim()) body[key] = input.value.trim();
    keep(input.value.trim());
  };
  return { shown: h("label", {}, h("span", {}, word(label)), input), say };
}

function everyInput() {
  const input = h("input", { type: "checkbox" });
  const say = (body) => input.checked && (body.every = true);
  return { shown: h("label", { class: "check" }, input, h("span", {}, word("ask.every"))), say };
}

function willOf(verb, target) {
  if (verb === "reload") return [word("will.reload"), target.impact ? ` ${word("will.reload.impact", { impact: target.impact })}` : ""].join("");
  if (!target.row) return word(`will.${verb}.many`, { count: target.count });
  const { status, hold } = target.row;
  if (verb === "restart") {
    return word(DOWN.has(status) ? "will.restart.down" : "will.restart.up", { status: word("status." + status) });
  }
  if (verb === "release" && !hold) return word("will.release.unheld");
  if (verb === "release" && hold.scope !== "instance") {
    return word("will.release.other", { scope: word("scope." + hold.scope) });
  }
  return word("will." + verb);
}
