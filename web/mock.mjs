// mock.mjs -- Speaks to the page as `oomlab serve` does, with an invented heap: for page authors.
//
// Usage: node mock.mjs [serve] [--listen=127.0.0.1:PORT]
// The files that it serves are those of `npm run build`. With MOCK_UNCAGED set it has no cage.
// No cage, no collector: a few rules that make the 90/10 spike end as it does in the real program.
// What the real server says is in docs/http.md; where the two differ, this file is wrong.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";

const MIB = 1024 * 1024;
const BASE_BYTES = 0.55 * MIB;
const HEAP_MIN_BYTES = 4 * MIB;
const RUNTIME_BYTES = 9.3e6; // What Go's runtime takes from a memory limit.
const NEVER_BYTES = 2 ** 63;
const PERIOD_MS = 100;
const LIVES_MAX = 16;

const FILES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.js": ["page.js", "text/javascript; charset=utf-8"],
  "/page.css": ["page.css", "text/css; charset=utf-8"],
};
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const CHOICES = {
  policy: [
    { name: "go", title: "Go's own: GOGC and a memory limit", argument: "" },
    { name: "last-resort", title: "Collects before the heap outgrows the cage", argument: "" },
    { name: "percent-of-limit", title: "The goal is a share of the limit", argument: "80" },
  ],
  collector: ["stw", "incremental", "concurrent"],
  rules: ["go1.16", "go1.19", "go1.21"],
};

const settings = {
  limit_bytes: 32 * MIB, gogc: 100, memory_limit_bytes: null, policy: "go", policy_argument: "",
  collector: "stw", rules: "go1.19",
};
const startedAtMs = Date.now();
const lives = [];
const streams = new Set();
let messageCount = 0;
let life = null; // The running one, with what is hidden from the page in `heap`.

