// Light or dark: what the system says, until the switch says otherwise.

import { recall, remember } from "./words.js";

const KEY = "scnet-watchdog.theme";

export function applyTheme() {
  const chosen = recall(KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

export function nextTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (document.documentElement.dataset.theme ?? dark) === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  remember(KEY, next);
}
