// faults_test.mjs -- Deaths by the thousand, signals from outside, clients and groups that vanish.
//
// OOMLAB_KILLS: how many heaps are killed in a row; 1000 if it is not set, 250 under sanitizers,
// where each is a cage of 32 MiB.
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert, assertEnds, assertResident, childrenOf, connect, eventually, fdCount, finish,
  groupsOf, isAlive, isSanitized, json, listen, median, memstats, MIB, request, rssBytes, run,
  sleep, startServer, subjectOf, test, withServer, writeScript } from "./support.mjs";

const KILLS = Number(process.env.OOMLAB_KILLS ?? (isSanitized ? 250 : 1000));
const WARM_UP_KILLS = 50;
const REQUESTS = 100000;
const GROWTH_BYTES_MAX = 2 * MIB;
const RSS_BYTES_MAX = 16 * MIB;
const TIMEOUT = "--request-timeout=1";

const slow = writeScript("slow.lua", 'lab.http.get("/loop", function () while true do end end)\n'
  + 'lab.http.get("/work", function () for _ = 1, 3e7 do end return "done\\n" end)\n'
  + 'lab.http.get("/slab", function (_, heap) heap:slab(lab.MiB) end)\n'
  + 'lab.http.statistics("/stats")');

// What the server holds: the same before and after, whatever happened between.
const held = (server) => ({ fds: fdCount(server.pid), children: childrenOf(server.pid).length,
  groups: groupsOf(server.pid).length });

async function timed(promise) {
  const startedMs = performance.now();
  const answer = await promise;
  return { answer, ms: performance.now() - startedMs };
}

async function lastLife(server) {
  return (await json(server, "/lives")).lives.at(-1);
}

async function assertNothingLeft(server, subject) {
  await eventually("no subject", () => !isAlive(subject), 2000);
  assert.deepEqual(groupsOf(server.pid), []);
}

// Gets and pipelines them, so many at a time over one connection; each answer must be a 200.
async function askOften(server, path, count) {
  const batch = 500;
  const socket = await connect(server);
  const text = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(batch);
  let answers = 0;
  let rest = ""; // A status line may come in two pieces.
  socket.on("data", (chunk) => {
    const pieces = (rest + chunk.toString("latin1")).split("HTTP/1.1 200");
    answers += pieces.length - 1;
    rest = pieces.at(-1).slice(-11);
  });
  for (let asked = batch; asked <= count; asked += batch) {
    socket.write(text);
    await eventually("answers", () => answers >= asked - batch);
  }
  await eventually("the last answers", () => answers >= count - count % batch);
  socket.destroy();
}

await test(`${KILLS} kills in a row leave no group, process, descriptor or memory`, async () =>
  withServer([isSanitized ? "--limit=32M" : "--limit=4M"], async (server) => {
    const kill = async () =>
      assert.equal((await request(server, "/add?bytes=40M")).status, 507);
    for (let count = 0; count < WARM_UP_KILLS; count++) {
      await kill();
    }
    await request(server, "/gc");
    const before = held(server);
    const bytes = rssBytes(server.pid);
    for (let count = 0; count < KILLS; count++) {
      await kill();
    }
    await request(server, "/gc");
    assert.deepEqual(held(server), before);
    assert.deepEqual([before.children, before.groups], [1, 1]);
    const growth = rssBytes(server.pid) - bytes;
    console.log(`# resident: ${bytes} bytes, then ${growth} more`);
    assert.ok(isSanitized || growth < GROWTH_BYTES_MAX, `it grew by ${growth} bytes`);
    assertResident(server.pid, RSS_BYTES_MAX);
    assert.match((await request(server, "/metrics")).text,
      new RegExp(`^oomlab_lives_ended_total\\{outcome="oom-killed"\\} ${KILLS + WARM_UP_KILLS}$`,
        "m"));
    assert.equal((await json(server, "/lives")).lives.length, 16);
  }));

await test(`${REQUESTS} requests cost the server no memory`, async () =>
  withServer([], async (server) => {
    await askOften(server, "/stats", 5000);
    const bytes = rssBytes(server.pid);
    await askOften(server, "/stats", REQUESTS);
    await askOften(server, "/gc", 2000);
    const growth = rssBytes(server.pid) - bytes;
    console.log(`# resident: ${bytes} bytes, then ${growth} more`);
    assert.ok(isSanitized || growth < MIB, `it grew by ${growth} bytes`);
    assertResident(server.pid, RSS_BYTES_MAX);
  }));

