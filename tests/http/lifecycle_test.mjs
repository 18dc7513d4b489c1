// lifecycle_test.mjs -- From the command line to the end: what is refused, said, left, and to whom.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { assert, assertEnds, connect, directory, eventually, finish, groupsOf, json, listen,
  PROGRAM, request, run, startServer, subjectOf, test, withServer, writeFile, writeScript } from
  "./support.mjs";

const USAGE = 2, SCRIPT = 3, LAB = 4;
const ONE_LINE = /^oomlab: [^\n]+\n$/;
const FREE = "--listen=127.0.0.1:0";

function assertRefused(words, status, reason) {
  const end = run(["serve", ...words]);
  assert.equal(end.status, status, `${words}: ${end.out}${end.err}`);
  assert.match(end.err, ONE_LINE, words.join(" "));
  assert.match(end.err, reason);
  assert.equal(end.out, "");
}

// A port that is free now.
function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

// Through a shell, for what spawn cannot do; it is replaced by the program.
const shell = (script) => ({ program: ["sh", "-c", `${script}; exec "$@"`, "sh", PROGRAM] });

await test("bad usage is one line that names the option, and exit status 2", () => {
  for (const [word, reason] of [["--listen=nonsense", /--listen='nonsense': expected ADDRESS:PORT/],
    ["--listen=127.0.0.1", /expected ADDRESS:PORT/], ["--listen=127.0.0.1:65536", /--listen=/],
    ["--listen=127.0.0.1:-1", /--listen=/], ["--listen=127.0.0.1:1x", /--listen=/],
    ["--listen=example.net:80", /no IP address/], ["--listen=[127.0.0.1:80", /--listen=/],
    ["--allow-host=lab:80", /--allow-host=lab:80: expected a name without a port/],
    ["--allow-host=", /--allow-host/], ["--allow-host=a/b", /--allow-host/],
    ["--token-file=/nowhere/token", /--token-file: cannot open \/nowhere\/token/],
    ["--token-file=/dev/null", /expected one word/], ["--request-timeout=x", /--request-timeout=x/],
    ["--request-timeout=0", /--request-timeout/], ["--request-timeout=-1", /--request-timeout/],
    ["--listne=127.0.0.1:0", /listen/], ["--limit=x", /limit/], ["--gogc=x", /gogc/],
    ["--format=json", /format/], ["--repeat=2", /repeat/]]) {
    assertRefused(word.startsWith("--listen") ? [word] : [FREE, word], USAGE, reason);
  }
  assertRefused([FREE, `--token-file=${writeFile("two", "two words\n")}`], USAGE, /one word/);
  assertRefused([FREE, ...Array(17).fill("--allow-host=lab")], USAGE, /at most 16/);
});

await test("an address that is taken, or not ours, is exit status 4 and one line", async () => {
  const taken = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address();
  assertRefused([`--listen=127.0.0.1:${port}`], LAB, /Address already in use; another server/);
  taken.close();
  assertRefused(["--listen=203.0.113.9:80"], LAB, /cannot listen at 203\.0\.113\.9:80/);
});

await test("a script without routes is for oomlab run, and exit status 2", () => {
  assertRefused([FREE, "spike"], USAGE, /spike registers no routes with lab\.http/);
  assertRefused([FREE, writeScript("none.lua", "")], USAGE, /registers no routes/);
  assertRefused([FREE, "nosuchscript"], USAGE, /nosuchscript/);
});

await test("misuse of lab.http is blamed on the script's line, and exit status 3", () => {
  const handler = "function () end";
  for (const [line, reason] of [[`get("add", ${handler})`, /expected a path as in "\/add"/],
    [`get("/a b", ${handler})`, /expected a path/], [`get("/a.json", ${handler})`, /no \.json/],
    [`get("/../a", ${handler})`, /expected a path/], [`get(7, ${handler})`, /expected a path/],
    [`get("/${"a".repeat(63)}", ${handler})`, /at most 63/], ['get("/a")', /handler is missing/],
    [`get("/a", 7, ${handler})`, /expected what it does/], ['get("/a", "x", "y")', /handler/],
    [`get("/a", { "x", method = { 1, "x" } }, ${handler})`, /field of the request/],
    [`get("/a", { "x", b = { false, "x", bytes = 1 } }, ${handler})`, /bytes/],
    [`put("/a", ${handler})`, /put/],
    [`get("/a", ${handler}) lab.http.post("/a", ${handler})`, /there is a route of this path/]]) {
    const script = writeScript("misuse.lua", `lab.http.${line}`);
    const end = run(["serve", FREE, script]);
    assert.equal(end.status, SCRIPT, `${line}: ${end.out}${end.err}`);
    assert.match(end.err, /^oomlab: \S*misuse\.lua:3: [^\n]+\nstack traceback:\n/, line);
    assert.match(end.err, reason);
  }
});