function send(name, data) {
  messageCount += 1;
  const text = `id: ${messageCount}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  streams.forEach((stream) => stream.write(text));
}

const atMs = () => Date.now() - life.started_at_ms;
const heapBytes = () => life.heap.live + life.heap.garbage;
const cageBytes = () => BASE_BYTES + life.heap.held;

function publicLife(one, isWhole) {
  const { heap, series, gcs, ...facts } = one;
  return isWhole ? { ...facts, series, gcs } : facts;
}

function startLife() {
  life = {
    life: (lives.at(-1)?.life ?? 0) + 1, started_at_ms: Date.now(), state: "running",
    settings: { ...settings }, outcome: null, verdict: null, story: null, evidence: null,
    wall_ns: null, cage_peak_bytes: 0, num_gc: 0, request_count: 0,
    series: { at_ms: [], cage_bytes: [], rss_bytes: [], heap_bytes: [], live_bytes: [],
      goal_bytes: [] },
    gcs: [],
    heap: { slabs: [], live: 0, garbage: 0, held: 0, goal: 0, mallocs: 0, forced: 0,
      phase: "(start)", request: 0, touched: 0 },
  };
  plan();
  lives.push(life);
  lives.splice(0, lives.length - LIVES_MAX);
  send("life", publicLife(life));
}

function endLife(outcome, verdict, story, evidence) {
  const overNs = atMs() * 1e6;
  Object.assign(life, { state: "ended", outcome, verdict, story, evidence, wall_ns: overNs });
  const ended = publicLife(life);
  life = null;
  send("life", ended);
  return ended;
}

function plan() {
  const { heap } = life;
  let goal = settings.gogc === "off" ? NEVER_BYTES
    : Math.max(HEAP_MIN_BYTES * settings.gogc / 100, heap.live * (1 + settings.gogc / 100));
  if (settings.memory_limit_bytes) {
    goal = Math.min(goal, Math.max(heap.live, settings.memory_limit_bytes - RUNTIME_BYTES));
  }
  heap.goal = Math.floor(goal);
}

function collect(isForced) {
  const { heap } = life;
  const freed = heap.garbage;
  heap.garbage = 0;
  plan();
  life.num_gc += 1;
  heap.forced += isForced ? 1 : 0;
  const pauseNs = 12000 + Math.floor(heap.live / 900);
  const gc = { number: life.num_gc, pause_ns: pauseNs, marked_bytes: heap.live,
    next_goal_bytes: heap.goal, is_forced: isForced };
  life.gcs.push({ ...gc, at_ms: atMs() });
  send("gc", { life: life.life, at_ns: atMs() * 1e6, freed_bytes: freed, ...gc });
}

function memstats() {
  const { heap } = life;
  return {
    alloc: heapBytes(), mallocs: heap.mallocs, frees: heap.mallocs - heap.slabs.length,
    heap_alloc: heapBytes(), heap_idle: heap.held - heapBytes(), heap_objects: heap.slabs.length,
    heap_inuse: heapBytes(), heap_released: 0, heap_sys: heap.held, last_gc_ns: 0,
    next_gc: heap.goal, num_gc: life.num_gc, num_forced_gc: heap.forced, gc_cpu_fraction: 0.0002,
  };
}

function sample() {
  if (!life) {
    return;
  }
  const { heap, series } = life;
  life.cage_peak_bytes = Math.max(life.cage_peak_bytes, cageBytes());
  const point = { at_ms: atMs(), cage_bytes: cageBytes(), rss_bytes: cageBytes() + 1.3 * MIB,
    heap_bytes: heapBytes(), live_bytes: heap.live, goal_bytes: heap.goal };
  Object.keys(series).forEach((name) => series[name].push(point[name]));
  if (series.at_ms.length > 600) {
    Object.keys(series).forEach((name) => {
      series[name] = series[name].filter((_, index) => index % 2 === 0);
    });
  }
  send("sample", {
    life: life.life, at_ns: point.at_ms * 1e6, cage_bytes: point.cage_bytes,
    rss_bytes: point.rss_bytes, live_bytes: heap.live, activity: "waiting", phase: heap.phase,
    request_bytes: heap.request, touched_bytes: heap.touched, memstats: memstats(),
  });
}

const inMiB = (bytes) => (bytes / MIB).toFixed(1);

function die(bytes, touched) {
  const { heap } = life;
  life.cage_peak_bytes = settings.limit_bytes;
  const beyond = heap.goal - settings.limit_bytes;
  const story = heap.garbage > MIB
    ? `${inMiB(heap.garbage)} MiB of the heap was garbage, but the next collection was planned ` +
      `at ${inMiB(heap.goal)} MiB, ${inMiB(beyond)} MiB beyond the limit of ` +
      `${inMiB(settings.limit_bytes)} MiB, so nothing asked for one before the cage was full.`
    : `${inMiB(heap.live)} MiB were live and ${inMiB(bytes)} MiB more were wanted, in a cage of ` +
      `${inMiB(settings.limit_bytes)} MiB: no collection could have made room for that.`;
  return endLife("oom-killed", `OOM-KILLED by the cage's limit in "${heap.phase}", ` +
    `${inMiB(touched)} of ${inMiB(bytes)} MiB touched`, story,
    "signal 9 (SIGKILL), oom_kill +1, limit: own");
}

function add(bytes) {
  const { heap } = life;
  const isOver = () => BASE_BYTES + Math.max(heap.held, heapBytes() + bytes) > settings.limit_bytes;
  if ((settings.policy === "last-resort" || settings.memory_limit_bytes) && isOver()) {
    collect(false);
  }
  const free = heap.held - heapBytes();
  if (isOver()) {
    const touched = settings.limit_bytes - cageBytes() + free;
    return { ended: die(bytes, touched) };
  }
  heap.slabs.push(bytes);
  heap.live += bytes;
  heap.mallocs += 1;
  heap.held = Math.max(heap.held, heapBytes());
  if (heapBytes() > heap.goal) {
    collect(false);
  }
  return { added: bytes, text: `added: ${bytes}` };
}

function release(bytes) {
  const { heap } = life;
  let left = bytes;
  while (left > 0 && heap.slabs.length > 0) {
    const part = Math.min(left, heap.slabs[0]);
    heap.slabs[0] -= part;
    left -= part;
    heap.live -= part;
    heap.garbage += part;
    if (heap.slabs[0] === 0) {
      heap.slabs.shift();
    }
  }
  return { released: bytes - left, not_released: left, text: `released: ${bytes - left}` };
}

const UNITS = { "": 1, k: 1024, m: MIB, g: 1024 * MIB };

function parseBytes(text) {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?$/i.exec(text ?? "");
  return match ? Math.floor(Number(match[1]) * UNITS[match[2].toLowerCase()]) : NaN;
}

