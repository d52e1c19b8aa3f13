// The form that asks for the token, once.

import * as api from "./api.js";
import { by, h, put } from "./dom.js";
import { word } from "./words.js";

/** Ask until a session began. */
export function logIn() {
  const dialog = by("dialog");
  const input = h("input", { type: "password", required: true, autocomplete: "current-password", id: "token" });
  const error = h("p", { class: "error", role: "alert", hidden: true });
  const form = h(
    "form",
    { class: "login" },
    h("h2", { id: "asked" }, word("login.title")),
    h("label", {}, h("span", {}, word("login.token")), input),
    h("p", { class: "hint" }, word("login.hint")),
    error,
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "go" }, word("login.go"))),
  );
  put(dialog, form);
  dialog.setAttribute("aria-labelledby", "asked");
  dialog.onclick = null;
  dialog.onclose = null;
  // Without a session there is nothing behind this form.
  dialog.oncancel = (event) => event.preventDefault();
  if (!dialog.open) dialog.showModal();
  input.focus();
  return new Promise((resolve) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await api.logIn(input.value.trim());
        dialog.oncancel = null;
        dialog.close();
        resolve();
      } catch (failed) {
        const known = { 401: "login.wrong", 429: "login.slow", 0: "error.lost" }[failed.status];
        error.textContent = known ? word(known) : failed.message;
        error.hidden = false;
        input.select();
      }
    });
  });
}
