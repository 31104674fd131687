// Watches a run's live page in a real browser until it has become the report, and prints what it saw: node watch.mjs CHROMIUM ADDRESS [killed|FOLDER]
// Pictures go to the folder. Where the run is going to be killed, a line says when it may be, and what is printed is what the page kept.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';

const [chromium, address, what] = process.argv.slice(2);
const folder = what === 'killed' ? undefined : what;
const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const browser = await puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
const errors = [];
page.on('pageerror', error => errors.push(error.message));
page.on('console', message => { if (message.type() === 'error') errors.push(message.text()); });
await page.setViewport({ width: 1280, height: 1000 });

async function picture(name) {
  if (folder) await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

// axe-core is no script of the page: the browser's own protocol runs it beside the page's rules.
async function violations() {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => axe.run());
  return found.map(violation => `${violation.id}: ${violation.nodes[0].html}`);
}

const text = selector => page.evaluate(one => document.querySelector(one)?.innerText ?? null, selector);
const pixels = () => page.evaluate(() => {
  const canvas = document.getElementById('lanes');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
  return seen.size;
});

await page.goto(address);
const titles = [];
const seen = { rows: [] };
// Some tests are over, others are not.
await page.waitForFunction(() => document.querySelectorAll('#tests-body tr').length > 2 && !document.getElementById('live-note')?.textContent.includes('over'), { timeout: 120_000 });
if (what === 'killed') {
  console.log('watching');
  await page.waitForFunction(() => document.getElementById('live-note').textContent.includes('does not answer'), { timeout: 60_000 });
  await page.evaluate(() => { location.hash = document.querySelector('#tests-body a').getAttribute('href'); });
  await page.waitForSelector('#test:not([hidden]) h1');
  console.log(JSON.stringify({ tests: await page.evaluate(() => tests.length), note: await text('#live-note'), test: await text('#test') }));
  await browser.close();
  process.exit(0);
}

seen.live = {
  title: await text('#live-title'),
  workers: await text('#live-workers'),
  failures: await text('#live-failures'),
  figures: await text('#live-figures'),
  filter: await text('#outcomes'),
  colours: await pixels(),
  policy: await page.evaluate(() => document.querySelector('meta[http-equiv]').content),
  violations: await violations(),
};
await picture('live');
// On a phone in the dark.
await page.setViewport({ width: 390, height: 844 });
await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
seen.live.violations.push(...await violations());
seen.live.phone = await page.evaluate(() => document.documentElement.scrollWidth);
await picture('live-phone');
await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
await page.setViewport({ width: 1280, height: 1000 });

// The page of one test, while others run.
const href = await page.evaluate(() => document.querySelector('#tests-body a').getAttribute('href'));
await page.evaluate(one => { location.hash = one; }, href);
await page.waitForSelector('#test:not([hidden]) h1');
seen.test = await text('#test');
await picture('live-test');
await page.evaluate(() => { location.hash = '#tests'; });

// The tree grows too, also under the pointer.
await page.evaluate(() => { document.getElementById('tree').open = true; });
await page.waitForSelector('#tree > ul > li > details');
await page.evaluate(() => { document.querySelector('#tree > ul > li > details').open = true; });
await page.hover('#tree > summary');
const trees = [];
const growing = setInterval(async () => {
  try {
    trees.push(await page.evaluate(() => document.querySelector('#tree > ul > li > details[open]')?.innerText));
    titles.push(await page.title());
    seen.rows.push(await page.evaluate(() => tests.length));
  } catch {
    // It is over.
  }
}, 200);
await page.waitForFunction(() => document.getElementById('live-note')?.textContent.includes('this is its report'), { timeout: 180_000 });
clearInterval(growing);
seen.trees = new Set(trees.filter(tree => tree)).size;
seen.titles = [...new Set(titles)];
seen.rows = [...new Set(seen.rows)];
seen.end = {
  title: await page.title(),
  address: page.url(),
  heading: await text('h1'),
  sections: await page.evaluate(() => [...document.querySelectorAll('main > section:not([hidden])')].map(section => section.id)),
  tests: await page.evaluate(() => tests.length),
  status: await text('#tests-status'),
  note: await text('#live-note'),
  violations: await violations(),
};
await picture('end');
// What the page is asked for when the run is gone, it has.
await page.evaluate(one => { location.hash = one; }, href);
await page.waitForSelector('#test:not([hidden]) h1');
seen.end.test = await text('#test h1');
seen.errors = errors;
console.log(JSON.stringify(seen));
await browser.close();