await test("a heap killed from outside in a request is told at once, and not as out of memory",
  async () => withServer([slow], async (server) => {
    await request(server, "/slab");
    const subject = await subjectOf(server);
    const waiting = timed(request(server, "/loop.json"));
    await sleep(100);
    process.kill(subject, "SIGKILL");
    const { answer, ms } = await waiting;
    assert.ok(ms < 1000, `${ms} ms`);
    assert.equal(answer.status, 502);
    const death = answer.json();
    assert.equal(death.outcome, "killed");
    assert.match(death.verdict, /^KILLED by signal 9, not for memory in "\/loop"$/);
    assert.doesNotMatch(answer.text, /OOM-KILLED/);
    assert.deepEqual([death.run.evidence.signal, death.run.evidence.oom_kill_delta], [9, 0]);
    assert.equal((await request(server, "/work")).text, "done\n");
  }));

await test("a heap killed from outside while it waits is noticed, and the next one serves",
  async () => withServer([], async (server) => {
    await request(server, "/add?bytes=1M");
    process.kill(await subjectOf(server), "SIGKILL");
    const life = await eventually("an end", async () => {
      const last = await lastLife(server);
      return last.state === "ended" && last;
    });
    assert.equal(life.outcome, "killed");
    assert.equal((await memstats(server)).heap_alloc, 0);
    assert.equal((await lastLife(server)).life, life.life + 1);
  }));

await test("a heap stopped from outside in a request is 504 after the bound, then there is another",
  async () => withServer([TIMEOUT, slow], async (server) => {
    await request(server, "/slab");
    const subject = await subjectOf(server);
    const waiting = timed(request(server, "/loop"));
    const inLine = request(server, "/work");
    await sleep(100);
    process.kill(subject, "SIGSTOP");
    const { answer, ms } = await waiting;
    assert.equal(answer.status, 504);
    assert.ok(ms > 900 && ms < 2000, `${ms} ms`);
    assert.match(answer.text, /^the heap did not answer in time [^\n]+\n$/);
    assert.equal((await inLine).text, "done\n", "who was next in line meets the next heap");
    assert.ok(!isAlive(subject));
    const { lives } = await json(server, "/lives");
    assert.deepEqual(lives.map(({ outcome }) => outcome), ["timed-out", null]);
  }));

await test("a heap stopped while it waits is 504 for the next request, as JSON too", async () =>
  withServer([TIMEOUT], async (server) => {
    await request(server, "/gc");
    process.kill(await subjectOf(server), "SIGSTOP");
    const { answer, ms } = await timed(request(server, "/gc.json"));
    assert.equal(answer.status, 504);
    assert.deepEqual(Object.keys(answer.json()), ["error"]);
    assert.ok(ms > 900 && ms < 2000, `${ms} ms`);
    assert.equal((await request(server, "/gc")).status, 200);
  }));

await test("a handler without an end is 504, and the server lives on", async () =>
  withServer([TIMEOUT, slow], async (server) => {
    assert.equal((await request(server, "/loop")).status, 504);
    assert.equal((await request(server, "/work")).status, 200);
    assert.match(server.err, /^oomlab: life 1: TIMED OUT in "\/loop"\n/);
  }));

await test("new settings end a heap that is busy, within seconds; who waits meets the next one",
  async () => withServer([slow], async (server) => {
    await request(server, "/slab");
    const waiting = timed(request(server, "/loop", { agent: false }));
    const inLine = request(server, "/work", { agent: false });
    await sleep(50);
    assert.equal((await json(server, "/collect-policy.json?limit=64M", { method: "POST" })).applied,
      "fresh");
    const { answer, ms } = await waiting;
    assert.equal(answer.status, 504);
    assert.ok(ms < 4000, `${ms} ms`);
    assert.equal((await inLine).text, "done\n");
    const limits = (await json(server, "/lives")).lives.map(({ settings }) => settings.limit_bytes);
    assert.deepEqual(limits, [32 * MIB, 64 * MIB]);
  }));

await test("statistics are there at once while the heap stands still", async () =>
  withServer([], async (server) => {
    await request(server, "/add?bytes=5M");
    const subject = await subjectOf(server);
    process.kill(subject, "SIGSTOP");
    const waiting = request(server, "/gc");
    const times = [];
    for (let count = 0; count < 51; count++) {
      const { answer, ms } = await timed(request(server, "/stats.json"));
      assert.equal(answer.json().memstats.heap_alloc, 5 * MIB);
      times.push(ms);
    }
    assert.ok(median(times) < 50, `${median(times)} ms`);
    process.kill(subject, "SIGCONT");
    assert.equal((await waiting).status, 200);
  }));

await test("statistics are there at once while a large slab is filled, and already count it",
  async () => withServer(["--limit=600M"], async (server) => {
    await request(server, "/gc");
    let isFilled = false;
    const filling = request(server, "/add?bytes=500M").then((answer) => {
      isFilled = true;
      return answer;
    });
    const times = [];
    let hasCounted = false;
    while (!isFilled) {
      const { answer, ms } = await timed(request(server, "/stats.json"));
      hasCounted ||= answer.json().memstats.heap_alloc === 500 * MIB && !isFilled;
      times.push(ms);
    }
    assert.equal((await filling).status, 200);
    assert.ok(times.length > 3 && median(times) < 50, `${times.length}, ${median(times)} ms`);
    assert.ok(hasCounted);
  }));

