// page_test.mjs -- What the live page makes of the numbers, without a browser. Prints TAP.
import assert from "node:assert/strict";
import { explain, roomBytes } from "../../web/explain.js";
import { applyMessage, createModel, lastLife, lifeDuration, LIVES_MAX, numbersAt }
  from "../../web/model.js";
import { formatBytes, formatDuration, isNever, MIB, parseBytes } from "../../web/units.js";

const SETTINGS = { limit_bytes: 32 * MIB, gogc: 100, memory_limit_bytes: null, policy: "go",
  policy_argument: "", collector: "stw", rules: "go1.19" };

let testCount = 0;
let failedCount = 0;

function test(sentence, body) {
  testCount += 1;
  try {
    body();
    console.log(`ok ${testCount} - ${sentence}`);
  } catch (error) {
    failedCount += 1;
    console.log(`not ok ${testCount} - ${sentence}`);
    console.log(String(error.stack).replace(/^/gm, "# "));
  }
}

const lifeMessage = (number, more = {}) => ({ life: number, started_at_ms: 1000, state: "running",
  settings: SETTINGS, outcome: null, verdict: null, story: null, evidence: null, wall_ns: null,
  cage_peak_bytes: 0, num_gc: 0, request_count: 0, ...more });

const sampleMessage = (number, atMs, { cage, heap, live, goal, idle = 0 }) => ({
  life: number, at_ns: atMs * 1e6, cage_bytes: cage, rss_bytes: cage, live_bytes: live,
  activity: "waiting", phase: "/add", request_bytes: 0, touched_bytes: 0,
  memstats: { heap_alloc: heap, heap_idle: idle, heap_released: 0, next_gc: goal, num_gc: 1 },
});

function modelWith(...messages) {
  const model = createModel();
  applyMessage(model, "state", { server: { now_ms: Date.now() }, settings: SETTINGS, lives: [] });
  messages.forEach(([name, message]) => applyMessage(model, name, message));
  return model;
}

const RELEASED = { cage: 29.5 * MIB, heap: 28.8 * MIB, live: 0, goal: 57.8 * MIB };

test("sizes are read as people type them", () => {
  assert.equal(parseBytes("20M"), 20 * MIB);
  assert.equal(parseBytes("20 MiB"), 20 * MIB);
  assert.equal(parseBytes("0.5GiB"), 512 * MIB);
  assert.equal(parseBytes("4096"), 4096);
  for (const text of ["", "much", "-1", "0", "1T", "0x10", "9".repeat(40)]) {
    assert.equal(parseBytes(text), null, text);
  }
});

test("sizes and times are written as people read them", () => {
  assert.equal(formatBytes(28.8 * MIB), "28.8 MiB");
  assert.equal(formatBytes(0), "0 B");
  assert.equal(formatBytes(null), "–");
  assert.equal(formatBytes(2 ** 63), "never");
  assert.equal(formatDuration(51.6e6), "52 ms");
  assert.equal(formatDuration(119.9e9), "2 min 0 s");
  assert.ok(isNever(2 ** 60) && isNever(null) && !isNever(2 ** 40));
});

test("a goal beyond the limit is warned of, with what is garbage by then", () => {
  const model = modelWith(["life", lifeMessage(1)], ["sample", sampleMessage(1, 100, RELEASED)]);
  const words = explain(lastLife(model), SETTINGS);
  assert.equal(words.tone, "warn");
  assert.match(words.title, /25\.8 MiB beyond the limit/);
  assert.match(words.text, /28\.8 MiB of the heap is garbage/);
  assert.deepEqual(words.hints.map((hint) => hint.action), ["gc", "memlimit", "policy"]);
});

test("a goal within the limit is no reason to warn", () => {
  const model = modelWith(["life", lifeMessage(1)],
    ["sample", sampleMessage(1, 100, { cage: 5 * MIB, heap: 4 * MIB, live: 4 * MIB,
      goal: 8 * MIB })]);
  assert.equal(explain(lastLife(model), SETTINGS).tone, "calm");
});

test("a goal that is never is called so", () => {
  const model = modelWith(["life", lifeMessage(1)],
    ["sample", sampleMessage(1, 100, { ...RELEASED, goal: 2 ** 63 })]);
  assert.match(explain(lastLife(model), SETTINGS).title, /No collection is planned/);
});

