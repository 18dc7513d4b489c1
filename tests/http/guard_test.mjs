// guard_test.mjs -- Whom the server does not serve: other names, other sites, who has no token.
import { assert, finish, json, memstats, postForm, raw, rawGet, request, startServer, statusOf,
  test, withServer, writeFile } from "./support.mjs";

const server = await startServer();
const { port } = server;
const TOKEN = "a-token-of-32-characters-or-so..";

const get = async (headers, path = "/add?bytes=1M", where = server) =>
  statusOf(await raw(where, rawGet(path, headers)));
const withHost = (...lines) => ["Host: localhost", ...lines].map((line) => `${line}\r\n`).join("");

// What is refused leaves the heap as it was.
async function untouched(body) {
  const before = await memstats(server);
  await body();
  assert.deepEqual(await memstats(server), before);
}

await test("a Host that is an IP address or localhost is served, with any port", async () => {
  for (const host of ["127.0.0.1", `127.0.0.1:${port}`, "localhost", `localhost:${port}`,
    "LOCALHOST", "lab.localhost", "localhost.", "[::1]", `[::1]:${port}`, "10.1.2.3:8080"]) {
    assert.equal(await get(`Host: ${host}\r\n`, "/stats"), 200, host);
  }
});

await test("a rebound Host is refused, and the heap untouched", async () => untouched(async () => {
  for (const host of ["evil.example", `evil.example:${port}`, "localhost.evil.example",
    "127.0.0.1.evil.example", "evillocalhost", "127.1", "2130706433", "0x7f.0.0.1", "[::1",
    "::1", "localhost:0", "localhost:99999", "localhost:80:80", "localhost@evil.example", "a b",
    "127.0.0.1, evil.example", "[localhost]", "x".repeat(5000)]) {
    assert.equal(await get(`Host: ${host}\r\n`), 403, host);
  }
  assert.ok([400, 403].includes(await get("Host:\r\n")), "an empty one");
}));

await test("a refusal names the option that would allow the name, and shows no control characters",
  async () => {
    const answer = await raw(server, rawGet("/gc", "Host: lab.example\x1b[1m\r\n"));
    assert.match(answer, /start the server with --allow-host=NAME\n$/);
    assert.match(answer, /'lab\.example\\x1b\[1m'/);
  });

await test("a target with a host in it has to name the Host's", async () => untouched(async () => {
  assert.equal(await get(withHost(), "http://localhost/stats"), 200);
  assert.equal(await get(withHost(), "http://LOCALHOST"), 200);
  for (const target of ["http://evil.example/add?bytes=1M", "http://localhost:1/add?bytes=1M",
    "http:///add?bytes=1M", "http://localhost@evil.example/add?bytes=1M"]) {
    assert.equal(await get(withHost(), target), 400, target);
  }
  assert.equal(await get("Host: evil.example\r\n", "http://evil.example/add?bytes=1M"), 403);
}));

await test("two Hosts are refused, and so is none, but for HTTP/1.0", async () => {
  await untouched(async () => {
    for (const hosts of ["Host: localhost\r\nHost: localhost\r\n",
      "Host: localhost\r\nHost: evil.example\r\n", "Host: evil.example\r\nhost: localhost\r\n"]) {
      assert.equal(await get(hosts), 400);
    }
    assert.equal(await get(""), 400);
  });
  assert.equal(statusOf(await raw(server, rawGet("/stats", "", "HTTP/1.0"))), 200);
  assert.equal(statusOf(await raw(server, rawGet("/stats", "Host: evil.example\r\n",
    "HTTP/1.0"))), 403);
});

await test("a foreign Origin is refused, whatever it is, and the heap untouched", async () =>
  untouched(async () => {
    for (const origin of ["http://evil.example", "https://evil.example", "null", "http://localhost",
      `http://localhost:${port + 1}`, `http://localhost:${port}.evil.example`, "file://",
      `http://127.0.0.1:${port}`, "http://", "", `ftp://localhost:${port}`,
      `http://localhost:${port}/`, `http://user@localhost:${port}`]) {
      const lines = `Host: localhost:${port}\r\nOrigin: ${origin}\r\n`;
      assert.equal(await get(lines), 403, origin);
      assert.equal(await get(lines, "/stats"), 403, origin);
    }
    assert.equal(await get(`Host: localhost:${port}\r\nOrigin: http://localhost:${port}\r\n`
      + "Origin: http://evil.example\r\n"), 400, "two of them");
  }));

await test("the server's own Origin is served", async () => {
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
    assert.equal(await get(`Host: ${host}\r\nOrigin: http://${host}\r\n`, "/stats"), 200, host);
  }
});

await test("a request that another site's page makes is refused", async () =>
  untouched(async () => {
    for (const site of ["cross-site", "same-site", "CROSS-SITE", "other", ""]) {
      for (const path of ["/add?bytes=1M", "/stats", "/events", "/metrics", "/page.js"]) {
        assert.equal(await get(withHost(`Sec-Fetch-Site: ${site}`), path), 403, `${site} ${path}`);
      }
    }
    for (const site of ["same-origin", "none"]) {
      assert.equal(await get(withHost(`Sec-Fetch-Site: ${site}`), "/stats"), 200, site);
    }
  }));

