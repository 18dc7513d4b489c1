// run_report_test.mjs -- The report of runs in a real browser without a network, and its drawing.
//
// Usage: OOMLAB=build/oomlab node tests/http/run_report_test.mjs   prints TAP
// OOMLAB_SCREENSHOTS is a directory for pictures. CHROMIUM names the browser, if not by its name.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DESKTOP, demand, demandBrowser, finish, openPage, photograph, scrollsSideways, test,
  watchPage } from "./browser.mjs";

const PHONE = { width: 390, height: 844 };
const HOSTILE = "</script><b>\u202e{{data}}&amp;<!--";

const starting = demandBrowser(); // It starts while the files are made.
const folder = mkdtempSync(join(tmpdir(), "oomlab-reports-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const at = (name) => join(folder, name);
const urlOf = (name) => pathToFileURL(at(name)).href;
const oomlab = (...words) => execFileSync(process.env.OOMLAB, words,
  { stdio: ["ignore", "ignore", "inherit"] });

// The records: of a pretend world, so that they are the same everywhere, and two made by hand.
for (const [name, ...words] of [["killed"], ["saved", "--policy=last-resort"], ["gc", "--gc"]]) {
  oomlab("run", "--quiet", "--world=pretend", `--record=${at(`${name}.jsonl`)}`, ...words);
}
const lines = readFileSync(at("killed.jsonl"), "utf8").trim().split("\n").map(JSON.parse);
writeFileSync(at("hostile.jsonl"), lines.map((line) => {
  const bad = { ...line };
  if (line.type === "header" || line.type === "summary") {
    Object.assign(bad, { title: HOSTILE, options: { [HOSTILE]: HOSTILE } });
  }
  if (line.type === "phase") {
    bad.name = HOSTILE.slice(0, 40);
  }
  return JSON.stringify(bad);
}).join("\n"));
const cage = { command: "sh -c true", limit_bytes: null };
writeFileSync(at("cage.jsonl"), [
  { type: "header", schema: "oomlab.record/1", ...cage },
  ...Array.from({ length: 50 }, (_, index) => ({ type: "sample", at_ns: index * 1e7,
    cage_bytes: index * 1e6, rss_bytes: index * 9e5 })),
  { type: "summary", schema: "oomlab.cage/1", ...cage, outcome: "survived", wall_ns: 5e8,
    end_bytes: 49e6, cage_peak_bytes: 49e6 },
].map((line) => JSON.stringify(line)).join("\n"));
const REPORTS = { one: ["killed"], three: ["killed", "saved", "gc"], hostile: ["hostile"],
  cage: ["cage"], many: Array.from({ length: 24 }, (_, index) => ["killed", "saved"][index % 2]) };
for (const [name, records] of Object.entries(REPORTS)) {
  for (const ending of ["html", "svg"]) {
    oomlab("report", ...records.map((record) => at(`${record}.jsonl`)), "-o",
      at(`${name}.${ending}`));
  }
}

const browser = await starting;

// A page without a network, for one file after the other. Nothing must be complained of.
async function openReports(options) {
  const page = await openPage(browser, options);
  await page.context().setOffline(true);
  let url = "";
  const seen = await watchPage(page, { isForeign: (other) =>
    other !== url && !other.startsWith("data:") });
  const use = async (body) => {
    await body(page);
    const wrong = [...seen.complaints.splice(0), ...seen.foreign.splice(0),
      ...options.javaScriptEnabled === false ? []
        : await page.evaluate(() => window.violations ?? [])];
    demand(wrong.length === 0, wrong.join("\n"));
  };
  const withFile = async (name, viewport, body) => {
    url = urlOf(name);
    await page.setViewportSize(viewport);
    await page.goto(url);
    await use(body);
  };
  return { use, withFile };
}

const { use, withFile } = await openReports({});

const textOf = async (page, selector) => (await page.locator(selector).textContent()).trim();

// How many of a canvas's pixels have about the colour that the style sheet gives a name.
function pixelsOf(page, canvasOf, name) {
  return page.evaluate(async ([box, colour]) => {
    for (let frame = 0; frame < 3; frame += 1) { // A chart is drawn with the next one.
      await new Promise((resolve) => { requestAnimationFrame(resolve); });
    }
    const probe = document.createElement("i");
    probe.style.color = `var(--${colour})`;
    document.body.append(probe);
    const wanted = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    probe.remove();
    const canvas = document.querySelector(`${box} canvas`);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let place = 0; place < data.length; place += 4) {
      const isNear = wanted.every((value, index) => Math.abs(value - data[place + index]) < 5);
      count += isNear && data[place + 3] > 200 ? 1 : 0;
    }
    return count;
  }, [canvasOf, name]);
}

await test("a run is told with verdict, chart, figures, settings, phases and events", () =>
  withFile("one.html", DESKTOP, async (page) => {
    demand((await textOf(page, "#verdict-title")).startsWith("OOM-KILLED"), "no verdict");
    demand((await textOf(page, "#verdict-text")).includes("garbage"), "no reason");
    demand((await page.title()).startsWith("oom-killed: killed"), await page.title());
    for (const colour of ["cage", "limit", "goal", "dead"]) {
      demand(await pixelsOf(page, "#chart", colour) > 100, `nothing is ${colour}`);
    }
    demand((await textOf(page, "#figures")).includes("32.0 MiB (100 %)"), "no peak");
    demand((await textOf(page, "#settings")).includes("GOGC100"), "no settings");
    demand((await textOf(page, "#phases")).includes("a little more"), "no phases");
    demand((await textOf(page, "#events")).includes("gc 1"), "no collection");
    demand(!await page.locator("#together").isVisible(), "one run is compared");
    await photograph(page, "run-one");
  }));

// The report of three stays open for the next tests; each leaves it as it was, but for the last.
await test("three runs are laid over each other, each in its own colour", () =>
  withFile("three.html", DESKTOP, async (page) => {
    for (const number of [1, 2, 3]) {
      demand(await pixelsOf(page, "#overlay", `run-${number}`) > 100, `run ${number} is missing`);
    }
    demand(await page.locator("#compared thead th").count() === 3, "not three columns");
    demand((await textOf(page, "#compared")).includes("last-resort"), "no policy");
    demand((await textOf(page, "#alike")).includes("limit 32.0 MiB"), "no common limit");
    await photograph(page, "run-three");
  }));

await test("a run is hidden and shown from the keyboard", () =>
  use(async (page) => {
    const button = page.locator("#runs button").nth(1);
    await button.focus();
    await page.keyboard.press("Space");
    demand(await button.getAttribute("aria-pressed") === "false", "it is still pressed");
    demand(await pixelsOf(page, "#overlay", "run-2") < 20, "it is still drawn");
    await page.keyboard.press("Enter");
    demand(await pixelsOf(page, "#overlay", "run-2") > 100, "it does not come back");
  }));

await test("what is under the pointer is told in figures of each run", () =>
  use(async (page) => {
    const box = await page.locator("#overlay .u-over").boundingBox();
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.waitForFunction(() =>
      [...document.querySelectorAll("#runs .at")].every((note) => /iB$/.test(note.textContent)));
    demand(/^at [\d.]+ ms$/.test(await textOf(page, "#together-moment")), "no time");
    await page.locator("#chart").scrollIntoViewIfNeeded();
    const one = await page.locator("#chart .u-over").boundingBox();
    await page.mouse.move(one.x + one.width / 3, one.y + one.height / 2);
    await page.waitForFunction(() =>
      /^at [\d.]+ ms: cage [\d.]+ MiB, heap/.test(document.getElementById("moment").textContent));
  }));

// Colours of runs as somebody sees them who lacks one kind of cone (Machado and others, 2009).
const SIGHTS = {
  "as they are": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039]],
};

