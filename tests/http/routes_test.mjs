// routes_test.mjs -- The five routes and what else is served: shapes, figures, refusals.
import { assert, finish, json, memstats, MIB, postForm, raw, request, startServer, statusOf, test,
  withServer, writeScript } from "./support.mjs";

const LABELS = ["allocated", "malloc objects", "freed objects", "heap alloc", "heap idle",
  "heap objects", "heap in-use", "heap released", "last gc", "next gc", "num gc"];
const STATISTICS = `memstats:\n${LABELS.map((label) => `\t${label}: (\\d+)\n`).join("")}`;
const MEMBERS = ["alloc", "mallocs", "frees", "heap_alloc", "heap_idle", "heap_objects",
  "heap_inuse", "heap_released", "heap_sys", "last_gc_ns", "next_gc", "num_gc", "num_forced_gc",
  "gc_cpu_fraction"];
const PAGE_BYTES = 8192;
const toPages = (bytes) => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
// What Go rounds so many bytes to.
const CLASSES = [[1, 8], [9, 16], [33, 48], [100, 112], [1000, 1024], [1025, 1152], [5000, 5376],
  [8193, 9472], [32768, 32768]];

const server = await startServer(["--gogc=off"]);
const fresh = () => request(server, "/reset");

function assertShape(answer, pattern) {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
  assert.match(answer.text, new RegExp(`^${pattern}$`));
}

await test("each of the five text answers has the original's shape, to the byte", async () => {
  assertShape(await request(server, "/add?bytes=20971520"), `added:  20971520\n\n${STATISTICS}`);
  assertShape(await request(server, "/rel?bytes=20971520"),
    `released:  20971520\nnot released:  0\n\n${STATISTICS}`);
  assertShape(await request(server, "/gc"), STATISTICS);
  assertShape(await request(server, "/stats"), STATISTICS);
  assertShape(await request(server, "/reset"), STATISTICS);
});

await test("text and JSON tell the same figures", async () => {
  await request(server, "/add?bytes=3M");
  await request(server, "/gc");
  const figures = (await request(server, "/stats")).text.match(/\d+(?=\n)/g).map(Number);
  const { alloc, mallocs, frees, heap_alloc: heapAlloc, heap_idle: idle, heap_objects: objects,
    heap_inuse: inUse, heap_released: released, last_gc_ns: lastGc, next_gc: nextGc,
    num_gc: cycles } = await memstats(server);
  assert.deepEqual(figures.slice(0, 8),
    [alloc, mallocs, frees, heapAlloc, idle, objects, inUse, released]);
  assert.equal(figures[8], lastGc);
  assert.deepEqual(figures[10], cycles);
  assert.ok(nextGc === null || nextGc === figures[9], String(nextGc));
});

await test("each route answers JSON by its name and by Accept, to GET and to POST", async () => {
  const json = { accept: "application/json" };
  for (const [path, query, members] of [["/add", "?bytes=1000", ["added", "memstats"]],
    ["/rel", "?bytes=1000", ["released", "not_released", "memstats"]], ["/gc", "", ["memstats"]],
    ["/stats", "", ["memstats"]], ["/reset", "", ["memstats"]]]) {
    for (const method of ["GET", "POST"]) {
      for (const answer of [await request(server, `${path}.json${query}`, { method }),
        await request(server, path + query, { method, headers: json })]) {
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.headers["content-type"], "application/json");
        assert.deepEqual(Object.keys(answer.json()), members);
        assert.deepEqual(Object.keys(answer.json().memstats), MEMBERS);
      }
      assert.match((await request(server, path + query, { method })).text, /memstats:\n/);
    }
  }
});

await test("a form brings arguments as a query does, and both together are too much", async () => {
  await fresh();
  assert.match((await postForm(server, "/add", "bytes=4096")).text, /^added: {2}4096\n\nmemstats/);
  assert.match((await postForm(server, "/add", "bytes=0%2E5MiB")).text, /^added: {2}524288\n/);
  assert.equal((await postForm(server, "/add?bytes=1", "bytes=1")).status, 400);
  assert.equal((await postForm(server, "/add", "bytes=1&bytes=1")).status, 400);
  assert.equal((await postForm(server, "/add", "bytes=")).status, 400);
  assert.equal((await postForm(server, "/add", "")).status, 400);
  assert.equal((await postForm(server, "/add", `bytes=${"1".repeat(5000)}`)).status, 400);
  assert.equal((await memstats(server)).heap_alloc, 4096 + MIB / 2);
});

