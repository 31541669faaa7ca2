// Opens report pages in headless Chromium, and says what is wrong with them.
//
//   node check.mjs BROWSER DIR SCREENSHOTS
//
// DIR has NAME.html and planted.json (scripts/page_destinations.py). Checked: nothing is printed, requested, or
// run; a page is small and ready at once; its body does not scroll sideways at 1280 and 400 pixels; axe-core and
// html-validate find nothing; names that try to be markup are text. Screenshots in light, dark, 400 pixels, and
// print are for people to look at. Every failed check is one line; the last line is "N passed, M failed".

import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const READY_MS = 2000;
const MAX_BYTES = 1_000_000;
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";
// Elements that could run or request something, whatever the policy.
const FOREIGN = "script, iframe, frame, object, embed, link, img, picture, video, audio, source, base, form, input, use";
const SCREENS = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark", colorScheme: "dark", width: 1280 },
  { name: "phone", colorScheme: "light", width: 400 },
];
// The others differ from these in their figures, not in their colors.
const IN_THE_DARK = ["discounts", "organization"];
// axe-core takes seconds, and pages of the same kind have the same markup.
const WITH_AXE = { discounts: ["light", "dark", "phone"], month: ["light"], planted: ["phone"] };
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let passed = 0;
let failed = 0;

/** One check: `what` is the sentence that should be true, `found` what is there instead. */
function check(what, holds, found = "") {
  if (holds) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`FAILED  ${what}: ${typeof found === "string" ? found : JSON.stringify(found)}`);
  }
}

/** Opens a page, and notes what it prints and requests. */
async function open(browser, file, screen, more = {}) {
  const { colorScheme, width } = screen;
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, ...more });
  const page = await context.newPage();
  const said = [];
  const requests = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => { said.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  context.on("request", (request) => requests.push(request.url()));
  const url = pathToFileURL(file).href;
  await page.goto(url, { waitUntil: "load" });
  return { context, page, said, requests, url };
}

async function checkStatic(name, file) {
  const html = fs.readFileSync(file, "utf8");
  check(`${name}: less than 1 MB`, Buffer.byteLength(html) < MAX_BYTES, Buffer.byteLength(html));
  const report = await new HtmlValidate({ extends: ["html-validate:recommended"] }).validateString(html);
  const messages = report.results.flatMap((result) => result.messages);
  const text = messages.slice(0, 5).map((it) => `${it.line}:${it.column} ${it.ruleId} ${it.message}`);
  check(`${name}: html-validate finds nothing`, report.valid && messages.length === 0, text);
}