const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const times = (matrix, vector) =>
  matrix.map((row) => row.reduce((sum, factor, index) => sum + factor * vector[index], 0));

function labOf(rgb) {
  const [x, y, z] = times([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722],
    [0.0193, 0.1192, 0.9505]], rgb);
  const [fx, fy, fz] = [x / 0.9505, y, z / 1.089].map((value) =>
    (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116));
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

const lightness = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

await test("runs differ in colour for all eyes, and stand out from the ground", () =>
  use(async (page) => {
    for (const theme of ["light", "dark"]) {
      const colours = await page.evaluate((chosen) => {
        document.documentElement.dataset.theme = chosen;
        const probe = document.createElement("i");
        document.body.append(probe);
        return ["surface", 1, 2, 3, 4, 5, 6].map((name) => {
          probe.style.color = `var(--${typeof name === "number" ? `run-${name}` : name})`;
          return getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
        });
      }, theme);
      const [ground, ...runs] = colours.map((rgb) => rgb.map((value) => linear(value / 255)));
      runs.forEach((run, index) => {
        const [dim, bright] = [lightness(ground), lightness(run)].sort((a, b) => a - b);
        const contrast = (bright + 0.05) / (dim + 0.05);
        demand(contrast >= 3, `${theme}: run ${index + 1} has a contrast of ${contrast}`);
      });
      for (const [sight, matrix] of Object.entries(SIGHTS)) {
        const seen = runs.map((run) => labOf(times(matrix, run)
          .map((value) => Math.min(1, Math.max(0, value)))));
        seen.forEach((one, index) => seen.slice(0, index).forEach((other, before) => {
          const distance = Math.hypot(...one.map((value, axis) => value - other[axis]));
          demand(distance > 10, `${theme}, ${sight}: runs ${before + 1} and ${index + 1} are ${
            distance.toFixed(1)} apart`);
        }));
      }
    }
    await page.evaluate(() => { delete document.documentElement.dataset.theme; });
  }));