await test("a link to the page may be followed from anywhere, but not put into a frame",
  async () => {
    const visit = (dest, mode, path) => get(withHost("Sec-Fetch-Site: cross-site",
      `Sec-Fetch-Dest: ${dest}`, `Sec-Fetch-Mode: ${mode}`), path);
    assert.equal(await visit("document", "navigate", "/"), 200);
    for (const [dest, mode, path] of [["iframe", "navigate", "/"], ["empty", "cors", "/"],
      ["image", "no-cors", "/"], ["document", "navigate", "/reset"],
      ["document", "navigate", "/add?bytes=1M"]]) {
      assert.equal(await visit(dest, mode, path), 403, `${dest} ${mode} ${path}`);
    }
  });

await test("a form on another site's page is refused before its body is read", async () =>
  untouched(async () => {
    for (const headers of [{ origin: "http://evil.example" }, { origin: "null" },
      { "sec-fetch-site": "cross-site" }, { host: "evil.example" }]) {
      for (const [path, body] of [["/add", "bytes=1M"], ["/collect-policy", "gogc=off"],
        ["/reset", ""]]) {
        assert.equal((await postForm(server, path, body, headers)).status, 403, path);
      }
    }
    assert.equal((await json(server, "/collect-policy.json")).settings.gogc, 100);
  }));

await test("--allow-host serves that name, and no other", async () =>
  withServer(["--allow-host=lab.example", "--allow-host=Other"], async (named) => {
    for (const [host, status] of [["lab.example", 200], [`LAB.example:${named.port}`, 200],
      ["lab.example.", 200], ["other", 200], ["x.lab.example", 403], ["example", 403],
      ["evil.example", 403], ["localhost", 200]]) {
      assert.equal(await get(`Host: ${host}\r\n`, "/stats", named), status, host);
    }
    assert.equal(await get("Host: lab.example\r\nOrigin: http://lab.example\r\n", "/stats", named),
      200);
    assert.equal(await get("Host: lab.example\r\nOrigin: http://other\r\n", "/stats", named), 403);
  }));

await test("with a token every path asks for it, as Bearer or as Basic's password", async () =>
  withServer([`--token-file=${writeFile("token", `${TOKEN}\n`)}`], async (guarded) => {
    const basic = (text) => `Basic ${Buffer.from(text).toString("base64")}`;
    const ask = (path, authorization, more = {}) => request(guarded, path,
      { headers: { ...authorization === null ? {} : { authorization }, ...more } });
    for (const path of ["/", "/page.js", "/page.css", "/stats", "/add?bytes=1M", "/metrics",
      "/openapi.json", "/healthz", "/ping", "/lives", "/collect-policy", "/events", "/nope"]) {
      for (const wrong of [null, "", "Bearer", "Bearer ", `Bearer ${TOKEN}x`, `Bearer x${TOKEN}`,
        `Bearer ${TOKEN.slice(0, -1)}`, `Bearer ${TOKEN}${TOKEN}`, `Token ${TOKEN}`, TOKEN,
        `Bearer ${TOKEN.toUpperCase()}`, basic(TOKEN), basic(`${TOKEN}:`), basic(`u:${TOKEN}x`),
        "Basic !!!", "Basic", `Bearer ${"x".repeat(5000)}`]) {
        const answer = await ask(path, wrong);
        assert.equal(answer.status, 401, `${path} ${wrong}`);
        assert.match(answer.headers["www-authenticate"], /^Basic realm="oomlab"/);
        assert.doesNotMatch(answer.text, new RegExp(TOKEN, "i"));
      }
    }
    for (const right of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, basic(`:${TOKEN}`),
      basic(`anybody:${TOKEN}`), `basic   ${Buffer.from(`u:${TOKEN}`).toString("base64")}`]) {
      for (const path of ["/", "/stats", "/metrics", "/healthz"]) {
        assert.equal((await ask(path, right)).status, 200, `${path} ${right}`);
      }
    }
    assert.equal((await ask("/nope", `Bearer ${TOKEN}`)).status, 404);
    assert.equal((await ask("/stats", `Bearer ${TOKEN}`, { origin: "http://evil.example" })).status,
      403);
    assert.equal((await ask("/stats", null, { host: "evil.example" })).status, 403,
      "who may not ask at all does not learn that there is a token");
    assert.equal((await ask("/lives", `Bearer ${TOKEN}`)).json().lives.length, 1);
  }));

await test("every answer says that its type is not to be guessed, and is for this origin alone",
  async () => {
    for (const path of ["/", "/page.js", "/page.css", "/stats", "/stats.json", "/add", "/nope",
      "/metrics", "/openapi.json", "/healthz", "/ping", "/lives", "/collect-policy"]) {
      const { headers } = await request(server, path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["cross-origin-resource-policy"], "same-origin", path);
      assert.equal(headers["access-control-allow-origin"], undefined, path);
      assert.match(headers["cache-control"], /^no-(store|cache)$/, path);
      assert.equal(headers["content-type"].startsWith("text/html"), path === "/", path);
    }
  });

await test("the page may load and do nothing but what is the server's own", async () => {
  const { headers, text } = await request(server, "/");
  assert.equal(headers["content-security-policy"],
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    + "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  assert.equal(headers["referrer-policy"], "no-referrer");
  assert.equal(/<script>|<style>| style=| on[a-z]+=|(src|href|action)="(https?:)?\/\//.exec(text),
    null);
  const again = await request(server, "/", { headers: { "if-none-match": headers.etag } });
  assert.deepEqual([again.status, again.text], [304, ""]);
});

await finish();