await test("a form is the same in how many pieces it comes, and as strict as a query", async () => {
  const word = "abcdefghij".repeat(25);
  const script = writeScript("echo.lua", 'lab.http.post("/echo", { "says it", word = "-", '
    + 'other = "-" }, function (r) return r.word .. "|" .. r.other .. "|" .. r.body end)');
  const chunked = (body, bytes) => "POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    + "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
    + "Transfer-Encoding: chunked\r\n\r\n" + body.match(new RegExp(`[^]{1,${bytes}}`, "g"))
      .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("") + "0\r\n\r\n";
  await withServer([script], async (other) => {
    for (const bytes of [1, 2, 3, 1000]) {
      for (const [body, said] of [[`word=${word}&other=x`, `${word}|x|`],
        [`word=${"%41".repeat(200)}&other=%42`, `${"A".repeat(200)}|B|`],
        ["word=a%2&other=%zz%4", "a%2|%zz%4|"], ["&&word=+%2B&&", " +|-|"],
        ["word=a=b;c\r\n", "a=b;c|-|"], ["w%6frd=%C3%A4", "\xc3\xa4|-|"]]) {
        const answer = await raw(other, chunked(body, bytes));
        assert.equal(statusOf(answer), 200, body);
        assert.ok(answer.endsWith(`\r\n\r\n${said}`), `${body} by ${bytes}: ${answer.slice(-80)}`);
      }
      for (const body of [`word=${"a".repeat(256)}`, "word=", "word", "=a", "word=a&word=a",
        "word=a%00", "word=a\0b", "wor=a", "word=a%0Ab", "a=b&".repeat(70)]) {
        assert.equal(statusOf(await raw(other, chunked(body, bytes))), 400, body);
      }
    }
  });
});

await test("adding raises the heap by the bytes, rounded to their class or pages", async () => {
  await fresh();
  const sizes = [...CLASSES, ...[32769, 100000, MIB - 1, MIB, 5 * MIB + 1].map((bytes) =>
    [bytes, toPages(bytes)])];
  for (const [bytes, rounded] of sizes) {
    const before = await memstats(server);
    const after = (await json(server, `/add.json?bytes=${bytes}`)).memstats;
    assert.equal(after.heap_alloc - before.heap_alloc, rounded, `${bytes} bytes`);
    assert.equal(after.mallocs - before.mallocs, 1);
    assert.equal(after.heap_objects - before.heap_objects, 1);
  }
});

await test("what is released is garbage, and falls with the next collection", async () => {
  await fresh();
  await request(server, "/add?bytes=8M");
  const released = await json(server, "/rel.json?bytes=8M");
  assert.deepEqual([released.released, released.not_released], [8 * MIB, 0]);
  assert.equal(released.memstats.heap_alloc, 8 * MIB);
  const before = await memstats(server);
  const after = (await json(server, "/gc.json")).memstats;
  assert.equal(after.heap_alloc, 0);
  assert.equal(after.num_gc, before.num_gc + 1);
  assert.equal(after.num_forced_gc, before.num_forced_gc + 1);
  assert.ok(after.last_gc_ns > before.last_gc_ns);
});

await test("the oldest slab is released first, and a larger one becomes a copy", async () => {
  await fresh();
  for (const bytes of ["1M", "2M", "4M"]) {
    await request(server, `/add?bytes=${bytes}`);
  }
  await request(server, "/rel?bytes=1M");
  assert.equal((await json(server, "/gc.json")).memstats.heap_alloc, 6 * MIB);
  const before = await memstats(server);
  const { memstats: after } = await json(server, "/rel.json?bytes=0.5M");
  assert.equal(after.mallocs, before.mallocs + 1, "the copy is an allocation");
  assert.equal(after.heap_alloc, 7.5 * MIB, "the copy, and what it was made of");
  assert.equal((await json(server, "/gc.json")).memstats.heap_alloc, 5.5 * MIB);
});

await test("more than is held is told as not released", async () => {
  await fresh();
  await request(server, "/add?bytes=3M");
  assert.match((await request(server, "/rel?bytes=5M")).text,
    /^released: {2}3145728\nnot released: {2}2097152\n\n/);
  assert.match((await request(server, "/rel?bytes=1")).text,
    /^released: {2}0\nnot released: {2}1\n\n/);
});