await test("a report in the dark is dark, and light on paper", () =>
  use(async (page) => {
    await page.emulateMedia({ colorScheme: "dark" });
    const ground = () => page.evaluate(() =>
      getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)[0]);
    demand(await ground() < 60, "it is light");
    await photograph(page, "run-dark");
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    demand(await ground() > 200, "paper is dark");
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    demand(await ground() < 60, "it stays light");
    await page.emulateMedia({ colorScheme: "light" });
  }));

await test("another measure is drawn, and another run is told below", () =>
  use(async (page) => {
    await page.getByRole("radio", { name: "next GC" }).check();
    demand(await pixelsOf(page, "#overlay", "run-1") > 100, "no goal");
    await page.locator("#choices button").nth(1).click();
    demand((await textOf(page, "#verdict-title")).startsWith("SURVIVED"), "another verdict");
    demand(await pixelsOf(page, "#chart", "dead") < 20, "it died");
  }));

await test("no report scrolls sideways on a phone", async () => {
  await withFile("three.html", PHONE, async (page) => {
    await photograph(page, "run-phone-three");
    demand(!await scrollsSideways(page), "three runs do");
  });
  await withFile("many.html", PHONE, async (page) => {
    demand(!await scrollsSideways(page), "many runs do");
  });
});

await test("what a record names stays text in page and drawing", () =>
  withFile("hostile.html", PHONE, async (page) => {
    demand(await page.locator("b").count() === 0, "its element is one");
    demand(await page.locator("script").count() === 2, "there are more scripts than ours");
    const title = await textOf(page, "#title");
    demand(title.includes("</script><b>\ufffd{{data}}&amp;<!--"), title);
    demand(!await scrollsSideways(page), "long names make a phone scroll sideways");
  }));

await test("a cage that was only watched has neither limit nor heap in its report", () =>
  withFile("cage.html", DESKTOP, async (page) => {
    demand((await textOf(page, "#verdict-title")).startsWith("SURVIVED"), "no verdict");
    demand(await pixelsOf(page, "#chart", "cage") > 100, "no curve");
    demand(await pixelsOf(page, "#chart", "limit") < 20, "a limit");
    demand(!await page.locator(".if-heap").first().isVisible(), "a heap");
    await photograph(page, "run-cage");
  }));

const { withFile: withoutScript } = await openReports({ javaScriptEnabled: false });

await test("without JavaScript verdicts and a drawing are there", () =>
  withoutScript("three.html", DESKTOP, async (page) => {
    const text = await textOf(page, ".plain");
    demand(text.includes("killed: OOM-KILLED"), text);
    demand(await page.locator(".plain svg path").count() >= 3, "no drawing");
    await photograph(page, "run-no-script");
  }));

await test("each drawing is well-formed, within its frame, and nothing in it runs", async () => {
  const page = await openPage(browser, {});
  for (const name of Object.keys(REPORTS)) {
    const found = await page.evaluate((source) => {
      const parsed = new DOMParser().parseFromString(source, "image/svg+xml");
      document.body.append(document.importNode(parsed.documentElement, true));
      const svg = document.body.lastElementChild;
      const outside = [...svg.querySelectorAll("text")].filter((text) => {
        const box = text.getBoundingClientRect();
        const frame = svg.getBoundingClientRect();
        return box.left < frame.left || box.right > frame.right || box.bottom > frame.bottom;
      });
      return { fault: parsed.querySelector("parsererror")?.textContent,
        scripts: parsed.querySelectorAll("script, foreignObject, [onload]").length,
        outside: outside.map((text) => text.textContent),
        texts: svg.querySelectorAll("text").length };
    }, readFileSync(at(`${name}.svg`), "utf8"));
    demand(!found.fault, `${name}: ${found.fault}`);
    demand(found.scripts === 0, `${name} has scripts`);
    demand(found.texts > 8, `${name} has few words`);
    demand(found.outside.length === 0, `${name}: ${found.outside}`);
  }
  await page.context().close();
});

await browser.close();
finish();
