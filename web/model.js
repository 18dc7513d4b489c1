// model.js -- What the page knows: settings, lives and their curves. It has no document.
import { isNever } from "./units.js";

export const LIVES_MAX = 16;
const POINTS_MAX = 4000;
const SERIES = ["at_ms", "cage_bytes", "rss_bytes", "heap_bytes", "live_bytes", "goal_bytes"];

// Half of the points, and of each pair the one in which the cage was fuller: no peak is lost.
function halve(series) {
  const kept = [];
  for (let index = 0; index + 1 < series.at_ms.length; index += 2) {
    const isSecond = series.cage_bytes[index + 1] > series.cage_bytes[index];
    kept.push(isSecond ? index + 1 : index);
  }
  for (const name of SERIES) {
    series[name] = kept.map((index) => series[name][index]);
  }
}

function emptySeries() {
  return Object.fromEntries(SERIES.map((name) => [name, []]));
}

export function createModel() {
  return { server: null, settings: null, lives: [], clockSkewMs: 0 };
}

export function findLife(model, number) {
  return model.lives.find((life) => life.life === number);
}

export function lastLife(model) {
  return model.lives.at(-1);
}

function adoptLife(model, facts) {
  let life = findLife(model, facts.life);
  if (!life) {
    life = { series: emptySeries(), gcs: [], sample: null };
    model.lives.push(life);
    model.lives.splice(0, Math.max(0, model.lives.length - LIVES_MAX));
  }
  Object.assign(life, facts);
  return life;
}

function addSample(life, sample) {
  const { series } = life;
  const atMs = sample.at_ns / 1e6;
  life.sample = sample;
  life.cage_peak_bytes = Math.max(life.cage_peak_bytes ?? 0, sample.cage_bytes);
  life.num_gc = Math.max(life.num_gc ?? 0, sample.memstats.num_gc);
  if (atMs <= (series.at_ms.at(-1) ?? -1)) {
    return; // A reconnection's state may already hold it.
  }
  const point = [atMs, sample.cage_bytes, sample.rss_bytes, sample.memstats.heap_alloc,
    sample.live_bytes, sample.memstats.next_gc];
  SERIES.forEach((name, index) => series[name].push(point[index]));
  if (series.at_ms.length > POINTS_MAX) {
    halve(series);
  }
}

function addGc(life, gc) {
  if (!life.gcs.some((known) => known.number === gc.number)) {
    life.gcs.push({ ...gc, at_ms: gc.at_ns / 1e6 });
  }
  life.num_gc = Math.max(life.num_gc ?? 0, gc.number);
}

// One message of /events. Returns the life that it is about, if any.
export function applyMessage(model, name, message) {
  switch (name) {
  case "state":
    model.server = message.server;
    model.settings = message.settings;
    model.clockSkewMs = message.server.now_ms - Date.now();
    model.lives = [];
    return message.lives.map((life) => adoptLife(model, life)).at(-1);
  case "settings":
    model.settings = message;
    return undefined;
  case "life":
    return adoptLife(model, message);
  default: {
    const life = findLife(model, message.life);
    if (life && name === "sample") {
      addSample(life, message);
    } else if (life && name === "gc") {
      addGc(life, message);
    } else if (life && name === "request") {
      life.request_count = (life.request_count ?? 0) + 1;
    }
    return life;
  }
  }
}

export function isKilled(life) {
  return life.state === "ended" && /^(oom-killed|out-of-memory|killed)/.test(life.outcome ?? "");
}

export function isOomKilled(life) {
  return life.state === "ended" && /^oom-killed/.test(life.outcome ?? "");
}

// How long a life has lasted, in ns.
export function lifeDuration(model, life) {
  if (life.state === "ended" && life.wall_ns != null) {
    return life.wall_ns;
  }
  return Math.max(0, Date.now() + model.clockSkewMs - life.started_at_ms) * 1e6;
}

// The numbers of a life at one of its points; without an index, the newest.
export function numbersAt(life, index = life.series.at_ms.length - 1) {
  const { series } = life;
  if (index < 0 || index >= series.at_ms.length) {
    return null;
  }
  const live = series.live_bytes[index];
  const heap = series.heap_bytes[index];
  const goal = series.goal_bytes[index];
  const limit = life.settings.limit_bytes;
  return {
    at_ms: series.at_ms[index],
    cage: series.cage_bytes[index],
    rss: series.rss_bytes[index],
    heap,
    live,
    garbage: live == null ? null : Math.max(0, heap - live),
    goal,
    isNever: isNever(goal),
    limit,
    beyond: goal - limit,
  };
}
