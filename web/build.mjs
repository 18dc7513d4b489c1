// build.mjs -- Bundles the page's files into one of each kind, and a report's into one file.
//
// Usage: node build.mjs OUTPUT_DIRECTORY   (gets index.html, page.css, page.js, and
// cage_report.html, run_report.html and compare.html)
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

if (process.argv.length !== 3) {
  console.error("usage: node build.mjs OUTPUT_DIRECTORY");
  process.exit(2);
}
const output = resolve(process.argv[2]);
const { build } = await import("esbuild").catch(() => {
  console.error("web/node_modules is missing: tools/page.sh fetches it");
  process.exit(1);
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

mkdirSync(output, { recursive: true });
const COMMON = { bundle: true, minify: true, charset: "utf8", logLevel: "error",
  absWorkingDir: here(".") };
const SCRIPT = { ...COMMON, format: "iife", target: ["es2022"],
  banner: { js: "/*! oomlab's page, with uPlot (c) Leon Sorokin, MIT licence */" } };
const run = (options) => build(options).catch(() => process.exit(1));

await run({ ...SCRIPT, entryPoints: { page: here("main.js") }, outdir: output });
await run({ ...COMMON, entryPoints: { page: here("page.css") }, outdir: output });
copyFileSync(here("index.html"), `${output}/index.html`);

// A report's one file: nothing else may run in it than the very script that is put in here, and
// nothing may be fetched. What is left in {{braces}} is filled in by src/report/caged_html.c and
// src/chart/html.c.
const bundled = async (options) =>
  (await run({ ...options, write: false })).outputFiles[0].text;
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

for (const name of ["cage_report", "run_report"]) {
  const script = await bundled({ ...SCRIPT, entryPoints: [here(`${name}.js`)] });
  const style = await bundled({ ...COMMON, entryPoints: [here(`${name}.css`)] });
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; `
    + "img-src data:; base-uri 'none'; form-action 'none'";
  const parts = { policy, script, style };
  writeFileSync(`${output}/${name}.html`, readFileSync(here(`${name}.html`), "utf8")
    .replace(/\{\{(policy|script|style)\}\}/g, (_, part) => parts[part]));
}

// The page of a comparison: no script at all. src/report/compare_html.c fills it in.
const compareStyle = await bundled({ ...COMMON, entryPoints: [here("compare.css")] });
const compareParts = { style: compareStyle,
  policy: `default-src 'none'; style-src ${hash(compareStyle)}; img-src data:; base-uri 'none'; `
    + "form-action 'none'" };
writeFileSync(`${output}/compare.html`, readFileSync(here("compare.html"), "utf8")
  .replace(/\{\{(policy|style)\}\}/g, (_, part) => compareParts[part]));