await test("of the server's own paths a script may take /ping alone, and is told on its line",
  async () => {
    let paths;
    await withServer([], async (server) => {
      paths = Object.keys((await json(server, "/openapi.json")).paths);
      const own = ["/add", "/rel", "/gc", "/stats", "/reset"];
      paths = paths.filter((path) => !own.includes(path) && path !== "/ping");
    });
    assert.ok(paths.length >= 7, paths.join(" "));
    for (const path of [...paths, "/page.css", "/page.js"]) {
      const taken = path.replace(/\.json$/, "");
      const end = run(["serve", FREE,
        writeScript("own.lua", `lab.http.get("${taken}", function () end)`)]);
      assert.equal(end.status, SCRIPT, end.err);
      assert.match(end.err, /own\.lua:3: [^\n]*the server's own; of its paths a script may take/);
    }
    const script = writeScript("ping.lua", 'lab.http.get("/ping", function () return "mine" end)');
    await withServer([script], async (server) =>
      assert.equal((await request(server, "/ping")).text, "mine"));
  });

await test("a handler that fails is 500 with FILE:LINE, to client and log, and is called again",
  async () => withServer([writeScript("fails.lua",
    'lab.http.get("/fail", function () error "it broke" end)\n'
    + 'lab.http.get("/nil", function () return nil + 1 end)\n'
    + 'lab.http.get("/object", function () error {} end)\n'
    + 'lab.http.get("/deep", function () local function f() return 1 + f() end f() end)')],
  async (server) => {
    const answer = await request(server, "/fail");
    assert.equal(answer.status, 500);
    assert.match(answer.text, /^\S*fails\.lua:3: it broke\n$/);
    assert.match((await request(server, "/fail.json")).json().error, /fails\.lua:3: it broke$/);
    assert.match(server.err, /^oomlab: life 1: \S*fails\.lua:3: it broke\n/);
    assert.match((await request(server, "/nil")).text, /fails\.lua:4: attempt to perform/);
    for (const path of ["/object", "/deep"]) {
      const other = await request(server, path);
      assert.equal(other.status, 500);
      assert.match(other.text, /^[^\n]+\n$/);
    }
    const { lives } = await json(server, "/lives");
    assert.deepEqual(lives.map(({ life, state }) => [life, state]), [[1, "running"]]);
  }));

await test("what a handler answers is told as it says, and what cannot be told is its error",
  async () => withServer([writeScript("answers.lua", 'local http = lab.http\n'
    + 'http.get("/text", function () return "plain\\n" end)\n'
    + 'http.get("/nothing", function () end)\n'
    + 'http.get("/teapot", function () return { status = 418, body = "<b>", '
    + 'type = "text/html" } end)\n'
    + 'http.get("/pairs", function () return { { "a b", 1 }, { "c", true }, { "d", 0.5 }, '
    + '{ "e", "x\\ny" } } end)\n'
    + 'http.post("/echo", { "x", word = "none" }, function (r) '
    + 'return table.concat({ r.method, r.path, r.word, r.body }, "|") end)\n'
    + 'http.get("/boolean", function () return true end)\n'
    + 'http.get("/status", function () return { status = 99 } end)\n'
    + 'http.get("/type", function () return { body = "", type = "a/b\\r\\nX: y" } end)\n'
    + 'http.get("/big", function () return ("x"):rep(70000) end)\n'
    + 'http.get("/full", function () return ("x"):rep(65536) end)\n')], async (server) => {
    const get = async (path, options) => request(server, path, options);
    assert.equal((await get("/text")).text, "plain\n");
    assert.deepEqual([(await get("/nothing")).status, (await get("/nothing")).text], [200, ""]);
    const teapot = await get("/teapot");
    assert.deepEqual([teapot.status, teapot.headers["content-type"], teapot.text],
      [418, "text/html", "<b>"]);
    assert.equal((await get("/pairs")).text, "a b:  1\nc:  true\nd:  0.5\ne:  x\\x0ay\n");
    assert.deepEqual((await get("/pairs.json")).json(), { a_b: 1, c: true, d: 0.5, e: "x\ny" });
    assert.equal((await get("/echo?word=w", { method: "POST", body: "the body",
      headers: { "content-type": "text/plain" } })).text, "POST|/echo|w|the body");
    assert.equal((await get("/echo", { method: "POST", body: "word=%C3%A4+b",
      headers: { "content-type": "application/x-www-form-urlencoded" } })).text,
    "POST|/echo|ä b|");
    assert.equal((await get("/echo")).status, 405);
    assert.equal((await get("/full")).text.length, 65536);
    for (const path of ["/boolean", "/status", "/type", "/big"]) {
      const answer = await get(path);
      assert.equal(answer.status, 500, path);
      assert.equal(answer.headers.x, undefined);
    }
  }));

await test("the page is named on stdout, and --quiet says nothing at all", async () => {
  const server = await startServer();
  assert.match(server.out,
    /^\n interactive: [^\n]+\n cage {7}limit 32\.0 MiB [^\n]+\n policy {5}go /);
  assert.match(server.out, / routes {4} \/add \/rel \/gc \/stats \/reset\n/);
  await assertEnds(server);
  assert.match(server.err, /\noomlab: ended; nothing is left behind\n$|^oomlab: ended; nothing/);
  const port = await freePort();
  const quiet = await startServer(["--quiet", `--listen=127.0.0.1:${port}`],
    { readyPort: port });
  await request(quiet, "/add?bytes=40M");
  await assertEnds(quiet);
  assert.deepEqual([quiet.out, quiet.err], ["", ""]);
});

await test("an address of version 6 serves as well", async () => {
  const server = await startServer(["--listen=[::1]:0"],
    { readyPattern: /http:\/\/\[::1\]:(\d+)\// });
  const answer = await request(server, "/gc", { host: "::1" });
  assert.equal(answer.status, 200);
  await assertEnds(server);
});

await test("a server starts again at once on its port, though clients were connected", async () => {
  const first = await startServer();
  const stream = await listen(first);
  const idle = await connect(first);
  idle.on("error", () => {});
  await request(first, "/add?bytes=1M");
  assert.equal((await first.stop()).status, 0);
  const second = await startServer([`--listen=127.0.0.1:${first.port}`]);
  assert.equal(second.port, first.port);
  assert.equal((await request(second, "/gc", { agent: false })).status, 200);
  await eventually("an end of the stream", () => stream.isClosed);
  idle.destroy();
  await assertEnds(second);
});

await test("with stdout closed it serves, and nothing is printed into sockets", async () => {
  const port = await freePort();
  for (const closed of [">&-", ">&- 2>&- <&-"]) {
    const server = await startServer([`--listen=127.0.0.1:${port}`],
      { ...shell(`exec ${closed}`), readyPort: port });
    for (let death = 0; death < 3; death++) {
      assert.equal((await request(server, "/add?bytes=40M", { agent: false })).status, 507);
    }
    assert.deepEqual(readdirSync(`/proc/${server.pid}/fd`).filter((fd) => fd <= 2).map((fd) =>
      readlinkSync(`/proc/${server.pid}/fd/${fd}`)).slice(0, 2), ["/dev/null", "/dev/null"]);
    assert.deepEqual(await server.stop(), { status: LAB, signal: null });
    assert.deepEqual(groupsOf(server.pid), []);
  }
});

await test("a run with stdout closed keeps its table out of its record", () => {
  const record = join(directory, "run.jsonl");
  const end = spawnSync("sh", ["-c", `exec "${PROGRAM}" run --record=${record} >&-`]);
  assert.equal(end.status, LAB);
  readFileSync(record, "utf8").trim().split("\n").forEach((line) => JSON.parse(line));
});

await test("a full stdout is exit status 4 at the end, not the end", async () => {
  const port = await freePort();
  const server = await startServer([`--listen=127.0.0.1:${port}`],
    { ...shell("exec >/dev/full"), readyPort: port });
  assert.equal((await request(server, "/gc", { agent: false })).status, 200);
  assert.equal((await server.stop()).status, LAB);
  assert.match(server.err, /cannot write to standard output/);
});

await test("a record has every life, whole; on a full disk that is said at the end", async () => {
  const path = join(directory, "serve.jsonl");
  const server = await startServer([`--record=${path}`]);
  await request(server, "/add?bytes=40M");
  await request(server, "/add?bytes=4M");
  assert.equal((await server.stop()).status, 0);
  const lines = readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ type }) => type).filter((type) => /header|summary/.test(type)),
    ["header", "summary", "header", "summary"]);
  assert.deepEqual(lines.filter(({ type }) => type === "summary").map(({ outcome }) => outcome),
    ["oom-killed", "survived"]);
  const full = await startServer(["--record=/dev/full"]);
  assert.equal((await request(full, "/add?bytes=40M")).status, 507);
  assert.equal((await full.stop()).status, LAB);
  assert.match(full.err, /the record in \/dev\/full is not whole: [^\n]+\n$/);
});

