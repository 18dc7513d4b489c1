// browser_test.mjs -- The live page in a real browser, from the first add to a server's restart.
//
// Usage: OOMLAB=build/oomlab node tests/http/browser_test.mjs      prints TAP
// OOMLAB may be web/mock.mjs, and OOMLAB_URL names a server that is running (it is not restarted).
// OOMLAB_SCREENSHOTS is a directory for pictures. CHROMIUM names the browser, if not by its name.
import { spawn } from "node:child_process";
import { demand, demandBrowser, DESKTOP, finish, openPage, photograph as photographPage,
  scrollsSideways as scrollsSidewaysIn, skipAll, test, watchPage } from "./browser.mjs";

const START_MS_MAX = 20000;
const PHONE = { width: 360, height: 740 };

// { url, process }: ready when it has said where it listens.
function startServer(port) {
  const program = process.env.OOMLAB;
  const words = ["serve", `--listen=127.0.0.1:${port}`];
  const server = program.endsWith(".mjs") ? spawn(process.execPath, [program, ...words])
    : spawn(program, words);
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`no server after ${START_MS_MAX} ms: ${said}`)),
      START_MS_MAX);
    const listen = (chunk) => {
      said += chunk;
      const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
      if (url) {
        clearTimeout(timer);
        resolve({ url, process: server });
      }
    };
    server.stdout.on("data", listen);
    server.stderr.on("data", listen);
    server.on("exit", (status) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${status}: ${said}`));
    });
  });
}

function stopServer(server) {
  return new Promise((resolve) => {
    server.process.once("exit", resolve);
    server.process.kill("SIGTERM");
    setTimeout(() => server.process.kill("SIGKILL"), 5000).unref();
  });
}

const browser = await demandBrowser();
if (!process.env.OOMLAB && !process.env.OOMLAB_URL) {
  skipAll("OOMLAB names no program");
}

// The browser, with an ear on everything that must not happen

let server = process.env.OOMLAB_URL ? { url: process.env.OOMLAB_URL } : await startServer(0);
process.on("exit", () => server.process?.kill("SIGTERM")); // Where all else fails.
const origin = new URL(server.url).origin;
if (!(await (await fetch(`${origin}/collect-policy.json`)).json()).is_caged) {
  skipAll("no cage on this machine");
}
const page = await openPage(browser);
let isRestarting = false;

// A death is answered by 507, which browsers print in the console; so is a lost connection.
function isExpected(message) {
  const isOfNetwork = message.text().startsWith("Failed to load resource");
  return isOfNetwork && (isRestarting || message.text().includes("507"));
}

const { complaints, foreign } = await watchPage(page, { isExpected,
  isForeign: (url) => !url.startsWith(`${origin}/`) && !url.startsWith("data:") });

// What a test says of the page

const see = (selector, text) => page.locator(selector, text ? { hasText: text } : {}).first()
  .waitFor({ state: "visible" });
const textOf = async (selector) => (await page.locator(selector).textContent()).trim();
const spoken = (selector, pattern) => page.waitForFunction(
  ([where, source]) => new RegExp(source, "i").test(document.querySelector(where).textContent),
  [selector, pattern.source]);

const photograph = (name) => photographPage(page, name);
const scrollsSideways = () => scrollsSidewaysIn(page);

async function run() {
  await test("the page loads, and is live", async () => {
    await page.goto(server.url);
    await see("#connection[data-status=live]");
    await see("#verdict-title", "No heap yet");
  });

  await test("Tab goes to the skip link first, and what has the focus shows it", async () => {
    await page.keyboard.press("Tab");
    demand(await page.evaluate(() => document.activeElement.className) === "skip", "not first");
    await page.keyboard.press("Tab");
    const width = await page.evaluate(() =>
      parseFloat(getComputedStyle(document.activeElement).outlineWidth));
    demand(width >= 2, `an outline of ${width} pixels`);
  });

  await test("every control has a name", async () => {
    const unnamed = await page.evaluate(() => [
      ...document.querySelectorAll("button, input, select")]
      .filter((control) => !control.textContent.trim() && !control.ariaLabel
        && !(control.labels && control.labels.length > 0))
      .map((control) => control.outerHTML));
    demand(unnamed.length === 0, unnamed.join("\n"));
  });

  await test("20 MiB are added, and the answer is told and spoken", async () => {
    await page.click("[data-size='20M']");
    await page.click("#add");
    await see("#result", /added 20\.0 MiB/);
    await spoken("#say", /added 20\.0 MiB|Life \d+ begins/);
    await see("#verdict[data-tone=warn] h2", /beyond the limit/);
  });

  await test("20 MiB more overflow the cage, and the kill has its story", async () => {
    await page.click("#add");
    await see("#verdict[data-tone=dead] h2", /OOM-KILLED/);
    demand((await textOf("#verdict-text")).length > 40, "no story");
    await see("#verdict-evidence", /SIGKILL/);
    await see("#lives .is-killed", /oom-killed/);
    await see("#events [data-kind=killed]");
  });

  await test("the death is spoken at once, and told in the chart's own words", async () => {
    await spoken("#cry", /OOM-KILLED/);
    await page.waitForFunction(() =>
      /OOM-KILLED/.test(document.getElementById("chart").getAttribute("aria-label")));
    await photograph("light-overflow");
  });

  await test("keys alone meet a fresh heap: 1, A", async () => {
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("1");
    await page.keyboard.press("a");
    await see("#result", /added 1\.0 MiB/);
    await see("#verdict[data-tone=calm]");
    await page.waitForFunction(() => document.getElementById("lives").rows.length === 2);
    await page.waitForFunction(() =>
      parseFloat(document.querySelector("tr[data-line=heap] .value").textContent) > 0);
    const heap = parseFloat(await textOf("tr[data-line=heap] .value"));
    demand(heap > 0 && heap < 4, `the heap of the new life has ${heap} MiB`);
  });

  await test("a key collects, and the collection is marked as forced", async () => {
    await page.keyboard.press("g");
    await see("#events [data-kind=gc-forced]");
    await see("#result", /collected/);
    await spoken("#say", /collected/);
  });

  await test("keys that are typed into a field press nothing", async () => {
    const count = await page.locator("#events tr").count();
    await page.keyboard.press("/");
    await page.keyboard.type("5M");
    await page.waitForTimeout(300);
    demand(await page.inputValue("#size") === "5M", "the field does not have what was typed");
    demand(await page.locator("#events tr").count() === count, "something was pressed");
    await page.keyboard.press("Escape");
  });

  await test("a size that is none is refused in words", async () => {
    await page.fill("#size", "much");
    isRestarting = true; // The browser prints 400 too.
    await page.click("#add");
    await see("#result.is-bad");
    isRestarting = false;
    await page.fill("#size", "20M");
  });

  await test("GOGC is changed for the running heap", async () => {
    await page.fill("#settings [name=gogc]", "50");
    await page.click("#settings [type=submit]");
    await see("#settings-note", /In force now/);
    await page.fill("#settings [name=gogc]", "100");
    await page.click("#settings [type=submit]");
    await page.waitForFunction(() => document.getElementById("settings-undo").hidden);
  });

  await test("the spike that the page plays is killed with garbage in its hands", async () => {
    await page.click("#play-spike");
    await see("#verdict[data-tone=dead] #verdict-text", /garbage/);
    await photograph("light-kill");
  });

  await test("the same with gc in between, which the page suggests, survives", async () => {
    await page.click("#hints button >> text=with gc in between");
    await page.waitForFunction(() => document.getElementById("play-spike").disabled);
    await page.waitForFunction(() => !document.getElementById("play-spike").disabled);
    await see("#verdict:not([data-tone=dead])");
    await see("#result", /added/);
  });

  await test("an earlier life is drawn over this one, and can be looked at", async () => {
    await page.click("#lives tr:nth-child(2) input[type=checkbox]");
    await see("[data-window=''][aria-pressed=true]");
    await photograph("light-compare");
    await page.click("#lives tr:nth-child(2) button");
    await see("#verdict[data-tone=dead]");
    await photograph("light-earlier");
  });

  await test("dark by the system's wish, light by the button's", async () => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.emulateMedia({ colorScheme: "dark" });
    demand(await ground() !== light, "the ground is as light as before");
    await photograph("dark");
    await page.click("#theme");
    await page.click("#theme");
    await see("#theme", /light/);
    demand(await ground() === light, "the ground is not light again");
  });

  await test("nothing scrolls sideways at 360 pixels", async () => {
    await page.setViewportSize(PHONE);
    await page.waitForTimeout(200);
    await photograph("phone");
    demand(!await scrollsSideways(), "it does");
    await page.click("#follow");
    demand(!await scrollsSideways(), "it does, while a heap lives");
    await page.setViewportSize(DESKTOP);
  });

  await test("still for those who want no motion", async () => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    const seconds = await page.evaluate(() =>
      getComputedStyle(document.querySelector(".meter-part")).transitionDuration);
    demand(parseFloat(seconds) === 0, `a transition of ${seconds}`);
  });

  await test("the page's policy forbids nothing that the page does", async () => {
    const violations = await page.evaluate(() => window.violations);
    demand(violations.length === 0, violations.join("\n"));
  });

  if (server.process) {
    await test("a restarted server is found again, and the page has lost nothing", async () => {
      isRestarting = true;
      await stopServer(server);
      await see("#connection[data-status=reconnecting]");
      server = await startServer(new URL(server.url).port);
      await see("#connection[data-status=live]");
      await see("#events tr", /restarted/);
      await see("#events [data-kind=killed]");
      isRestarting = false;
      await page.click("[data-size='1M']");
      await page.click("#add");
      await see("#result", /added 1\.0 MiB/);
    });
  }

  await test("the console has no complaint", () => demand(complaints.length === 0,
    complaints.join("\n")));
  await test("nothing was asked of another origin", () => demand(foreign.length === 0,
    foreign.join("\n")));
}

try {
  await run();
} finally {
  await browser.close();
  if (server.process) {
    await stopServer(server);
  }
}
finish();
