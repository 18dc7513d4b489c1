// events.js -- The table of what happened lately, newest first.
import { make } from "./dom.js";
import { isKilled } from "./model.js";
import { formatBytes, formatClock, formatDuration } from "./units.js";

const ROWS_MAX = 100;

function gcText(gc) {
  const freed = gc.freed_bytes == null ? "" : `, freed ${formatBytes(gc.freed_bytes)}`;
  return `${formatBytes(gc.marked_bytes)} live${freed}, paused ${formatDuration(gc.pause_ns)}; ` +
    `next at ${formatBytes(gc.next_goal_bytes)}`;
}

// "bytes=4194304" is "4.0 MiB"; anything else stays as it was sent.
function argumentsText(text) {
  const bytes = /^bytes=(\d+)$/.exec(text ?? "");
  return bytes ? formatBytes(Number(bytes[1])) : (text ?? "").replace(/^bytes=/, "");
}

// What one message looks like in the table: { atMs, life, kind, what, result }, or null.
export function eventOf(name, message, life) {
  const atMs = message.at_ns == null ? Date.now() : life ? life.started_at_ms + message.at_ns / 1e6
    : Date.now();
  switch (name) {
  case "gc":
    return { atMs, life: message.life, kind: message.is_forced ? "gc-forced" : "gc",
      what: `gc ${message.number}${message.is_forced ? " (forced)" : ""}`,
      result: gcText(message) };
  case "life":
    return message.state === "running"
      ? { atMs: message.started_at_ms, life: message.life, kind: "life", what: "begins",
        result: `in a cage of ${formatBytes(message.settings.limit_bytes)}` }
      : { atMs: message.started_at_ms + (message.wall_ns ?? 0) / 1e6, life: message.life,
        kind: isKilled(message) ? "killed" : "life", what: isKilled(message) ? "✗ ends" : "ends",
        result: message.verdict ?? message.outcome };
  case "request":
    return { atMs: message.at_ms, life: message.life,
      kind: message.status < 400 ? "request" : "bad",
      what: `${message.path} ${argumentsText(message.arguments)}`,
      result: `${message.status} · ${message.text || "done"} · ${
        formatDuration(message.took_ns)}` };
  case "log":
    return { atMs, life: message.life, kind: "log", what: message.kind ?? "log",
      result: message.text };
  default:
    return null;
  }
}

export function createEvents(body) {
  return {
    add(event) {
      body.prepend(make("tr", { "data-kind": event.kind },
        make("td", { class: "when" }, formatClock(event.atMs)),
        make("td", { class: "of-life" }, event.life == null ? "" : `life ${event.life}`),
        make("th", { scope: "row" }, event.what),
        make("td", {}, event.result)));
      while (body.rows.length > ROWS_MAX) {
        body.lastElementChild.remove();
      }
    },
  };
}
