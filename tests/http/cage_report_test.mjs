// cage_report_test.mjs -- The report of a caged program in a real browser without a network.
//
// Usage: OOMLAB_CAGE_REPORTS=cage_report_pages node tests/http/cage_report_test.mjs   prints TAP
// OOMLAB_SCREENSHOTS is a directory for pictures. CHROMIUM names the browser, if not by its name.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { demand, demandBrowser, finish, openPage, photograph, scrollsSideways, test, watchPage }
  from "./browser.mjs";

const PHONE = { width: 390, height: 844 };
const NAMES = ["killed", "parent", "apoptosis", "unlimited", "short", "hostile"];

const browser = await demandBrowser();
const folder = mkdtempSync(join(tmpdir(), "oomlab-reports-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
execFileSync(process.env.OOMLAB_CAGE_REPORTS, [folder], { stdio: "inherit" });

const urlOf = (name) => pathToFileURL(join(folder, `${name}.html`)).href;
const dataOf = (name) => JSON.parse(/id="oomlab-cage">(.*)<\/script>/
  .exec(readFileSync(join(folder, `${name}.html`), "utf8"))[1]);

// Opens a report without a network, and closes it again; nothing must have been complained of.
async function withReport(name, options, body) {
  const page = await openPage(browser, options);
  try {
    await page.context().setOffline(true);
    const seen = await watchPage(page, { isForeign: (url) =>
      url !== urlOf(name) && !url.startsWith("data:") });
    await page.goto(urlOf(name));
    await body(page);
    const wrong = [...seen.complaints, ...seen.foreign,
      ...options.javaScriptEnabled === false ? [] : await page.evaluate(() => window.violations)];
    demand(wrong.length === 0, wrong.join("\n"));
  } finally {
    await page.context().close();
  }
}

const textOf = async (page, selector) => (await page.locator(selector).textContent()).trim();

// How many of the canvas's pixels have about the colour that the style sheet gives a name.
function pixelsOf(page, name) {
  return page.evaluate(async (colour) => {
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    const probe = document.createElement("i");
    probe.style.color = `var(--${colour})`;
    document.body.append(probe);
    const wanted = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    const canvas = document.querySelector("#chart canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      const isNear = wanted.every((value, index) => Math.abs(value - data[at + index]) < 5);
      count += isNear && data[at + 3] > 200 ? 1 : 0;
    }
    return count;
  }, name);
}

for (const name of NAMES) {
  await test(`a report that is ${name} opens offline and says how it ended`, () =>
    withReport(name, {}, async (page) => {
      const { summary } = dataOf(name);
      demand((await textOf(page, "#verdict-title")).length > 10, "no verdict");
      demand((await textOf(page, ".verdict-evidence")).includes("oom_kill +"), "no evidence");
      demand((await page.title()).startsWith(`${summary.outcome}: `), await page.title());
      demand(await page.locator(".facts tr").count() >= 3, "no figures");
      await photograph(page, `cage-${name}`);
    }));
}

await test("the chart shows usage, limit and the kill", () =>
  withReport("killed", {}, async (page) => {
    for (const colour of ["cage", "limit", "dead"]) {
      const count = await pixelsOf(page, colour);
      demand(count > 200, `${count} pixels have the colour of ${colour}`);
    }
  }));

await test("children that were killed, and a watchdog that acted, are marked", async () => {
  await withReport("parent", {}, async (page) => {
    demand(await pixelsOf(page, "dead") > 100, "no mark");
    demand(await page.locator(".events [data-kind=killed]").count() === 2, "not two kills");
  });
  await withReport("apoptosis", {}, async (page) => {
    demand(await pixelsOf(page, "forced") > 200, "neither threshold nor mark");
    demand((await textOf(page, ".facts")).includes("acted on the kernel's notice"), "no story");
  });
});

await test("what is under the pointer is told in figures", () =>
  withReport("killed", {}, async (page) => {
    const box = await page.locator("#chart .u-over").boundingBox();
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.waitForFunction(() =>
      /^at [\d.]+ s: usage [\d.]+ MiB \(\d+ %\), RSS [\d.]+ MiB$/
        .test(document.getElementById("moment").textContent));
  }));

await test("without a limit there is none in the chart or its legend", () =>
  withReport("unlimited", {}, async (page) => {
    demand(await pixelsOf(page, "limit") < 20, "a limit is drawn");
    demand(!await page.locator(".if-limited").isVisible(), "a limit is in the legend");
    demand(await pixelsOf(page, "cage") > 200, "no curve");
  }));

await test("what a program calls itself stays text", () =>
  withReport("hostile", {}, async (page) => {
    demand(await page.title() !== "taken", "its script has run");
    demand(await page.locator("script").count() === 2, "there are more scripts than ours");
    demand(await page.locator("b").count() === 0, "its element is one");
    demand((await textOf(page, ".command")).startsWith("\"'><script>document.title="),
      "its name is another");
    demand(dataOf("hostile").summary.command.endsWith("{{data}}\ufffd\n"), "cut JSON");
  }));

await test("ten thousand samples are thinned, and the highest is kept", () => {
  const { series, summary } = dataOf("killed");
  demand(series.at_ns.length === 4000, `${series.at_ns.length} samples`);
  demand(Math.max(...series.cage_bytes) === summary.cage_peak_bytes, "the peak is lost");
  demand(series.at_ns.every((ns, index) => index === 0 || ns > series.at_ns[index - 1]),
    "time goes back");
});

await test("without JavaScript verdict, figures and a curve in text are there", () =>
  withReport("killed", { javaScriptEnabled: false }, async (page) => {
    demand(await page.locator("#verdict-title").isVisible(), "no verdict");
    demand(/[▁-█]{64}/.test(await textOf(page, ".curve")), "no curve");
    demand(!await page.locator("#theme").isVisible(), "a button that does nothing");
    demand((await textOf(page, ".facts")).includes("peak"), "no figures");
    await photograph(page, "cage-no-script");
  }));

await test("dark by the system's wish, and by the button", () =>
  withReport("parent", { colorScheme: "dark" }, async (page) => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await photograph(page, "cage-dark");
    await page.click("#theme");
    await page.click("#theme");
    demand(await ground() !== dark, "the ground is as dark as before");
    demand(await pixelsOf(page, "cage") > 200, "no curve");
  }));

await test("nothing scrolls sideways at 390 pixels", async () => {
  for (const name of ["killed", "hostile", "apoptosis"]) {
    await withReport(name, { viewport: PHONE }, async (page) => {
      await photograph(page, `cage-phone-${name}`);
      demand(!await scrollsSideways(page), `${name} does`);
    });
  }
  await withReport("killed", { viewport: PHONE, javaScriptEnabled: false }, async (page) => {
    await photograph(page, "cage-phone-no-script");
    const box = await page.locator("#verdict-title").boundingBox();
    demand(box.x + box.width <= PHONE.width, "the verdict is wider than the phone");
  });
});

await browser.close();
finish();
