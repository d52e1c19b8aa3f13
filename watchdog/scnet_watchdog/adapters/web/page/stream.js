// Hears events as they happen, and begins again by itself when the connection is lost.

const SILENT_FOR_MS = 40000; // The daemon sends a comment every 15 s.
const AGAIN_FIRST_MS = 1000;
const AGAIN_MOST_MS = 15000;

/**
 * One stream.
 *
 * `on.open`: connected, and nothing is missed from here; `on.event(event)`; `on.lost(status)`:
 * the connection ended and is tried again, unless the status is 401.
 */
export class Stream {
  constructor(on) {
    this.on = on;
    this.wait = AGAIN_FIRST_MS;
    this.running = false;
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.connect();
  }

  stop() {
    this.running = false;
    clearTimeout(this.timer);
    this.abort?.abort();
  }

  async connect() {
    const abort = (this.abort = new AbortController());
    let status = 0;
    try {
      const response = await fetch("/api/v1/stream", { signal: abort.signal, cache: "no-store" });
      status = response.status;
      if (response.ok) await this.read(response.body.getReader(), abort);
      else await response.body?.cancel();
    } catch {
      // Lost, refused or too silent: all the same from here, it is tried again.
    }
    clearTimeout(this.silence);
    if (!this.running || this.abort !== abort) return;
    this.on.lost(status);
    if (status === 401) return void (this.running = false);
    // Spread, so that a hundred pages do not come back at one moment.
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, AGAIN_MOST_MS);
  }

  async read(reader, abort) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      clearTimeout(this.silence);
      this.silence = setTimeout(() => abort.abort(), SILENT_FOR_MS);
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const messages = text.split("\n\n");
      text = messages.pop();
      messages.forEach((message) => this.take(message));
    }
  }

  take(message) {
    if (message.startsWith(": connected")) {
      this.wait = AGAIN_FIRST_MS;
      this.on.open();
    }
    const lines = message.split("\n").filter((line) => line.startsWith("data: "));
    if (lines.length) this.on.event(JSON.parse(lines.map((line) => line.slice(6)).join("\n")));
  }
}