await test("a reset drops every slab and collects", async () => {
  await request(server, "/add?bytes=2M");
  await request(server, "/add?bytes=3M");
  const { memstats: after } = await json(server, "/reset.json");
  assert.deepEqual([after.heap_alloc, after.heap_objects], [0, 0]);
  assert.match((await request(server, "/rel?bytes=1M")).text, /^released: {2}0\n/);
});

await test("bytes is a size, written as people write sizes", async () => {
  await fresh();
  for (const [text, bytes] of [["0", 0], ["1", 1], ["2M", 2 * MIB], ["2MiB", 2 * MIB],
    ["0.5MiB", MIB / 2], ["1MB", 1000000], ["%32", 2]]) {
    assert.equal((await json(server, `/add.json?bytes=${text}`)).added, bytes, text);
  }
});

await test("what is no size is refused in one line, and the heap is untouched", async () => {
  const before = (await request(server, "/stats")).text;
  for (const query of ["", "?", "?bytes", "?bytes=", "?bytes=-1", "?bytes=-9223372036854775808",
    "?bytes=9223372036854775808", "?bytes=18446744073709551615", "?bytes=18446744073709551616",
    "?bytes=1e3", "?bytes=abc", "?bytes=0x10", "?bytes=+1", "?bytes=%201", "?bytes=1%20",
    "?bytes=nan", "?bytes=inf", "?bytes=1Q", "?bytes=M", "?bytes=%00",
    "?bytes=1%00", "?bytes=%001", "?bytes=%", "?bytes=%zz", "?bytes=%EF%BC%91", "?bytes=%ff",
    "?bytes=1&bytes=1", "?bytes=1&bytes=", "?bytes=1&byte=1", "?byte=1", "?Bytes=1", "?bytes=1;2",
    "?bytes=1%0d%0aX:y", `?bytes=${"9".repeat(4000)}`, `?${"a=1&".repeat(100)}bytes=1`]) {
    for (const path of ["/add", "/rel"]) {
      const answer = await request(server, path + query);
      assert.equal(answer.status, 400, `${path}${query}: ${answer.text}`);
      assert.match(answer.text, /^[^\n\0\r]{1,400}\n$/, query);
      assert.equal(answer.headers["x:y"], undefined);
    }
    const inJson = await request(server, `/add.json${query}`);
    assert.equal(inJson.status, 400);
    assert.deepEqual(Object.keys(inJson.json()), ["error"]);
  }
  assert.equal((await request(server, "/stats")).text, before);
});

await test("routes without arguments refuse any", async () => {
  for (const path of ["/gc", "/stats", "/reset"]) {
    for (const query of ["?bytes=1", "?x", "?=", "?x=%00"]) {
      assert.equal((await request(server, path + query)).status, 400, path + query);
    }
  }
});

await test("a reason names what was given and what was expected", async () => {
  for (const [query, reason] of [["?bytes=-1", /bytes=-1 is negative/], ["", /bytes is missing/],
    ["?bytes=", /bytes is empty/], ["?bytes=1&bytes=2", /bytes is given twice/],
    ["?byte=1", /no argument byte; did you mean bytes\?/],
    ["?bytes=1e3", /bytes=1e3: expected a/]]) {
    assert.match((await request(server, `/add${query}`)).text, reason);
  }
});

await test("more than there are addresses is refused, not tried", async () => {
  const before = await memstats(server);
  const answer = await request(server, "/add?bytes=9223372036854775807");
  assert.equal(answer.status, 507);
  assert.match(answer.text, /^\S+:\d+: an object of 9223372036854775807 bytes does not fit .*\n$/);
  assert.equal((await memstats(server)).heap_alloc, before.heap_alloc);
});

await test("an unknown path is 404, with a list of those that are known", async () => {
  for (const path of ["/nope", "/add/", "//add", "/ADD", "/stats.txt", "/.json", "/events.json",
    "/%2e%2e/etc/passwd", "/../etc/passwd", "/add%00", "/add.json.json", `/${"x".repeat(8000)}`]) {
    const answer = await request(server, path);
    assert.equal(answer.status, 404, path);
    assert.match(answer.text, /^there is no [^\n]*: \/add \/rel \/gc \/stats \/reset [^\n]*\n$/);
  }
  assert.match((await request(server, "/ad")).text, /did you mean \/add\?/);
  assert.match((await request(server, "/nope", { headers: { accept: "application/json" } })).json()
    .error, /^there is no \/nope here; there are: \/add/);
});