await test("clients that go in the middle of a request cost nothing and hurt nobody", async () =>
  withServer([slow], async (server) => {
    await request(server, "/work");
    const before = held(server).fds;
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(server)));
    sockets.forEach((socket, index) => {
      socket.write(`GET ${index % 2 ? "/work" : "/slab"} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    });
    await sleep(50);
    sockets.forEach((socket, index) => index % 3 ? socket.resetAndDestroy() : socket.destroy());
    assert.equal((await request(server, "/work")).text, "done\n");
    await eventually("as many descriptors as before", () => fdCount(server.pid) <= before + 1);
  }));

for (const isRemoved of [false, true]) {
  const what = isRemoved ? "whose cage is removed" : "that is moved out of its cage";
  await test(`a heap ${what} from outside is ended, told so, and the next one has a cage`,
    async () => {
      const server = await startServer();
      await request(server, "/add?bytes=1M");
      const subject = await subjectOf(server);
      const [group] = groupsOf(server.pid);
      writeFileSync(join(dirname(group), "cgroup.procs"), String(subject));
      if (isRemoved) {
        rmdirSync(group);
      }
      const life = await eventually("an end", async () => {
        const last = await lastLife(server);
        return last.state === "ended" && last;
      });
      assert.equal(life.outcome, "lab-error");
      assert.match(life.story, /was removed or emptied from outside/);
      assert.equal((await request(server, "/add?bytes=1M")).status, 200);
      assert.equal((await request(server, "/add?bytes=40M")).status, 507);
      assert.deepEqual(await server.stop(), { status: 0, signal: null });
      await assertNothingLeft(server, subject);
    });
}

await test("where no cage can be made any more the answer is 503 and why, until one can",
  async () => {
    const probe = await startServer();
    await request(probe, "/gc");
    const parent = join(dirname(groupsOf(probe.pid)[0]), `http-test-${process.pid}`);
    await assertEnds(probe);
    mkdirSync(parent);
    const server = await startServer([`--group=${parent.split("/").at(-1)}`]);
    try {
      assert.equal((await request(server, "/add?bytes=40M")).status, 507);
      rmdirSync(parent);
      const refused = await request(server, "/gc.json");
      assert.equal(refused.status, 503);
      assert.match(refused.json().error, /http-test-\d+/);
      assert.equal((await request(server, "/stats")).status, 503);
      assert.equal((await request(server, "/healthz")).status, 200);
      mkdirSync(parent);
      assert.equal((await request(server, "/gc")).status, 200);
    } finally {
      await server.stop();
      rmdirSync(parent);
    }
  });

await test("a server killed outright takes its heap along; the next run removes the cage",
  async () => {
    const server = await startServer([slow]);
    await request(server, "/slab");
    const subject = await subjectOf(server);
    const waiting = request(server, "/loop").catch((error) => error);
    await sleep(50);
    assert.deepEqual(await server.stop("SIGKILL"), { status: null, signal: "SIGKILL" });
    assert.ok((await waiting) instanceof Error);
    await eventually("no subject", () => !isAlive(subject), 2000);
    // Its cage stands, unless another lab has begun and removed it already.
    assert.ok(groupsOf(server.pid).length <= 1);
    assert.equal(run(["run", "--quiet"]).status, 0);
    assert.deepEqual(groupsOf(server.pid), []);
  });

for (const signal of ["SIGTERM", "SIGINT"]) {
  await test(`${signal} in a request ends in order: it is answered, nothing is left`, async () => {
    const server = await startServer([slow]);
    await request(server, "/slab");
    const subject = await subjectOf(server);
    const stream = await listen(server);
    const waiting = request(server, "/work", { agent: false });
    const inLine = request(server, "/work", { agent: false });
    await sleep(30);
    const { answer: end, ms } = await timed(server.stop(signal));
    assert.deepEqual(end, { status: 0, signal: null });
    assert.ok(ms < 5000, `${ms} ms`);
    assert.deepEqual([(await waiting).status, (await inLine).status], [200, 503]);
    assert.ok(stream.isClosed);
    await assertNothingLeft(server, subject);
  });

  await test(`${signal} ends in order a request that would never end, too`, async () => {
    const server = await startServer([slow]);
    await request(server, "/slab");
    const subject = await subjectOf(server);
    const waiting = request(server, "/loop", { agent: false });
    await sleep(30);
    const { answer: end, ms } = await timed(server.stop(signal));
    assert.deepEqual(end, { status: 0, signal: null });
    assert.ok(ms < 6000, `${ms} ms`);
    assert.ok((await waiting).status >= 500);
    await assertNothingLeft(server, subject);
  });
}

await finish();
