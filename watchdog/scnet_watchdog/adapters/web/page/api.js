// Asks the daemon: answers as values, errors as `ApiError` with its sentence.

const API = "/api/v1";

/** What the daemon answered in place of what was asked. Status 0: it was not reached. */
export class ApiError extends Error {
  constructor(status, message, reason = null) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(API + path, { cache: "no-store", ...options });
  } catch (error) {
    throw new ApiError(0, String(error.message ?? error));
  }
  const text = await response.text();
  let content = null;
  try {
    content = JSON.parse(text);
  } catch {
    // A proxy's page and no answer of ours: the status must do.
  }
  if (response.ok && content !== null) return content;
  throw new ApiError(response.status, content?.error ?? response.statusText, content?.reason);
}

const named = (name) => encodeURIComponent(name);

export const fleet = () => ask("/instances");
export const instance = (id) => ask(`/instances/${named(id)}`);
export const explain = (id) => ask(`/instances/${named(id)}/explain`);

/** Journalled events since a moment, oldest first; of one instance or of all. */
export function events(since, { id = null, limit = 1000 } = {}) {
  const query = new URLSearchParams({ since: new Date(since).toISOString(), limit });
  if (id !== null) query.set("instance", id);
  return ask(`/events?${query}`);
}

/** Recovery figures since so long ago, such as `30d`; of one instance or of all. */
export function report(since, { id = null, worst = null } = {}) {
  const query = new URLSearchParams({ since });
  if (id !== null) query.set("instance", id);
  if (worst !== null) query.set("worst", worst);
  return ask(`/report?${query}`);
}

/** Ask for something. `scope`: `{kind: instances | centers | groups | fleet, name}`. */
export function order(scope, verb, body) {
  const where = scope.kind === "fleet" ? "/fleet" : `/${scope.kind}/${named(scope.name)}`;
  return post(`${where}/${verb}`, body);
}

export function post(path, body = {}) {
  const headers = { "content-type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Exchange the token for a session; the token is kept nowhere. */
export function logIn(token) {
  return ask("/session", { method: "POST", headers: { authorization: `Bearer ${token}` } });
}

export const logOut = () => ask("/session", { method: "DELETE" });