await test("a wrong method is 405, and Allow names the right ones", async () => {
  for (const [path, methods, allow] of [["/add?bytes=1", ["PUT", "DELETE", "PATCH", "OPTIONS",
    "TRACE", "HEAD"], "GET, POST"], ["/stats", ["PUT", "DELETE"], "GET, HEAD, POST"],
  ["/", ["POST", "PUT"], "GET, HEAD"], ["/metrics", ["POST", "DELETE"], "GET, HEAD"],
  ["/events", ["POST"], "GET, HEAD"]]) {
    for (const method of methods) {
      const answer = await request(server, path, { method });
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.equal(answer.headers.allow, allow);
    }
  }
});

await test("HEAD answers as GET does, without a body", async () => {
  for (const path of ["/", "/stats", "/stats.json", "/metrics", "/openapi.json", "/healthz",
    "/ping", "/lives", "/collect-policy"]) {
    const answer = await request(server, path, { method: "HEAD" });
    assert.equal(answer.status, 200, path);
    assert.equal(answer.text, "");
    assert.equal(answer.headers["content-type"], (await request(server, path))
      .headers["content-type"], path);
  }
});

await test("HEAD of events is headers alone, and leaves no listener", async () => {
  const answer = await raw(server,
    "HEAD /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  assert.equal(statusOf(answer), 200);
  assert.match(answer, /\r\nContent-Type: text\/event-stream\r\n/);
  assert.ok(answer.endsWith("\r\n\r\n") && answer.indexOf("\r\n\r\n") === answer.length - 4);
  assert.match((await request(server, "/metrics")).text, /^oomlab_event_listeners 0$/m);
});

await test("settings are read with GET, set with POST, and at once where that is possible",
  async () => withServer([], async (other) => {
    await request(other, "/stats");
    const life = (await json(other, "/lives")).lives.at(-1).life;
    const changed = await json(other, "/collect-policy.json?gogc=50&memlimit=28M",
      { method: "POST" });
    assert.equal(changed.applied, "now");
    assert.deepEqual([changed.settings.gogc, changed.settings.memory_limit_bytes], [50, 28 * MIB]);
    assert.equal((await json(other, "/gc.json")).memstats.next_gc, 2 * MIB, "half of Go's 4 MiB");
    const now = (await json(other, "/lives")).lives.at(-1);
    assert.deepEqual([now.life, now.settings.gogc], [life, 50]);
    const fresh = await json(other, "/collect-policy.json?limit=64M", { method: "POST" });
    assert.equal(fresh.applied, "fresh");
    assert.equal((await request(other, "/add?bytes=40M")).status, 200);
    const renewed = (await json(other, "/lives")).lives;
    assert.equal(renewed.at(-1).life, life + 1);
    assert.equal(renewed.at(-2).outcome, "survived");
  }));

await test("a setting that is none is refused, and changes nothing", async () => {
  const before = await json(server, "/collect-policy.json");
  for (const query of ["", "?gogc=", "?gogc=x", "?limit=0", "?limit=abc", "?policy=nobody",
    "?collector=x", "?rules=go2", "?memlimit=-1", "?gogc=50&limit=x", "?nothing=1",
    "?gogc=1&gogc=2"]) {
    const answer = await request(server, `/collect-policy${query}`, { method: "POST" });
    assert.equal(answer.status, 400, query);
    assert.match(answer.text, /^[^\n]+\n$/);
  }
  assert.equal((await request(server, "/collect-policy?gogc=50")).status, 400, "with GET");
  assert.deepEqual(await json(server, "/collect-policy.json"), before);
});

await test("nothing over HTTP names a file or runs source", async () => {
  const policy = writeScript("policy.lua", "error 'it ran'");
  for (const text of [policy, `./${policy}`, "../scripts/spike.lua", "spike.lua", "a.lua", "/",
    "go:return 1", "return 1"]) {
    const answer = await postForm(server, "/collect-policy", `policy=${encodeURIComponent(text)}`);
    assert.equal(answer.status, 400, `${text}: ${answer.text}`);
    assert.doesNotMatch(answer.text, /it ran/);
  }
});

await finish();