const ACTIONS = {
  "/add": (bytes) => add(bytes),
  "/rel": (bytes) => release(bytes),
  "/gc": () => (collect(true), { text: "collected" }),
  "/stats": () => ({ text: "memstats" }),
  "/reset": () => (release(Infinity), collect(true), { text: "reset" }),
};

function answer(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

function act(method, path, query, response) {
  const action = path.replace(/\.json$/, "");
  const bytes = parseBytes(query.get("bytes"));
  if ((action === "/add" || action === "/rel") && !(bytes > 0)) {
    return answer(response, 400, { error: "bytes: a positive size is wanted, such as 20M" });
  }
  if (!life) {
    startLife();
  }
  Object.assign(life.heap, { phase: action, request: bytes || 0, touched: bytes || 0 });
  life.request_count += 1;
  const number = life.life;
  const { text, ended, ...result } = ACTIONS[action](bytes);
  const status = ended ? 507 : 200;
  send("request", { life: number, at_ms: Date.now(), method, path: action,
    arguments: query.toString(), status, took_ns: 4.2e6, text: ended ? ended.verdict : text });
  sample();
  if (ended) {
    const { outcome, verdict, story } = ended;
    return answer(response, status, { error: verdict, outcome, verdict, story, run: {} });
  }
  return answer(response, status, { ...result, memstats: memstats() });
}

function change(query) {
  const was = JSON.stringify([settings.limit_bytes, settings.policy, settings.collector,
    settings.rules]);
  const readers = {
    limit: (text) => { settings.limit_bytes = parseBytes(text); },
    gogc: (text) => { settings.gogc = text === "off" ? text : Number(text); },
    memlimit: (text) => {
      settings.memory_limit_bytes = text === "off" ? null : text.endsWith("%")
        ? Math.floor(settings.limit_bytes * parseFloat(text) / 100) : parseBytes(text);
    },
    policy: (text) => { [settings.policy, settings.policy_argument = ""] = text.split(":"); },
    collector: (text) => { settings.collector = text; },
    rules: (text) => { settings.rules = text; },
  };
  for (const [name, text] of query) {
    if (!readers[name] || /^abc/.test(text)) {
      throw new Error(`${name}=${text}: not understood`);
    }
    readers[name](text);
  }
  const is = JSON.stringify([settings.limit_bytes, settings.policy, settings.collector,
    settings.rules]);
  if (life && was !== is) {
    endLife("shut-down", "shut down for new settings", null, null);
  } else if (life) {
    plan();
  }
  send("settings", settings);
  return was === is ? "now" : "fresh";
}

const isCaged = process.env.MOCK_UNCAGED === undefined;

function state() {
  return {
    server: { version: "0.1.0", started_at_ms: startedAtMs, now_ms: Date.now(),
      sample_period_ms: PERIOD_MS, is_caged: isCaged, script: "interactive",
      title: "A heap that you drive" },
    settings, lives: lives.map((one) => publicLife(one, true)),
  };
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  response.setHeader("Content-Security-Policy", POLICY);
  if (FILES[url.pathname]) {
    const [name, type] = FILES[url.pathname];
    response.writeHead(200, { "Content-Type": type });
    response.end(readFileSync(new URL(`dist/${name}`, import.meta.url)));
  } else if (url.pathname === "/events") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(`id: ${messageCount}\nevent: state\ndata: ${JSON.stringify(state())}\n\n`);
    streams.add(response);
    request.on("close", () => streams.delete(response));
  } else if (url.pathname === "/collect-policy.json") {
    try {
      const applied = request.method === "POST" ? { applied: change(url.searchParams) } : {};
      answer(response, 200, { settings, choices: CHOICES, is_caged: isCaged, ...applied });
    } catch (error) {
      answer(response, 400, { error: error.message });
    }
  } else if (ACTIONS[url.pathname.replace(/\.json$/, "")]) {
    act(request.method, url.pathname, url.searchParams, response);
  } else {
    answer(response, 404, { error: "no such page" });
  }
});
const listenAt = process.argv.find((word) => word.startsWith("--listen="));
server.listen(Number(listenAt?.split(":").at(-1) ?? 1112), "127.0.0.1", () => {
  console.log(`mock of oomlab serve: http://127.0.0.1:${server.address().port}/`);
});
setInterval(sample, PERIOD_MS);