test("a death with garbage has the server's story, and gc in between to try", () => {
  const end = lifeMessage(1, { state: "ended", outcome: "oom-killed", verdict: "OOM-KILLED",
    story: "28.8 MiB were garbage.", wall_ns: 2e9 });
  const model = modelWith(["life", lifeMessage(1)], ["sample", sampleMessage(1, 100, RELEASED)],
    ["life", end]);
  const words = explain(lastLife(model), SETTINGS);
  assert.equal(words.tone, "dead");
  assert.equal(words.text, "28.8 MiB were garbage.");
  assert.equal(words.hints[0].action, "spike-gc");
});

test("a death of too much that is live is not blamed on the collector", () => {
  const end = lifeMessage(1, { state: "ended", outcome: "oom-killed", wall_ns: 2e9 });
  const model = modelWith(["life", lifeMessage(1)],
    ["sample", sampleMessage(1, 100, { ...RELEASED, live: RELEASED.heap })], ["life", end]);
  const actions = explain(lastLife(model), SETTINGS).hints.map((hint) => hint.action);
  assert.deepEqual(actions, ["spike", "limit"]);
});

test("what the heap keeps free counts as room", () => {
  const model = modelWith(["life", lifeMessage(1)], ["sample", sampleMessage(1, 100,
    { cage: 29 * MIB, heap: 0, live: 0, goal: 4 * MIB, idle: 28 * MIB })]);
  assert.equal(roomBytes(lastLife(model)), 31 * MIB);
});

test("garbage is not known while what is live is not", () => {
  const model = modelWith(["life", lifeMessage(1)],
    ["sample", sampleMessage(1, 100, { ...RELEASED, live: null })]);
  assert.equal(numbersAt(lastLife(model)).garbage, null);
  assert.equal(explain(lastLife(model), SETTINGS).tone, "warn");
});

test("a state replaces all that was known, and a sample that it holds is not added twice", () => {
  const model = modelWith(["life", lifeMessage(1)], ["life", lifeMessage(2)]);
  const series = { at_ms: [100], cage_bytes: [1], rss_bytes: [1], heap_bytes: [1],
    live_bytes: [1], goal_bytes: [1] };
  applyMessage(model, "state", { server: { now_ms: Date.now() }, settings: SETTINGS,
    lives: [{ ...lifeMessage(3), series, gcs: [] }] });
  applyMessage(model, "sample", sampleMessage(3, 100, RELEASED));
  assert.deepEqual(model.lives.map((life) => life.life), [3]);
  assert.equal(lastLife(model).series.at_ms.length, 1);
});

test("only so many lives are remembered", () => {
  const messages = Array.from({ length: LIVES_MAX + 4 }, (_, index) =>
    ["life", lifeMessage(index + 1)]);
  const model = modelWith(...messages);
  assert.equal(model.lives.length, LIVES_MAX);
  assert.equal(lastLife(model).life, LIVES_MAX + 4);
});

test("a curve that grows too long is thinned out without losing its peak", () => {
  const model = modelWith(["life", lifeMessage(1)]);
  for (let index = 0; index < 5000; index++) {
    applyMessage(model, "sample", sampleMessage(1, index * 100,
      { ...RELEASED, cage: index === 777 ? 31 * MIB : MIB }));
  }
  const { series } = lastLife(model);
  assert.ok(series.at_ms.length <= 4000);
  assert.equal(Math.max(...series.cage_bytes), 31 * MIB);
  assert.ok(series.at_ms.every((ms, index) => index === 0 || ms > series.at_ms[index - 1]));
});

test("an ended life lasted as long as the server says", () => {
  const model = modelWith(["life", lifeMessage(1, { state: "ended", wall_ns: 5e9 })]);
  assert.equal(lifeDuration(model, lastLife(model)), 5e9);
});

test("messages about lives that are not remembered do no harm", () => {
  const model = modelWith(["sample", sampleMessage(9, 1, RELEASED)],
    ["gc", { life: 9, number: 1, at_ns: 1 }], ["request", { life: 9 }], ["log", { life: 9 }]);
  assert.equal(model.lives.length, 0);
});

console.log(`1..${testCount}`);
process.exit(failedCount === 0 ? 0 : 1);
