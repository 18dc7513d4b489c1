// browser.mjs -- What the specs that drive a browser share: TAP, the browser, its driver.
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

const STEP_MS_MAX = 15000;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
export const DESKTOP = { width: 1360, height: 900 };

// TAP

let testCount = 0;
let failedCount = 0;

export async function test(sentence, body) {
  testCount += 1;
  try {
    await body();
    console.log(`ok ${testCount} - ${sentence}`);
  } catch (error) {
    failedCount += 1;
    console.log(`not ok ${testCount} - ${sentence}`);
    console.log(String(error.stack ?? error).replace(/^/gm, "# "));
  }
}

export function demand(condition, what) {
  if (!condition) {
    throw new Error(what);
  }
}

export function skipAll(reason) {
  console.log(`1..0 # SKIP ${reason}`);
  process.exit(0);
}

export function finish() {
  console.log(`1..${testCount}`);
  process.exit(failedCount === 0 ? 0 : 1);
}

// The browser

function findBrowser() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const named = ["chromium", "chromium-browser"]
    .flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env.CHROMIUM, ...named, "/usr/bin/chromium"].find((path) =>
    path && existsSync(path));
}

function loadDriver() {
  try {
    return createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");
  } catch {
    return null;
  }
}

// Skips all where there is none. Starts it.
export async function demandBrowser() {
  const executablePath = findBrowser();
  const driver = loadDriver();
  if (!executablePath) {
    skipAll("no chromium");
  }
  if (!driver) {
    skipAll("no playwright-core: tools/page.sh test fetches it");
  }
  return driver.chromium.launch({ executablePath, args: FLAGS, headless: true });
}

// A page in a profile of its own.
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, colorScheme: "light", ...options });
  context.setDefaultTimeout(STEP_MS_MAX);
  return context.newPage();
}

// Listens for what must not be: console errors but for those that isExpected(message), uncaught
// errors, what a page's own policy forbids, requests that isForeign(url).
export async function watchPage(page, { isExpected = () => false, isForeign }) {
  const seen = { complaints: [], foreign: [] };
  page.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message)) {
      seen.complaints.push(message.text());
    }
  });
  page.on("pageerror", (error) => seen.complaints.push(String(error.stack)));
  page.on("request", (request) => {
    if (isForeign(request.url())) {
      seen.foreign.push(request.url());
    }
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.violations.push(`${event.violatedDirective}: ${event.blockedURI || event.sample}`);
    });
  });
  return seen;
}

// Into the folder that OOMLAB_SCREENSHOTS names, if it does.
export async function photograph(page, name) {
  const folder = process.env.OOMLAB_SCREENSHOTS;
  if (folder) {
    mkdirSync(folder, { recursive: true });
    await page.waitForTimeout(300); // The chart draws with the next frame.
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
}

export function scrollsSideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
}
