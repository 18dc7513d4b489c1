// figures_test.mjs -- What programs read: metrics, and the document of all routes.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { assert, directory, finish, json, listen, memstats, MIB, request, skip, startServer, test,
  withServer, writeFile, writeScript } from "./support.mjs";

const OPENMETRICS = "application/openmetrics-text; version=1.0.0";
const server = await startServer();

// A value that is absent is undefined; labels stand as they are printed.
async function metrics(where = server, accept = undefined) {
  const { text } = await request(where, "/metrics", { headers: accept ? { accept } : {} });
  const values = new Map(text.split("\n").filter((line) => line && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.lastIndexOf(" ")), line.slice(line.lastIndexOf(" ") + 1)]));
  return { text, raw: (name) => values.get(`oomlab_${name}`),
    get: (name) => Number(values.get(`oomlab_${name}`)), names: [...values.keys()] };
}

// promtool.sh finds or fetches it. { path }, or { reason }.
function findPromtool() {
  const script = new URL("promtool.sh", import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(script,
    [process.env.OOMLAB_DOWNLOADS ?? directory], { encoding: "utf8" });
  return status === 0 ? { path: stdout.trim() } : { reason: stderr.trim().split("\n").at(-1) };
}

const found = findPromtool();

function promtool(words, input) {
  const { status, stdout, stderr } = spawnSync(found.path, words, { input, encoding: "utf8" });
  return { status, said: stdout + stderr };
}

// Servers in states that print differently.
const STATES = {
  "before the first heap": () => {},
  "with a heap": (where) => request(where, "/add?bytes=5M"),
  "after a collection": (where) => request(where, "/gc"),
  "with everything off": (where) => request(where, "/collect-policy?gogc=off&memlimit=off",
    { method: "POST" }),
  "with a memory limit": (where) => request(where, "/collect-policy?memlimit=20M&gogc=50",
    { method: "POST" }),
  "after a death": (where) => request(where, "/add?bytes=40M"),
};

// Families by their order: each has its type, its help, and its samples in one piece.
function familiesOf(text) {
  const families = new Map();
  let last;
  for (const line of text.trimEnd().split("\n")) {
    const [, word, name, rest] = /^# (TYPE|HELP|UNIT) (\w+) (.+)$/.exec(line) ?? [];
    if (word) {
      if (name !== last) {
        assert.ok(!families.has(name), `${name} is in two pieces`);
        families.set(name, { samples: [] });
        last = name;
      }
      assert.equal(families.get(name)[word], undefined, `${name} has two of ${word}`);
      families.get(name)[word] = rest;
    } else if (line !== "# EOF") {
      assert.match(line, /^oomlab_\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? (-?[\d.e+-]+|[+]Inf)$/);
      assert.ok(line.startsWith(last), `${line} stands under ${last}`);
      families.get(last).samples.push(line);
    }
  }
  return families;
}

for (const [state, reach] of Object.entries(STATES)) {
  await test(`metrics are well formed in both formats: ${state}`, async () => {
    await reach(server);
    const plain = await request(server, "/metrics");
    assert.equal(plain.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.doesNotMatch(plain.text, /# EOF|# UNIT/);
    const open = await request(server, "/metrics", { headers: { accept: OPENMETRICS } });
    assert.equal(open.headers["content-type"],
      "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert.match(open.text, /\n# EOF\n$/);
    for (const [text, isOpen] of [[plain.text, false], [open.text, true]]) {
      for (const [name, { TYPE, HELP, samples }] of familiesOf(text)) {
        assert.ok(TYPE && HELP && samples.length > 0, name);
        if (TYPE === "counter") {
          assert.ok(samples.every((line) => /^\w+_total[ {]/.test(line)), name);
          assert.equal(name.endsWith("_total"), !isOpen, name);
        }
      }
    }
  });

  if (found.path) {
    await test(`promtool finds nothing to say about them: ${state}`, async () => {
      const { text } = await metrics();
      assert.deepEqual(promtool(["check", "metrics"], text), { status: 0, said: "" });
      const open = (await metrics(server, OPENMETRICS)).text;
      const dated = open.replace(/^(oomlab_.*)$/gm, `$1 ${Math.floor(Date.now() / 1000)}.5`);
      const { status, said } = promtool(["tsdb", "create-blocks-from", "openmetrics",
        writeFile("metrics.txt", dated), join(directory, "blocks")]);
      assert.equal(status, 0, said);
    });
  } else {
    skip(`promtool finds nothing to say about them: ${state}`, found.reason);
  }
}

await test("what Accept prefers decides the format", async () => {
  const typeOf = async (accept) =>
    (await request(server, "/metrics", { headers: { accept } })).headers["content-type"];
  for (const accept of ["*/*", "text/plain", "text/html", "application/json", "",
    "application/openmetrics-text;q=0", `text/plain, ${OPENMETRICS};q=0.1`]) {
    assert.match(await typeOf(accept), /^text\/plain/, accept);
  }
  for (const accept of ["application/openmetrics-text", OPENMETRICS,
    `${OPENMETRICS},application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5,*/*;q=0.1`,
  ]) {
    assert.match(await typeOf(accept), /^application\/openmetrics-text/, accept);
  }
});

await test("requests are counted by what they were for and how they ended", async () => {
  const before = await metrics();
  await request(server, "/gc");
  for (const [path, count, group, status] of [["/stats", 3, "statistics", "2xx"],
    ["/add?bytes=1", 2, "handler", "2xx"], ["/add?bytes=-1", 4, "handler", "4xx"],
    ["/nope", 2, "unknown", "4xx"], ["/add?bytes=40M", 1, "handler", "5xx"],
    ["/", 2, "page", "2xx"], ["/collect-policy", 2, "policy", "2xx"],
    ["/ping", 2, "other", "2xx"]]) {
    const name = `requests_total{group="${group}",status="${status}"}`;
    const from = (await metrics()).get(name);
    for (let index = 0; index < count; index++) {
      await request(server, path);
    }
    assert.equal((await metrics()).get(name) - from, count, name);
  }
  const after = await metrics();
  assert.equal(after.get('lives_ended_total{outcome="oom-killed"}'),
    before.get('lives_ended_total{outcome="oom-killed"}') + 1);
  assert.equal(after.get("lives_started_total"), before.get("lives_started_total") + 1);
  assert.equal(after.get("alive"), 0, "nobody has asked the next one yet");
});

await test("the heap's figures are those of its statistics", async () => {
  await request(server, "/reset");
  await request(server, "/add?bytes=3M");
  await request(server, "/gc");
  const now = await metrics();
  const heap = await memstats(server);
  for (const [name, member] of [["heap_alloc_bytes", "heap_alloc"],
    ["heap_idle_bytes", "heap_idle"], ["heap_inuse_bytes", "heap_inuse"],
    ["heap_released_bytes", "heap_released"],
    ["heap_sys_bytes", "heap_sys"], ["heap_objects", "heap_objects"], ["next_gc_bytes", "next_gc"],
    ["mallocs_total", "mallocs"], ["frees_total", "frees"], ["gc_cycles_total", "num_gc"],
    ["gc_cycles_forced_total", "num_forced_gc"]]) {
    assert.equal(now.get(name), heap[member], name);
  }
  assert.equal(now.get("live_bytes"), 3 * MIB);
  assert.equal(now.get("limit_bytes"), 32 * MIB);
  assert.equal(now.get("pause_seconds_count") > 0, true);
});

await test("settings are figures: off is +Inf, percent are ratios", async () =>
  withServer(["--gogc=75", "--memlimit=24M"], async (other) => {
    const set = (query) => request(other, `/collect-policy?${query}`, { method: "POST" });
    let now = await metrics(other);
    assert.deepEqual([now.raw("gogc_ratio"), now.raw("memory_limit_bytes"), now.raw("caged")],
      ["0.75", String(24 * MIB), "1"]);
    await set("gogc=off&memlimit=off");
    now = await metrics(other);
    assert.deepEqual([now.raw("gogc_ratio"), now.raw("memory_limit_bytes")], ["+Inf", "+Inf"]);
    await set("policy=never&limit=64M");
    await request(other, "/gc");
    now = await metrics(other);
    assert.equal(now.raw("limit_bytes"), String(64 * MIB));
    assert.ok(now.names.some((name) => /^oomlab_policy_info\{policy="never"/.test(name)));
  }));

await test("connections and listeners are counted while they are there", async () => {
  const before = (await metrics()).get("event_listeners");
  const stream = await listen(server);
  const now = await metrics();
  assert.equal(now.get("event_listeners"), before + 1);
  assert.ok(now.get("open_connections") >= 2);
  stream.close();
});

// The document of all routes

const document = await json(server, "/openapi.json");
const METHODS = ["get", "post", "put", "delete", "patch"];
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).filter(([method]) => METHODS.includes(method))
    .map(([method, operation]) => ({ path, method, operation })));

function resolve(node) {
  if (!node?.$ref) {
    return node;
  }
  const found = node.$ref.split("/").slice(1).reduce((place, word) => place?.[word], document);
  assert.ok(found, node.$ref);
  return found;
}

function targetOf({ path, operation }) {
  const needed = (operation.parameters ?? []).map(resolve).filter(({ required }) => required);
  const query = needed.map(({ name, schema }) => `${name}=${schema.examples[0]}`).join("&");
  return query ? `${path}?${query}` : path;
}

await test("the document is OpenAPI 3.1, and its references lead somewhere", () => {
  assert.match(document.openapi, /^3\.1\./);
  assert.ok(document.info.title && document.info.version);
  const visit = (node) => {
    if (node && typeof node === "object") {
      resolve(node);
      Object.values(node).forEach(visit);
    }
  };
  visit(document);
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
});

await test("every documented operation answers as documented", async () => {
  for (const one of operations) {
    const { path, method, operation } = one;
    const what = `${method} ${path}`;
    if (path === "/events") {
      const stream = await listen(server);
      assert.equal(stream.status, 200);
      stream.close();
      continue;
    }
    const answer = await request(server, targetOf(one), { method: method.toUpperCase() });
    const documented = resolve(operation.responses[answer.status]);
    assert.ok(documented, `${what}: ${answer.status}`);
    const [type] = answer.headers["content-type"].split(";");
    assert.ok(Object.keys(documented.content).includes(type), `${what}: ${type}`);
    if (Object.keys(resolve(operation.responses[200]).content).includes("application/json")) {
      const asked = await request(server, targetOf(one), { method: method.toUpperCase(),
        headers: { accept: "application/json" } });
      assert.equal(asked.headers["content-type"], "application/json", what);
      asked.json();
    }
  }
});

await test("whoever asks for what is not documented is refused as documented", async () => {
  for (const { path, method, operation } of operations) {
    const ask = (query, headers) => request(server, path + query, { method: method.toUpperCase(),
      headers });
    const isStrict = operation.tags.includes("script") || path === "/collect-policy";
    for (const [status, query, headers] of [...isStrict ? [[400, "?nothing=1"]] : [],
      [403, "", { origin: "http://evil.example" }]]) {
      assert.ok(operation.responses[status], `${method} ${path}: ${status}`);
      assert.equal((await ask(query, headers)).status, status, `${method} ${path}`);
    }
  }
});

await test("what is served is documented, but for what the page is made of", async () => {
  const { text } = await request(server, "/nope");
  assert.deepEqual(/: (\/.*)\n$/.exec(text)[1].split(" ").sort(),
    Object.keys(document.paths).sort());
  const page = (await request(server, "/")).text;
  const parts = [...page.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path);
  assert.deepEqual(parts.sort(), ["/page.css", "/page.js"]);
  for (const path of Object.keys(document.paths)) {
    for (const method of METHODS.filter((name) => !document.paths[path][name])) {
      assert.equal((await request(server, path, { method: method.toUpperCase() })).status, 405,
        `${method} ${path}`);
    }
  }
});

await test("a script's own routes and arguments are documented", async () =>
  withServer([writeScript("routes.lua", 'lab.http.post("/only", { "does it", '
    + 'size = { 4 * lab.MiB, "how much", bytes = true, max = 8 * lab.MiB }, '
    + 'kind = { "a", "which", choices = { "a", "b" } } }, function () end)')], async (other) => {
    const { paths } = await json(other, "/openapi.json");
    assert.deepEqual(Object.keys(paths["/only"]), ["post"]);
    const { summary, parameters } = paths["/only"].post;
    assert.equal(summary, "does it");
    assert.deepEqual(parameters.map(({ name, required }) => [name, required ?? false]).sort(),
      [["kind", false], ["size", false]]);
  }));

await test("with a token the document says how it is given", async () =>
  withServer([`--token-file=${writeFile("token", "secret")}`], async (guarded) => {
    const own = await json(guarded, "/openapi.json",
      { headers: { authorization: "Bearer secret" } });
    assert.ok(own.security.length > 0);
    const schemes = Object.values(own.components.securitySchemes).map(({ scheme }) => scheme);
    assert.deepEqual(schemes.sort(), ["basic", "bearer"]);
    assert.ok(Object.values(own.paths).every((methods) => Object.values(methods).every(
      ({ responses }) => responses[401])));
  }));

await finish();
