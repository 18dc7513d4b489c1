// malformed_test.mjs -- Requests that nobody would write: answered or hung up on, and survived.
//
// OOMLAB_REQUESTS: how many, 10000 if it is not set; OOMLAB_SEED: another seed, other requests.
import { assert, assertResident, eventually, fdCount, finish, json, MIB, raw, request, startServer,
  test } from "./support.mjs";

const REQUESTS = Number(process.env.OOMLAB_REQUESTS ?? 10000);
const SEED = Number(process.env.OOMLAB_SEED ?? 1);
const AT_ONCE = 64;
const TIMES = { quietMs: 30, cutMs: 500 }; // Some ask for events, or for what never ends.
const RSS_BYTES_MAX = 24 * MIB;

const HOST = "Host: localhost\r\n";
const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";
const CORPUS = [
  `GET /stats HTTP/1.1\r\n${HOST}\r\n`,
  `GET /add?bytes=1000 HTTP/1.1\r\n${HOST}Accept: application/json, text/plain;q=0.5\r\n\r\n`,
  `GET /add.json?bytes=20M HTTP/1.1\r\n${HOST}Connection: keep-alive\r\n\r\n`,
  `POST /rel?bytes=1MiB HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  `POST /add HTTP/1.1\r\n${HOST}${FORM}Content-Length: 12\r\n\r\nbytes=%31000`,
  `POST /add HTTP/1.1\r\n${HOST}${FORM}Transfer-Encoding: chunked\r\n\r\n`
    + "6\r\nbytes=\r\n4;ext=1\r\n1000\r\n0\r\nTrailer: x\r\n\r\n",
  `POST /add HTTP/1.1\r\n${HOST}Content-Type: multipart/form-data; boundary=xx\r\n`
    + 'Content-Length: 65\r\n\r\n--xx\r\nContent-Disposition: form-data; name="bytes"\r\n\r\n'
    + "7\r\n--xx--",
  `POST /collect-policy?gogc=50&memlimit=90% HTTP/1.1\r\n${HOST}Expect: 100-continue\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}If-None-Match: "abc"\r\nOrigin: http://localhost\r\n\r\n`,
  `HEAD /metrics HTTP/1.0\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n`,
  `GET /events HTTP/1.1\r\n${HOST}Last-Event-ID: 7\r\nSec-Fetch-Site: same-origin\r\n\r\n`,
  `GET /lives HTTP/1.1\r\n${HOST}Authorization: Basic dTpwYXNzd29yZA==\r\nCookie: a=b\r\n\r\n`,
  `DELETE /stats HTTP/1.1\r\n${HOST}Range: bytes=0-1\r\nUpgrade: h2c\r\n\r\n`,
];
const WORDS = ["\r\n", "\n", "\r", "\0", " ", "\t", ":", "%", "%00", "%zz", "=", "&", "?", "/",
  "//", "..", "HTTP/1.1", "HTTP/9.9", "Content-Length: ", "Transfer-Encoding: chunked\r\n",
  "chunked", "18446744073709551616", "-1", "0x7fffffff", "1e3", "9".repeat(26), ";q=", ";", ",",
  "\"", "\\", "\x7f", "\x80", "\xff", "\xc0\xaf", "\xe4", "{\"a\":", "Host: evil.example\r\n",
  "Connection: close\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "A".repeat(300), "a=b&".repeat(70),
  "X: y\r\n".repeat(120), "B".repeat(17000)];

// The same numbers on every machine: mulberry32.
let state = SEED;
function random(limit) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % limit;
}
const pick = (list) => list[random(list.length)];

const MUTATIONS = [
  (text, at) => text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1),
  (text, at) => text.slice(0, at) + text.slice(at + 1 + random(8)),
  (text, at) => text.slice(0, at) + pick(WORDS) + text.slice(at),
  (text, at) => text.slice(0, at) + pick(WORDS) + text.slice(at + random(12)),
  (text, at) => text.slice(0, at) + text.slice(at, at + 1 + random(40)).repeat(1 + random(20))
    + text.slice(at),
  (text, at) => text.slice(0, at) + pick(CORPUS).slice(random(60)),
  (text, at) => text.slice(0, at),
  (text) => text + pick(CORPUS),
  (text) => text.replace(/\r\n/g, pick(["\n", "\r", "\r\n\r\n", "\n\r"])),
  (text, at) => text.slice(0, at) + text.slice(at).toUpperCase(),
];

function makeRequest() {
  let text = pick(CORPUS);
  for (let count = 1 + random(6); count > 0; count--) {
    text = pick(MUTATIONS)(text, random(text.length + 1));
  }
  return { text, pause: random(4) === 0 ? random(text.length + 1) : 0 };
}

const server = await startServer();
await request(server, "/stats");

await test(`${REQUESTS} malformed requests (seed ${SEED}): each is answered by HTTP or by nothing`,
  async () => {
    const before = fdCount(server.pid);
    const statuses = new Map();
    let left = REQUESTS;
    const work = async () => {
      while (left-- > 0) {
        const one = makeRequest();
        const answer = await raw(server, one.text, { ...TIMES, pause: one.pause });
        const [, status = "none"] = /^HTTP\/1\.[01] (\d{3}) /.exec(answer) ?? [];
        assert.ok(answer === "" || status !== "none", JSON.stringify([one.text, answer]));
        assert.ok(!/^5/.test(status) || ["503", "505", "507"].includes(status),
          JSON.stringify([one.text, answer]));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    console.log(`# ${[...statuses].sort().map((pair) => pair.join(": ")).join(", ")}`);
    // A mutator that finds nothing but one answer tests nothing.
    for (const status of ["200", "400", "404", "405", "403"]) {
      assert.ok(statuses.get(status) > REQUESTS / 1000, `${status}: ${statuses.get(status)}`);
    }
    await eventually("as many descriptors as before", () => fdCount(server.pid) <= before + 2,
      25000);
  });

await test("afterwards it is the same server, with nothing but its heaps' ends in the log",
  async () => {
    assert.equal((await request(server, "/add?bytes=1000")).status, 200);
    assertResident(server.pid, RSS_BYTES_MAX);
    const { lives } = await json(server, "/lives");
    for (const { outcome } of lives) {
      assert.ok([null, "oom-killed", "survived"].includes(outcome), outcome);
    }
    assert.deepEqual(await server.stop(), { status: 0, signal: null });
    assert.match(server.err, /^(oomlab: [\x20-\x7e\u00b7]+\n)+$/);
  });

await finish();
