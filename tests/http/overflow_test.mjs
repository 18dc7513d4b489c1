// overflow_test.mjs -- A request overflows the cage: what is told, what goes on, what is kept.
import { mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert, assertEnds, directory, eventually, finish, groupsOf, isSanitized, json, listen,
  memstats, MIB, request, skip, startServer, subjectOf, test, withServer } from "./support.mjs";

const LIMIT_BYTES = 32 * MIB;
const PAGE_BYTES = 4096;
const LINE_MAX = 256;
const RECIPE_LIMIT_BYTES = 100000000;
const server = await startServer();
const overflow = (path = "/add?bytes=40M") => request(server, path);

await test("an overflow is 507: verdict, evidence, reason, last words, statistics", async () => {
  const answer = await overflow();
  assert.equal(answer.status, 507);
  assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
  assert.match(answer.text, new RegExp(String.raw`^OOM-KILLED by the cage's limit in "/add", `
    + String.raw`\d+\.\d of 40\.0 MiB touched\n`
    + String.raw`evidence:  signal 9 \(SIGKILL\) · oom_kill \+1 · limit: own · took [\d.]+ m?s\n`
    + String.raw`why:  [^\n]+\.\n`
    + String.raw`last words:  in /add, touching, request of 41943040 bytes, \d+ of them touched, `
    + String.raw`cage at \d+ bytes\n`
    + String.raw`The next request meets a fresh heap\.\n\nmemstats:\n(\t[a-z -]+: \d+\n){11}$`));
});