await test("the heap's process holds none of the server's sockets, files and groups", async () =>
  withServer([`--record=${join(directory, "held.jsonl")}`], async (server) => {
    const stream = await listen(server);
    await request(server, "/gc");
    const linksOf = (pid) => readdirSync(`/proc/${pid}/fd`).filter((fd) => fd > 2).map((fd) =>
      readlinkSync(`/proc/${pid}/fd/${fd}`));
    const own = new Set(linksOf(server.pid).filter((link) =>
      /^socket:|jsonl|cgroup|kmsg/.test(link) && !/usage_in_bytes|current/.test(link)));
    assert.ok(own.size >= 3);
    assert.deepEqual(linksOf(await subjectOf(server)).filter((link) => own.has(link)), []);
    stream.close();
  }));

await test("a service manager's socket is taken, and it is told of start and end", async () => {
  const server = await startServer([], { program: [process.env.OOMLAB_SERVICE_MANAGER, PROGRAM] });
  assert.equal((await request(server, "/gc", { agent: false })).status, 200);
  await eventually("READY=1", () => /^notify: READY=1$/m.test(server.out));
  assert.doesNotMatch(server.out, /STOPPING/);
  const end = await server.stop();
  assert.deepEqual(end, { status: 0, signal: null });
  assert.match(server.out, /^notify: STOPPING=1$/m);
});

