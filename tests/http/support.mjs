// support.mjs -- What the specs of the server share: TAP, servers, requests, and counts of what is
// left behind.
//
// Usage of a spec: OOMLAB=build/oomlab node tests/http/NAME_test.mjs      prints TAP
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export { assert, sleep };

export const MIB = 1 << 20;
export const PROGRAM = process.env.OOMLAB;
// A sanitizer keeps what was freed for a while, and its heap takes a larger cage.
export const isSanitized = Boolean(process.env.OOMLAB_IS_SANITIZED);
const START_MS_MAX = 20000;
const STOP_MS_MAX = 15000;
const REQUEST_MS_MAX = 60000;

// TAP

let testCount = 0;
let failedCount = 0;

export async function test(sentence, body) {
  testCount += 1;
  const number = testCount;
  const startedMs = Date.now();
  try {
    await body();
    console.log(`ok ${number} - ${sentence}`);
  } catch (error) {
    failedCount += 1;
    console.log(`not ok ${number} - ${sentence}`);
    console.log(String(error.stack ?? error).replace(/^(.{0,400}).*$/gm, "# $1"));
  }
  console.log(`# ${Date.now() - startedMs} ms`);
}

export function skip(sentence, reason) {
  testCount += 1;
  console.log(`ok ${testCount} - ${sentence} # SKIP ${reason}`);
}

function skipAll(reason) {
  console.log(`1..0 # SKIP ${reason}`);
  process.exit(0);
}

export async function finish() {
  for (const server of [...servers]) {
    await test("a server that served all of this ends in order", () => assertEnds(server));
  }
  rmSync(directory, { recursive: true, force: true });
  console.log(`1..${testCount}`);
  process.exit(failedCount === 0 ? 0 : 1);
}

if (!PROGRAM) {
  skipAll("OOMLAB names no program");
}
if (spawnSync(PROGRAM, ["doctor"]).status !== 0) {
  skipAll("no cage can be made here: oomlab doctor says why");
}

// Files of the tests' own

export const directory = mkdtempSync(join(tmpdir(), "oomlab-http-"));

export function writeFile(name, text) {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

// A script with these routes, from its third line on.
export function writeScript(name, routes) {
  return writeFile(name, `-- ${name} -- For a test.\nlocal lab = require "lab"\n${routes}\n`
    + 'return lab.scenario { title = "For a test", program = function () end }\n');
}

// Servers

const servers = new Set();
process.on("exit", () => servers.forEach((server) => server.process.kill("SIGKILL")));

class Server {
  constructor(child) {
    this.process = child;
    this.pid = child.pid;
    this.out = "";
    this.err = "";
    child.stdout?.on("data", (chunk) => { this.out += chunk; });
    child.stderr?.on("data", (chunk) => { this.err += chunk; });
    // What it ended with: { status, signal }. "close": all it said has arrived as well.
    this.ended = new Promise((resolve) => {
      child.once("close", (status, signal) => {
        servers.delete(this);
        resolve({ status, signal });
      });
    });
    servers.add(this);
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  // Gives what it ended with.
  async stop(signal = "SIGTERM") {
    this.process.kill(signal);
    const late = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS_MAX);
    const end = await this.ended;
    clearTimeout(late);
    return end;
  }
}

const URL_PATTERN = /http:\/\/127\.0\.0\.1:(\d+)\//;

function canConnect(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

// Starts `oomlab serve` on a free port. options: its words, after which a --listen of theirs wins;
// how: of node's spawn, and program: the words before. It is up when it prints its URL, or, with
// readyPort, when it listens there.
export async function startServer(options = [], how = {}) {
  const { program = [PROGRAM], readyPort, readyPattern = URL_PATTERN, ...spawning } = how;
  const listens = options.some((word) => word.startsWith("--listen="));
  const words = ["serve", ...(listens ? [] : ["--listen=127.0.0.1:0"]), ...options];
  const server = new Server(spawn(program[0], [...program.slice(1), ...words],
    { stdio: ["ignore", "pipe", "pipe"], ...spawning }));
  const failure = server.ended.then(({ status, signal }) => {
    throw new Error(`the server ended with ${status ?? signal}: ${server.out}${server.err}`);
  });
  failure.catch(() => {});
  const isUp = eventually("a server that listens", async () => {
    if (readyPort) {
      return await canConnect(readyPort) && readyPort;
    }
    return readyPattern.exec(server.out)?.[1];
  }, START_MS_MAX);
  server.port = Number(await Promise.race([isUp, failure]));
  return server;
}

// Runs the program to its end: { status, out, err }.
export function run(words, how = {}) {
  const result = spawnSync(PROGRAM, words, { encoding: "utf8", timeout: 30000, ...how });
  return { status: result.status, signal: result.signal, out: result.stdout, err: result.stderr };
}

// In order, with nothing left. A sanitizer that found something makes this another status.
export async function assertEnds(server) {
  assert.deepEqual(await server.stop(), { status: 0, signal: null }, server.err);
  assert.deepEqual(groupsOf(server.pid), []);
}

// A server for one test.
export async function withServer(options, body) {
  const server = await startServer(options);
  try {
    await body(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  await assertEnds(server);
}

// Polls until look() gives something that holds.
export async function eventually(what, look, msMax = 10000) {
  const dueMs = Date.now() + msMax;
  for (;;) {
    const seen = await look();
    if (seen) {
      return seen;
    }
    if (Date.now() > dueMs) {
      throw new Error(`there was never ${what} in ${msMax} ms`);
    }
    await sleep(5);
  }
}

// Requests

export const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 64 });

// { status, headers, text, json() }. options: method, headers, body, agent, signal.
export function request(server, path, options = {}) {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const one = http.request({ host: "127.0.0.1", port: server.port, path, agent: keepAlive,
      timeout: REQUEST_MS_MAX, ...rest }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("error", reject);
      answer.on("end", () => {
        const text = Buffer.concat(pieces).toString();
        resolve({ status: answer.statusCode, headers: answer.headers, text,
          json: () => JSON.parse(text) });
      });
    });
    one.on("timeout", () => one.destroy(new Error(`no answer to ${path}`)));
    one.on("error", reject);
    one.end(body);
  });
}