await test("the same as JSON has the outcome and the whole run", async () => {
  const answer = await overflow("/add.json?bytes=40M");
  assert.equal(answer.status, 507);
  assert.equal(answer.headers["content-type"], "application/json");
  const death = answer.json();
  assert.deepEqual(Object.keys(death),
    ["error", "outcome", "verdict", "story", "evidence", "run"]);
  assert.equal(death.outcome, "oom-killed");
  assert.match(death.verdict, /^OOM-KILLED by the cage's limit in "\/add", /);
  assert.doesNotMatch(death.error, /\n/);
  const { run } = death;
  assert.equal(run.schema, "oomlab.run/1");
  assert.deepEqual([run.outcome, run.limit_bytes, run.scenario],
    ["oom-killed", LIMIT_BYTES, "interactive"]);
  assert.deepEqual([run.evidence.signal, run.evidence.oom_kill_delta, run.evidence.limited_by],
    [9, 1, "own"]);
  assert.deepEqual([run.last_words.phase, run.last_words.activity, run.last_words.request_bytes],
    ["/add", "touching", 40 * MIB]);
  assert.equal(run.cage_peak_bytes, LIMIT_BYTES);
  assert.ok(run.last_words.touched_bytes > 24 * MIB);
  assert.ok(run.last_words.touched_bytes < LIMIT_BYTES);
});

await test("the next request meets a fresh heap", async () => {
  await request(server, "/add?bytes=10M");
  assert.equal((await overflow()).status, 507);
  const { heap_alloc: heapAlloc, mallocs } = await memstats(server);
  assert.deepEqual([heapAlloc, mallocs], [0, 0]);
  assert.equal((await json(server, "/rel.json?bytes=1")).not_released, 1);
  assert.equal((await json(server, "/add.json?bytes=10M")).memstats.heap_alloc, 10 * MIB);
});

await test("releasing can overflow: the smaller copy is an allocation", async () => {
  await request(server, "/reset");
  await request(server, "/add?bytes=20M");
  const answer = await request(server, "/rel.json?bytes=5M");
  assert.equal(answer.status, 507);
  assert.match(answer.json().verdict, /in "\/rel", \d+\.\d of 15\.0 MiB touched$/);
});

await test("add, release, add is killed by garbage, and lives with a collection between",
  async () => {
    for (const path of ["/reset", "/add?bytes=20M", "/rel?bytes=20M"]) {
      assert.equal((await request(server, path)).status, 200);
    }
    const killed = await request(server, "/add.json?bytes=20M");
    assert.equal(killed.status, 507);
    assert.match(killed.json().story, /20\.0 MiB of (free pages|garbage)/);
    for (const path of ["/add?bytes=20M", "/rel?bytes=20M", "/gc", "/add?bytes=20M"]) {
      assert.equal((await request(server, path)).status, 200, path);
    }
  });

await test("the log has one line a death", async () => {
  const before = server.err.length;
  await overflow();
  assert.match(server.err.slice(before),
    /^oomlab: life \d+: OOM-KILLED by the cage's limit in "\/add", [^\n]*\n$/);
});

await test("the history keeps the last sixteen heaps, each from start to end", async () => {
  for (let death = 0; death < 18; death++) {
    assert.equal((await overflow()).status, 507);
  }
  await request(server, "/gc");
  const { lives } = await json(server, "/lives");
  assert.equal(lives.length, 16);
  assert.ok(lives.every((life, index) => life.life === lives[0].life + index));
  assert.equal(lives.at(-1).state, "running");
  assert.deepEqual([lives.at(-1).outcome, lives.at(-1).wall_ns], [null, null]);
  for (const life of lives.slice(0, -1)) {
    assert.deepEqual([life.state, life.outcome, life.settings.limit_bytes, life.cage_peak_bytes],
      ["ended", "oom-killed", LIMIT_BYTES, LIMIT_BYTES]);
    assert.ok(life.wall_ns > 0 && life.series.at_ms.length > 0);
    const lengths = Object.values(life.series).map((series) => series.length);
    assert.ok(lengths.every((length) => length === lengths[0]));
  }
});

await test("events tell of lives, requests, samples and collections, the whole state first",
  async () => {
    await request(server, "/gc");
    const stream = await listen(server);
    const seen = (event, holds = () => true) => eventually(event, () =>
      stream.messages.find((message) => message.event === event && holds(message.data)));
    const { data: state } = await seen("state");
    assert.deepEqual(Object.keys(state), ["server", "settings", "lives"]);
    assert.equal(state.server.is_caged, true);
    assert.equal(state.lives.length, 16);
    const life = state.lives.at(-1).life;
    await request(server, "/add?bytes=4M");
    const { data: added } = await seen("request");
    assert.deepEqual([added.life, added.method, added.path, added.arguments, added.status],
      [life, "GET", "/add", "bytes=4M", 200]);
    const { data: sample } = await seen("sample", ({ memstats: { heap_alloc: heapAlloc } }) =>
      heapAlloc === 4 * MIB);
    assert.ok(sample.life === life && sample.cage_bytes > 4 * MIB && sample.rss_bytes > 4 * MIB);
    await request(server, "/gc", { method: "POST" });
    await seen("gc", (cycle) => cycle.life === life && cycle.is_forced === true);
    await overflow();
    const { data: end } = await seen("life", ({ state: now }) => now === "ended");
    assert.deepEqual([end.life, end.outcome], [life, "oom-killed"]);
    await seen("request", ({ status }) => status === 507);
    await request(server, "/gc");
    await seen("life", ({ life: number, state: now }) => number === life + 1 && now === "running");
    await request(server, "/collect-policy?gogc=100", { method: "POST" });
    await seen("settings");
    const ids = stream.messages.map(({ id }) => id);
    assert.ok(ids.every((id, index) => index === 0 || id >= ids[index - 1]), "ids only grow");
    assert.ok(stream.messages.every(({ event }) => event), "each message is whole");
    stream.close();
  });

await test("of many clients at once each gets an answer, of this heap or the next", async () => {
  await request(server, "/reset");
  const answers = await Promise.all(Array.from({ length: 32 }, () =>
    request(server, "/add.json?bytes=5M")));
  const count = (status) => answers.filter((answer) => answer.status === status).length;
  assert.equal(count(200) + count(507), 32);
  assert.ok(count(507) >= 3, "six slabs of 5 MiB fit into 32 MiB, the seventh does not");
  assert.ok(count(200) >= 20, "a death costs the one request that it happened in");
  const { lives } = await json(server, "/lives");
  assert.ok(lives.every((life) => life.outcome === null || life.outcome === "oom-killed"));
});

await test("a line that is full is 503 with Retry-After, at once; the others are answered",
  async () => withServer([], async (other) => {
    await request(other, "/stats");
    const subject = await subjectOf(other);
    process.kill(subject, "SIGSTOP");
    const inLine = Array.from({ length: LINE_MAX }, () =>
      request(other, "/add?bytes=1000", { agent: false }));
    await eventually("a full line", async () =>
      new RegExp(`^oomlab_queued_requests ${LINE_MAX}$`, "m")
        .test((await request(other, "/metrics")).text));
    const refused = await request(other, "/gc");
    assert.deepEqual([refused.status, refused.headers["retry-after"]], [503, "1"]);
    assert.match(refused.text, /^[^\n]+\n$/);
    assert.equal((await request(other, "/stats")).status, 200);
    process.kill(subject, "SIGCONT");
    assert.ok((await Promise.all(inLine)).every((answer) => answer.status === 200));
    assert.equal((await memstats(other)).mallocs, LINE_MAX);
  }));

await test("the example's service survives what fits, and tells of what does not", async () => {
  const example = new URL("../../examples/my-first-service.lua", import.meta.url).pathname;
  await withServer([example], async (own) => {
    const fine = await request(own, "/spike?bytes=10M");
    assert.equal(fine.status, 200, fine.text);
    assert.match(fine.text, /^survived: {2}true\nslab: {2}10485760\ncage: {2}\d+\n\nmemstats:\n/);
    assert.equal((await request(own, "/spike.json?bytes=20M")).status, 507);
  });
});

await test("the recipe's service dies of its fifth load, at its limit in whole pages", async () => {
  const recipe = await startServer(["recipe"]);
  const ping = await request(recipe, "/ping");
  assert.deepEqual([ping.status, ping.text], [200, '{"message":"pong"}\n']);
  for (let load = 1; load <= 4; load++) {
    const { status, text } = await request(recipe, "/generate-load/memory");
    assert.deepEqual([status, text], [200, ""], `load ${load}`);
  }
  const killed = await request(recipe, "/generate-load/memory",
    { headers: { accept: "application/json" } });
  assert.equal(killed.status, 507);
  const { run } = killed.json();
  assert.deepEqual([run.limit_bytes, run.outcome], [RECIPE_LIMIT_BYTES, "oom-killed"]);
  assert.equal(run.cage_peak_bytes,
    Math.floor(RECIPE_LIMIT_BYTES / PAGE_BYTES) * PAGE_BYTES);
  assert.match(run.last_words.phase, /^\/generate-load\/memory$/);
  assert.equal((await request(recipe, "/generate-load/memory")).status, 200);
  await assertEnds(recipe);
});

await test("a cage is there while a heap is, and gone with the server", async () => {
  await request(server, "/gc");
  assert.equal(groupsOf(server.pid).length, 1);
  await assertEnds(server);
});

const uncagedSentence = "without a cage a heap that does not fit is refused, and lives on";
const needsMore = isSanitized && !process.env.OOMLAB_HAS_PLAIN_SUBJECT;
const testUncaged = needsMore ? (sentence) => skip(sentence, "a sanitizer needs more than that")
  : test;
await testUncaged(uncagedSentence, async () => {
  const uncaged = await startServer(["--no-cage"]);
  assert.match(uncaged.out, /NO CAGE/);
  await request(uncaged, "/add?bytes=4M");
  const answer = await request(uncaged, "/add?bytes=64M");
  assert.equal(answer.status, 507);
  assert.match(answer.text, /^\S+:\d+: the system refused 67108864 bytes of memory: [^\n]+\n$/);
  const { heap_alloc: heapAlloc } = await memstats(uncaged);
  assert.equal(heapAlloc, 4 * MIB);
  const { lives } = await json(uncaged, "/lives");
  assert.deepEqual(lives.map((life) => [life.life, life.state]), [[1, "running"]]);
  assert.equal((await json(uncaged, "/collect-policy.json")).is_caged, false);
  assert.deepEqual(groupsOf(uncaged.pid), []);
  await assertEnds(uncaged);
});

await test("a watched heap is told to end before it overflows, and leaves a dump", async () => {
  const dumps = join(directory, "dumps");
  mkdirSync(dumps);
  await withServer(["--watchdog=75%", `--dump=${dumps}`], async (watched) => {
    await request(watched, "/add?bytes=10M");
    const answer = await request(watched, "/add.json?bytes=20M");
    assert.equal(answer.status, 507);
    const { outcome, run } = answer.json();
    assert.equal(outcome, "shut-down");
    assert.equal(run.watchdog.way, "notice");
    assert.ok(run.cage_peak_bytes < LIMIT_BYTES);
    assert.equal(dirname(run.dump), dumps);
    assert.deepEqual(readdirSync(run.dump).sort(), ["heap.pb.gz", "memory.stat", "phases.json",
      "record.jsonl", "smaps_rollup", "statistics.txt"]);
    assert.match(watched.err, /oomlab: dump: /);
    // The next one begins anew, and is watched as well.
    assert.equal((await memstats(watched)).heap_alloc, 0);
    assert.equal((await request(watched, "/add?bytes=30M")).status, 507);
    assert.equal(readdirSync(dumps).length, 2);
  });
});

await test("a heap that waits is told to end as well: it is not asked anything", async () => {
  await withServer(["--watchdog=75%,every=200ms,notice=off", "--dump=off", "--limit=64M"],
    async (watched) => {
      await request(watched, "/add?bytes=55M");
      await eventually("its end", async () => {
        const { lives } = await json(watched, "/lives.json");
        return lives[0].outcome === "shut-down";
      });
      assert.equal((await request(watched, "/add?bytes=1M")).status, 200);
    });
});

await finish();
