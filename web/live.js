// live.js -- The page at work: the stream of events drives the view, the controls drive the server.
import * as actions from "./actions.js";
import { byId, setText } from "./dom.js";
import { createEvents, eventOf } from "./events.js";
import { listenForKeys } from "./keys.js";
import { applyMessage, createModel, isKilled, lastLife } from "./model.js";
import { playSpike } from "./plays.js";
import { createSettings } from "./settings.js";
import { cry, say } from "./speak.js";
import { listen } from "./stream.js";
import { formatBytes, MIB, parseBytes } from "./units.js";
import { createView } from "./view.js";

const DESCRIBE_PERIOD_MS = 1000;
const WINDOW_SECONDS = 60;

const model = createModel();
let view = null;
let events = null;
let settings = null;
let startedAtMs = null; // Of the server that we know: another one has been restarted.

function showResult(text, isBad) {
  const line = byId("result");
  setText(line, text);
  line.classList.toggle("is-bad", isBad);
}

// What an answer says, in one line.
function wordsOf(name, bytes, { status, body }) {
  if (status === 507) {
    return `${name}${bytes ? ` ${formatBytes(bytes)}` : ""}: the heap died of it`;
  }
  if (status !== 200) {
    return body.error ?? `answered ${status}`;
  }
  const { heap_alloc: heap, next_gc: goal } = body.memstats;
  const rest = `heap ${formatBytes(heap)}, next gc ${formatBytes(goal)}`;
  if (name === "release" && body.not_released > 0) {
    return `released ${formatBytes(body.released)}, ${formatBytes(body.not_released)} were not ` +
      `there to release: ${rest}`;
  }
  const done = { add: "added", release: "released", gc: "collected", reset: "reset" }[name] ?? name;
  return `${done}${bytes ? ` ${formatBytes(bytes)}` : ""}: ${rest}`;
}

// Shows and speaks an answer. A death is told by the life's end, not twice.
async function report(name, bytes, promise) {
  const button = byId(name);
  button.classList.add("is-busy");
  const answer = await promise;
  button.classList.remove("is-busy");
  const words = wordsOf(name, bytes, answer);
  showResult(words, answer.status !== 200);
  if (answer.status !== 507) {
    say(words);
  }
  return answer;
}

function actWithSize(name) {
  const text = byId("size").value.trim();
  report(name, parseBytes(text), actions[name](text));
}

async function play(isCollecting) {
  const plays = [byId("play-spike"), byId("play-spike-gc")];
  if (plays[0].disabled) {
    return;
  }
  plays.forEach((button) => { button.disabled = true; });
  view.follow();
  const life = lastLife(model);
  await playSpike(model.settings?.limit_bytes ?? 32 * MIB, isCollecting, {
    isFresh: !life || life.state === "ended",
    onStep: report,
  });
  plays.forEach((button) => { button.disabled = false; });
}

async function apply(changes) {
  if (Object.keys(changes).length === 0) {
    setText(byId("settings-note"), "Nothing to change: these rules are in force.");
    return;
  }
  const { status, body } = await actions.changeSettings(changes);
  const words = status !== 200 ? body.error
    : body.applied === "now" ? "In force now, for the running heap."
      : "In force. The next request meets a fresh heap.";
  byId("settings-note").classList.toggle("is-bad", status !== 200);
  setText(byId("settings-note"), words);
  say(words);
  if (status === 200) {
    model.settings = body.settings;
    settings.setSettings(body.settings, true);
    view.show();
  }
}

function carryOut({ action, value }) {
  switch (action) {
  case "gc": return report("gc", undefined, actions.collect());
  case "spike": return play(false);
  case "spike-gc": return play(true);
  default: return apply({ [action]: value });
  }
}

function showSize() {
  const bytes = parseBytes(byId("size").value);
  const isQuick = [...document.querySelectorAll("[data-size]")]
    .some((button) => parseBytes(button.dataset.size) === bytes);
  setText(byId("size-hint"), !bytes ? "such as 20M, 512K or 0.5GiB" : isQuick ? ""
    : formatBytes(bytes));
  for (const button of document.querySelectorAll("[data-size]")) {
    button.setAttribute("aria-pressed", String(parseBytes(button.dataset.size) === bytes));
  }
}

function connectControls() {
  byId("action-form").addEventListener("submit", (event) => {
    event.preventDefault();
    actWithSize("add");
  });
  byId("release").addEventListener("click", () => actWithSize("release"));
  byId("gc").addEventListener("click", () => report("gc", undefined, actions.collect()));
  byId("stats").addEventListener("click", () => report("stats", undefined, actions.stats()));
  byId("reset").addEventListener("click", () => report("reset", undefined, actions.reset()));
  byId("play-spike").addEventListener("click", () => play(false));
  byId("play-spike-gc").addEventListener("click", () => play(true));
  byId("size").addEventListener("input", showSize);
  for (const button of document.querySelectorAll("[data-size]")) {
    button.addEventListener("click", () => {
      byId("size").value = button.dataset.size;
      showSize();
    });
  }
  listenForKeys(() => byId("shortcuts").checked, {
    "/": () => byId("size").select(),
    w: () => view.setWindow(view.isWhole() ? WINDOW_SECONDS : null),
    t: () => view.theme.next(),
  });
}

async function readChoices() {
  const { status, body } = await actions.readSettings();
  if (status === 200) {
    settings.setChoices(body.choices);
  }
}

function takeState() {
  const { server } = model;
  setText(byId("title"), server.title ?? "");
  setText(byId("version"), `oomlab ${server.version} · ${server.script}`);
  byId("uncaged").hidden = server.is_caged;
  settings.setSettings(model.settings);
  readChoices();
  if (startedAtMs !== null && startedAtMs !== server.started_at_ms) {
    events.add({ atMs: Date.now(), kind: "log", what: "server", result: "has been restarted" });
    say("The server has been restarted.");
  } else if (startedAtMs === null) {
    for (const life of model.lives) {
      events.add(eventOf("life", { ...life, state: "running" }));
      life.gcs.slice(-8).forEach((gc) => events.add(eventOf("gc",
        { ...gc, life: life.life, at_ns: gc.at_ms * 1e6 }, life)));
      if (life.state === "ended") {
        events.add(eventOf("life", life));
      }
    }
  }
  startedAtMs = server.started_at_ms;
}

function onMessage(name, message) {
  const life = applyMessage(model, name, message);
  const event = eventOf(name, message, life);
  if (event) {
    events.add(event);
  }
  switch (name) {
  case "state":
    takeState();
    view.show();
    break;
  case "settings":
    settings.setSettings(message);
    view.show();
    break;
  case "life":
    view.show();
    if (isKilled(message)) {
      cry(`${message.verdict}. ${message.story ?? ""}`);
    } else if (message.state === "running") {
      say(`Life ${message.life} begins with a fresh heap.`);
    }
    break;
  default:
    view.showMoment();
  }
}

function onStatus(status, seconds) {
  const line = byId("connection");
  line.dataset.status = status;
  setText(line, status === "reconnecting"
    ? `reconnecting, next try in ${seconds < 1 ? "a moment" : `${Math.round(seconds)} s`}`
    : status);
}

export function startLive() {
  view = createView(model, { onHint: carryOut });
  events = createEvents(byId("events"));
  settings = createSettings(byId("settings"), byId("settings-undo"), { onApply: apply });
  connectControls();
  view.setWindow(WINDOW_SECONDS);
  showSize();
  listen("/events", { onMessage, onStatus });
  setInterval(view.describe, DESCRIBE_PERIOD_MS);
}
