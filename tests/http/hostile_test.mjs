// hostile_test.mjs -- Clients that are slow, many, large, wrong: others are served all the same.
import { assert, assertResident, connect, eventually, fdCount, finish, json, listen, MIB, raw,
  request, sleep, startServer, statusOf, test } from "./support.mjs";

const HOST = "Host: localhost\r\n";
const BODY_BYTES_MAX = 65536;
const SLOW_MS_MIN = 15000, SLOW_MS_MAX = 30000; // About 20 seconds, looked at once a second.
const QUICK_MS = 250;
const RSS_BYTES_MAX = 24 * MIB;
const CONNECTION_BYTES_MAX = 20 << 10;

const server = await startServer();
await request(server, "/stats");
const subjectless = fdCount(server.pid);

async function isQuick(where = server) {
  const startedMs = performance.now();
  const answer = await request(where, "/stats", { agent: false });
  assert.equal(answer.status, 200);
  const ms = performance.now() - startedMs;
  assert.ok(ms < QUICK_MS, `${ms} ms`);
}

// How long a connection lasts that sends the text at once and then a byte a second: in ms, with
// what was answered.
async function lifeOfSlow(where, text, hasMore = true) {
  const socket = await connect(where);
  const startedMs = performance.now();
  let seen = "";
  socket.on("data", (chunk) => { seen += chunk; });
  socket.on("error", () => {});
  socket.write(text);
  const timer = setInterval(() => hasMore && socket.writable && socket.write("x"), 1000);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(timer);
  return { ms: performance.now() - startedMs, seen };
}

// These take their time while the other tests run.
const post = `POST /add HTTP/1.1\r\n${HOST}Content-Type: application/x-www-form-urlencoded\r\n`;
const slow = {
  "a request line that comes a byte a second": lifeOfSlow(server, "GET /"),
  "headers that come a byte a second": lifeOfSlow(server, `GET /gc HTTP/1.1\r\n${HOST}X: `),
  "a body that comes a byte a second": lifeOfSlow(server,
    `${post}Content-Length: 1000\r\n\r\nbytes=`),
  "a chunk that comes a byte a second": lifeOfSlow(server,
    `${post}Transfer-Encoding: chunked\r\n\r\n100\r\nbytes=`),
  "a body that never comes": lifeOfSlow(server, `${post}Content-Length: 7\r\n\r\n`, false),
  "a body that was promised and never comes": lifeOfSlow(server,
    `${post}Content-Length: 7\r\nExpect: 100-continue\r\n\r\n`, false),
  "a transfer coding that we do not know": lifeOfSlow(server,
    `GET /gc HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n\r\n`, false),
  "a client that says nothing": lifeOfSlow(server, "", false),
};

await test("a header that is too large is refused, wherever it is large", async () => {
  for (const text of [`GET /gc HTTP/1.1\r\n${HOST}X: ${"x".repeat(40000)}\r\n\r\n`,
    `GET /gc HTTP/1.1\r\n${HOST}${"x".repeat(40000)}: x\r\n\r\n`,
    `GET /gc HTTP/1.1\r\n${HOST}${"X: x\r\n".repeat(10000)}\r\n`,
    `GET /gc HTTP/1.1\r\n${HOST}X: ${"x".repeat(MIB)}\r\n\r\n`,
    `GET /${"x".repeat(40000)} HTTP/1.1\r\n${HOST}\r\n`,
    `GET /gc?${"a=b&".repeat(10000)} HTTP/1.1\r\n${HOST}\r\n`,
    `${"G".repeat(MIB)} / HTTP/1.1\r\n`]) {
    const status = statusOf(await raw(server, text));
    // Closed before all was read: the answer may be lost on the way.
    assert.ok([0, 400, 414, 431].includes(status), `${status} to ${text.slice(0, 60)}`);
  }
  assert.equal(statusOf(await raw(server,
    `GET /gc HTTP/1.1\r\n${HOST}X: ${"x".repeat(40000)}\r\n\r\n`)), 431);
  await isQuick();
});