await test("what a service manager passes by mistake is exit status 4 and one line", async () => {
  const start = (exports, words = "") => spawnSync("sh", ["-c",
    `export LISTEN_PID=$$ ${exports}; exec "${PROGRAM}" serve ${FREE} ${words}`],
  { encoding: "utf8", timeout: 10000 });
  for (const [exports, words, reason] of [["LISTEN_FDS=2", "", /passed 2 sockets; expected one/],
    ["LISTEN_FDS=1", "3</dev/null", /no listening stream socket/],
    ["LISTEN_FDS=1", "3<&-", /no listening stream socket/],
    ["LISTEN_FDS=x", "", /expected one/]]) {
    const end = start(exports, words);
    assert.equal(end.status, LAB, end.stderr);
    assert.match(end.stderr, ONE_LINE);
    assert.match(end.stderr, reason);
  }
});

await test("sockets that are meant for another process are left alone", async () => {
  const server = await startServer([], shell("export LISTEN_PID=1 LISTEN_FDS=1"));
  assert.equal((await request(server, "/gc")).status, 200);
  await assertEnds(server);
});

await test("a service manager that cannot be told is no reason not to serve", async () => {
  const server = await startServer([], shell("export NOTIFY_SOCKET=/nowhere/notify"));
  assert.equal((await request(server, "/gc")).status, 200);
  assert.equal((await server.stop()).status, 0);
});

await finish();