export async function json(server, path, options) {
  const answer = await request(server, path, options);
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer.json();
}

export async function memstats(server) {
  return (await json(server, "/stats.json")).memstats;
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };
export function postForm(server, path, body, headers = {}) {
  return request(server, path, { method: "POST", headers: { ...FORM, ...headers }, body });
}

export function connect(server) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

// Sends text, of bytes, as it is; gives all that comes until the server closes. quietMs: after so
// much silence it is told that nothing more will come; cutMs: no longer than this; pause: the text
// comes in two pieces, the first so long.
export async function raw(server, text, { quietMs, cutMs, pause } = {}) {
  const socket = await connect(server);
  return new Promise((resolve, reject) => {
    let seen = "";
    let quiet;
    const late = setTimeout(() => {
      socket.destroy();
      if (!cutMs) {
        reject(new Error(`nothing more came after ${JSON.stringify(seen)}`));
      }
    }, cutMs ?? REQUEST_MS_MAX);
    const listenOn = () => {
      clearTimeout(quiet);
      quiet = quietMs && setTimeout(() => socket.end(), quietMs);
    };
    socket.on("data", (chunk) => {
      seen += chunk.toString("latin1");
      listenOn();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(late);
      clearTimeout(quiet);
      resolve(seen);
    });
    socket.setNoDelay(true);
    socket.write(text.slice(0, pause || text.length), "latin1");
    if (pause) {
      setImmediate(() => socket.write(text.slice(pause), "latin1"));
    }
    listenOn();
  });
}

export const statusOf = (text) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);

// A request whose connection goes once its headers are answered, as text for raw().
export const rawGet = (path, headers = "Host: localhost\r\n", version = "HTTP/1.1") =>
  `GET ${path} ${version}\r\n${headers}Connection: close\r\n\r\n`;

// Server-sent events as they come: messages of { id, event, data }, and close().
export function listen(server, headers = {}) {
  const stream = { messages: [], isClosed: false };
  return new Promise((resolve, reject) => {
    const one = http.request({ host: "127.0.0.1", port: server.port, path: "/events",
      agent: false, headers }, (answer) => {
      let rest = "";
      stream.status = answer.statusCode;
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => {
        const blocks = (rest + chunk).split("\n\n");
        rest = blocks.pop();
        stream.messages.push(...blocks.filter((block) => !block.startsWith(":")).map(readMessage));
      });
      answer.on("close", () => { stream.isClosed = true; });
      answer.on("error", () => {});
      resolve(stream);
    });
    one.on("error", reject);
    one.end();
    stream.close = () => one.destroy();
  });
}

function readMessage(block) {
  const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block) ?? [];
  return { id: Number(id), event, data: data && JSON.parse(data), block };
}

// What is there, and what is left

export function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")
    .filter((word) => word !== "").map(Number);
}

export function isAlive(pid) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

export const fdCount = (pid) => readdirSync(`/proc/${pid}/fd`).length;
export const rssBytes = (pid) =>
  1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);

export function assertResident(pid, bytesMax) {
  const bytes = rssBytes(pid);
  assert.ok(isSanitized || bytes < bytesMax, `${bytes} bytes are resident, not ${bytesMax}`);
}

// Paths of the groups that a lab of this pid made. Others' groups may vanish while find looks, of
// which its status tells.
export function groupsOf(pid) {
  const { stdout } = spawnSync("find",
    ["/sys/fs/cgroup", "-type", "d", "-name", `oomlab-${pid}-*`], { encoding: "utf8" });
  return stdout.split("\n").filter(Boolean);
}

// The process that holds the heap.
export function subjectOf(server) {
  return eventually("a subject", () => childrenOf(server.pid)[0]);
}

export function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}