await test("a body that is too large is 413, told beforehand or not; the largest that fits is read",
  async () => {
    const head = `POST /gc HTTP/1.1\r\n${HOST}Connection: close\r\n`;
    const chunked = (bytes, size = 4096) => `${head}Transfer-Encoding: chunked\r\n\r\n`
      + `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`.repeat(bytes / size) + "0\r\n\r\n";
    const sized = (bytes) => `${head}Content-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`;
    assert.equal(statusOf(await raw(server, sized(BODY_BYTES_MAX))), 200);
    assert.equal(statusOf(await raw(server, chunked(BODY_BYTES_MAX))), 200);
    assert.equal(statusOf(await raw(server, chunked(BODY_BYTES_MAX, 1))), 200);
    assert.equal(statusOf(await raw(server, chunked(2 * BODY_BYTES_MAX))), 413);
    assert.equal(statusOf(await raw(server, chunked(BODY_BYTES_MAX + 64, 64))), 413);
    for (const length of [BODY_BYTES_MAX + 1, 10 * MIB, 2 ** 53, "9".repeat(19), "1".repeat(50)]) {
      const status = statusOf(await raw(server, `${head}Content-Length: ${length}\r\n\r\n`));
      assert.ok(status === 413 || (String(length).length > 18 && status === 400), `${status}`);
    }
    assert.ok([0, 413].includes(statusOf(await raw(server, chunked(4 * MIB)))));
    assertResident(server.pid, RSS_BYTES_MAX);
  });

await test("requests in one piece are answered one after the other, in order", async () => {
  const one = (path) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`;
  const paths = Array.from({ length: 100 }, (_, index) =>
    [`/add?bytes=${index + 1}`, "/stats", "/nope", "/add?bytes=-1", "/ping"][index % 5]);
  const end = `GET /healthz HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
  const text = await raw(server, paths.map(one).join("") + end);
  const statuses = text.match(/^HTTP\/1\.1 \d{3}/gm).map(statusOf);
  assert.deepEqual(statuses,
    [...paths.map((_, index) => [200, 200, 404, 400, 200][index % 5]), 200]);
  assert.deepEqual(text.match(/^added: {2}\d+/gm), paths.map((path) =>
    /add\?bytes=(\d+)/.exec(path)).filter(Boolean).map(([, bytes]) => `added:  ${bytes}`));
});

await test("a request of HTTP/1.0 is answered and its connection closed, kept only if asked to",
  async () => {
    assert.equal(statusOf(await raw(server, `GET /stats HTTP/1.0\r\n${HOST}\r\n`)), 200);
    assert.equal(statusOf(await raw(server, "GET /stats HTTP/1.0\r\n\r\n")), 200);
    const kept = `GET /stats HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`;
    const answers = await raw(server, `${kept}GET /ping HTTP/1.0\r\n${HOST}\r\n`);
    assert.match(answers, /memstats:[^]*pong/);
  });

await test("a connection is kept, and closed when the client says so", async () => {
  const text = await raw(server, `GET /stats HTTP/1.1\r\n${HOST}\r\nGET /stats HTTP/1.1\r\n${HOST}`
    + `Connection: close\r\n\r\nGET /stats HTTP/1.1\r\n${HOST}\r\n`);
  assert.equal(text.match(/^HTTP\/1\.1 200/gm).length, 2);
  assert.equal(text.match(/^Connection: close/gm).length, 1);
});

await test("what two readers could take for two requests is refused, and the connection closed",
  async () => {
    const hidden = `GET /hidden HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
    for (const lines of [`Content-Length: 0\r\nContent-Length: ${hidden.length}`,
      `Content-Length: ${hidden.length}\r\nContent-Length: 0`,
      "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: xchunked",
      "Content-Length: -1", "Content-Length: +1", "Content-Length: 0x10", "Content-Length: 1 1"]) {
      const text = await raw(server,
        `POST /gc HTTP/1.1\r\n${HOST}${lines}\r\n\r\n0\r\n\r\n${hidden}`);
      assert.equal(statusOf(text), 400, lines);
      assert.doesNotMatch(text, /hidden here/, lines);
    }
  });

await test("what is no HTTP is refused or closed", async () => {
  const coded = `POST /gc HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
  for (const text of ["GET /stats\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET\r\n\r\n",
    "\x16\x03\x01\x02\0\r\n\r\n", "GET /stats HTTP/3.0\r\n\r\n", "GET /stats JTTP/1.1\r\n\r\n",
    " \r\n\r\n", `GET /stats HTTP/1.1\r\n${HOST}no colon\r\n\r\n`, "\0\0\0\0\r\n\r\n",
    `${coded}zz\r\n`, `${coded}-1\r\n`, `${coded}${"f".repeat(17)}\r\n`]) {
    const status = statusOf(await raw(server, text, { quietMs: 100 }));
    assert.ok([0, 400, 403, 404, 405, 413, 505].includes(status),
      `${status} to ${JSON.stringify(text)}`);
  }
  await isQuick();
});

