// Builds elements. Text is always set as text, never parsed: names come from strangers.

/** An element. `props`: attributes, or `on…` listeners; null and false leave one out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  put(element, ...children);
  return element;
}

/** Replace what an element holds. */
export function put(element, ...children) {
  element.replaceChildren(...children.flat().filter((one) => one !== null && one !== undefined));
  return element;
}

/** The element of the page with this id. */
export function by(id) {
  return document.getElementById(id);
}