/** What is in the page after it was read as HTML. */
function look(foreign) {
  const all = [...document.querySelectorAll("*")];
  const attributes = all.flatMap((element) => [...element.attributes].map((it) => [element.localName, it.name, it.value]));
  const timing = performance.getEntriesByType("navigation")[0];
  const isInside = (link) => link.startsWith("#") && document.getElementById(link.slice(1)) !== null;
  const images = [...document.querySelectorAll("svg:not([aria-hidden])")];
  return {
    readyMs: timing.loadEventEnd - timing.startTime,
    foreign: all.filter((element) => element.matches(foreign)).map((element) => element.outerHTML.slice(0, 100)),
    handlers: attributes.filter(([, name]) => name.startsWith("on") || name === "src" || name === "style"),
    links: attributes.filter(([, name, value]) => name.endsWith("href") && !isInside(value)),
    policy: document.querySelector("meta[http-equiv=Content-Security-Policy]")?.content,
    unnamed: images.filter((svg) => svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")).length,
    images: images.length,
  };
}

async function checkOpened(browser, name, file, screens) {
  for (const screen of SCREENS.filter((it) => it.name !== "dark" || IN_THE_DARK.includes(name))) {
    const { context, page, said, requests, url } = await open(browser, file, screen);
    const on = `${name} (${screen.name})`;
    const found = await page.evaluate(look, FOREIGN);
    check(`${on}: ready in under 2 s`, found.readyMs > 0 && found.readyMs < READY_MS, found.readyMs);
    check(`${on}: no element runs or requests anything`, found.foreign.length === 0, found.foreign);
    check(`${on}: no attribute runs or requests anything`, found.handlers.length === 0, found.handlers);
    check(`${on}: links are to the page itself`, found.links.length === 0, found.links);
    check(`${on}: has the policy`, found.policy === POLICY, found.policy);
    check(`${on}: each of ${found.images} images has a name`, found.images > 0 && found.unnamed === 0, found.unnamed);
    const widths = () => [document.documentElement.scrollWidth, window.innerWidth];
    const [folded, width] = await page.evaluate(widths);
    check(`${on}: the body does not scroll sideways`, folded <= width, folded);
    await page.screenshot({ path: path.join(screens, `${name}-${screen.name}.png`), fullPage: true });
    await page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
    const [unfolded] = await page.evaluate(widths);
    check(`${on}: nor with all tables unfolded`, unfolded <= width, unfolded);
    check(`${on}: nothing is printed to the console`, said.length === 0, said);
    check(`${on}: nothing but the file is requested`, requests.length === 1 && requests[0] === url, requests);
    await context.close();
  }
}

/** Light in print, whatever the screen, and nothing beyond the paper. */
async function checkPrint(browser, name, file, screens) {
  const { context, page } = await open(browser, file, { colorScheme: "dark", width: 1280 });
  await page.emulateMedia({ media: "print" });
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  check(`${name} (print): the paper is white`, paper === "rgb(255, 255, 255)", paper);
  const folded = await page.evaluate(() => [...document.querySelectorAll("details")]
    .filter((it) => it.querySelector("table").getBoundingClientRect().height < 100).length);
  check(`${name} (print): no table is folded away`, folded === 0, folded);
  await page.pdf({ path: path.join(screens, `${name}-print.pdf`), format: "A4" });
  await context.close();
}

async function checkAxe(browser, name, file) {
  for (const screen of SCREENS.filter((screen) => WITH_AXE[name]?.includes(screen.name))) {
    // The page's policy would keep axe-core out.
    const { context, page } = await open(browser, file, screen, { bypassCSP: true });
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
      return violations.map((it) => `${it.id} (${it.nodes.length}): ${it.nodes[0].html.slice(0, 120)}`);
    });
    check(`${name} (${screen.name}): axe-core finds nothing`, found.length === 0, found);
    await context.close();
  }
}

/** Elements by name and attribute, and how often a name is shown. */
async function contents(browser, file, names) {
  const { context, page } = await open(browser, file, SCREENS[0]);
  const found = await page.evaluate((names) => {
    const counts = {};
    for (const element of document.querySelectorAll("*")) {
      const key = `${element.localName} ${element.getAttributeNames().join(" ")}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    const cells = [...document.querySelectorAll("td")].map((it) => it.textContent);
    return { counts, shown: names.map((name) => cells.filter((text) => text.includes(name)).length) };
  }, names);
  await context.close();
  return found;
}

/** Names that try to be markup change nothing but the texts. */
async function checkPlanted(browser, dir) {
  const names = JSON.parse(fs.readFileSync(path.join(dir, "planted.json"), "utf8"));
  const planted = await contents(browser, path.join(dir, "planted.html"), names);
  const plain = await contents(browser, path.join(dir, "plain.html"), names);
  const differ = [...new Set([...Object.keys(planted.counts), ...Object.keys(plain.counts)])]
    .filter((key) => planted.counts[key] !== plain.counts[key]);
  check("planted: the elements are those of the page with plain names", differ.length === 0, differ);
  for (const [place, name] of names.entries()) {
    const times = planted.shown[place];
    check(`planted: ${name.slice(0, 40)} is shown as text`, times >= 3, `${times} times`);
  }
}

const [executablePath, dir, screens] = process.argv.slice(2);
fs.mkdirSync(screens, { recursive: true });
// The sandbox needs rights that a container may lack. What is opened here is our own file.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const files = fs.readdirSync(dir).filter((file) => file.endsWith(".html") && file !== "plain.html").sort();
  for (const file of files) {
    const [name, whole] = [path.basename(file, ".html"), path.join(dir, file)];
    await checkStatic(name, whole);
    await checkOpened(browser, name, whole, screens);
    await checkPrint(browser, name, whole, screens);
    await checkAxe(browser, name, whole);
  }
  check("there are pages", Object.keys(WITH_AXE).every((name) => files.includes(`${name}.html`)), files);
  await checkPlanted(browser, dir);
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
