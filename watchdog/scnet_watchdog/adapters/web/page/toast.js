// Says for a moment what was done.

import { by, put } from "./dom.js";

let fading = null;

export function toast(text) {
  const element = by("toast");
  element.hidden = false;
  put(element, text);
  clearTimeout(fading);
  fading = setTimeout(() => (element.hidden = true), 8000);
}