await test("clients that take no answers hold up nobody, and little memory", async () => {
  const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(server)));
  for (const socket of sockets) {
    socket.on("error", () => {});
    socket.pause();
    socket.write(`GET /page.js HTTP/1.1\r\n${HOST}\r\n`.repeat(200));
    socket.write(`GET /lives HTTP/1.1\r\n${HOST}\r\n`.repeat(50));
  }
  await sleep(300);
  await isQuick();
  assertResident(server.pid, RSS_BYTES_MAX);
  sockets.forEach((socket) => socket.destroy());
});

await test("sixty-four may listen to events, however slowly; one more is 503", async () => {
  const streams = await Promise.all(Array.from({ length: 63 }, () => listen(server)));
  const deaf = await connect(server);
  deaf.pause();
  deaf.write(`GET /events HTTP/1.1\r\n${HOST}\r\n`);
  await eventually("64 listeners", async () =>
    /^oomlab_event_listeners 64$/m.test((await request(server, "/metrics")).text));
  const refused = await request(server, "/events", { agent: false });
  assert.deepEqual([refused.status, refused.headers["retry-after"]], [503, "1"]);
  for (let count = 0; count < 400; count++) {
    await request(server, "/add?bytes=1");
  }
  await isQuick();
  assertResident(server.pid, RSS_BYTES_MAX);
  await eventually("what happened, told to all", () => streams.every(({ messages }) =>
    messages.length >= 2));
  streams.forEach((stream) => stream.close());
  deaf.destroy();
  await eventually("no listener", async () =>
    /^oomlab_event_listeners 0$/m.test((await request(server, "/metrics")).text), 25000);
});

await test("a thousand idle connections do not slow anybody, and newcomers find room among 1,300",
  async () => {
    const crowded = await startServer();
    await request(crowded, "/stats", { agent: false });
    const sockets = [];
    const add = async (count) => {
      for (let index = 0; index < count; index++) {
        const socket = await connect(crowded);
        socket.on("error", () => {});
        sockets.push(socket);
      }
    };
    await add(1000);
    for (let count = 0; count < 5; count++) {
      await isQuick(crowded);
    }
    await add(300);
    for (let count = 0; count < 5; count++) {
      const startedMs = performance.now();
      assert.equal((await request(crowded, "/gc", { agent: false })).status, 200);
      assert.ok(performance.now() - startedMs < 4000, `${performance.now() - startedMs} ms`);
    }
    assertResident(crowded.pid, RSS_BYTES_MAX + sockets.length * CONNECTION_BYTES_MAX);
    sockets.forEach((socket) => socket.destroy());
    await eventually("few descriptors", () => fdCount(crowded.pid) < 40);
    assert.deepEqual(await crowded.stop(), { status: 0, signal: null });
  });

for (const [what, life] of Object.entries(slow)) {
  await test(`${what}: the connection is closed after about twenty seconds`, async () => {
    const { ms, seen } = await life;
    assert.ok(ms > SLOW_MS_MIN && ms < SLOW_MS_MAX, `${ms} ms`);
    assert.doesNotMatch(seen, /^HTTP\/1\.1 2/m, seen);
  });
}

await test("when all of them have gone the server holds what it held before", async () => {
  await eventually("as many descriptors as before", () =>
    fdCount(server.pid) <= subjectless + 2, 5000);
  assert.equal((await json(server, "/lives")).lives.length, 1, "and it is the same heap");
  assert.deepEqual(await server.stop(), { status: 0, signal: null });
  assert.equal(server.err.match(/^oomlab: (?!life 1: SURVIVED|ended)/m), null, server.err);
});

await finish();
