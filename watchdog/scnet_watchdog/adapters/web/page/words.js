// Every word of the page in the chosen language: the browser's, or what the switch says.

import { EN } from "./words.en.js";
import { ZH } from "./words.zh.js";

const TABLES = { en: EN, zh: ZH };
const KEY = "scnet-watchdog.language";

let chosen = null;

/** `en` or `zh`. */
export function language() {
  if (chosen === null) {
    const wanted = [recall(KEY), ...(navigator.languages ?? [navigator.language])];
    chosen = wanted.map((one) => String(one).slice(0, 2).toLowerCase()).find((one) => one in TABLES);
    chosen ??= "en";
  }
  return chosen;
}

export function choose(one) {
  chosen = one;
  remember(KEY, one);
}

/** A word or sentence; `{name}` stands for what is put in. A word we lack is shown as it is. */
export function word(key, parts = {}) {
  const text = TABLES[language()][key] ?? EN[key] ?? key.slice(key.indexOf(".") + 1);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(parts[name] ?? ""));
}

export function knows(key) {
  return key in TABLES[language()];
}

/** What this browser remembers; a browser that may not remember anything is no error. */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it holds until the page is closed.
  }
}
