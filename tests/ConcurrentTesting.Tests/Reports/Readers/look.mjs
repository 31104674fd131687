// Looks at the report in a real browser, at several widths and in each colour scheme, and prints what it saw: node look.mjs CHROMIUM FILE '#test=…'|timeline
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';

const [chromium, file, what] = process.argv.slice(2);
const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const browser = await puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
const seen = [];

async function look(width, features, hash) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', error => errors.push(error.message));
  await page.setViewport({ width, height: 844 });
  // The browser's own protocol: the library does not know forced colours.
  await (await page.createCDPSession()).send('Emulation.setEmulatedMedia', { features });
  // axe-core is no script of the page; with the page's own rules switched off it may run there.
  await page.setBypassCSP(true);
  await page.goto(`file://${file}${hash}`);
  if (hash) await page.waitForSelector('#test:not([hidden]) h1');
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run());
  seen.push({
    width,
    scheme: features.map(feature => feature.value).join(' '),
    hash,
    errors,
    violations: violations.map(violation => `${violation.id}: ${violation.nodes[0].html}`),
    pageWidth: await page.evaluate(() => document.documentElement.scrollWidth),
    pageHeight: await page.evaluate(() => document.documentElement.scrollHeight),
    text: await page.evaluate(() => document.querySelector('#test:not([hidden])')?.innerText ?? ''),
  });
  await page.close();
}

async function frames() {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 844 });
  const began = Date.now();
  await page.goto(`file://${file}`);
  const loaded = Date.now() - began;
  const times = await page.evaluate(async () => {
    const canvas = document.getElementById('lanes');
    if (!canvas) return [];
    canvas.focus();
    for (let turn = 0; turn < 60; turn++) {
      canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: turn < 30 ? -100 : 100, clientX: 600, clientY: 300, bubbles: true, cancelable: true }));
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    }
    return canvas.frames;
  });
  await page.close();
  times.sort((a, b) => a - b);
  return { loaded, frames: times.length, p95: times[Math.ceil(times.length * 0.95) - 1] };
}

const light = [{ name: 'prefers-color-scheme', value: 'light' }];
const dark = [{ name: 'prefers-color-scheme', value: 'dark' }];
if (what === 'timeline') {
  console.log(JSON.stringify(await frames()));
} else {
  await look(390, light, '');
  await look(390, dark, what);
  await look(1280, light, what);
  await look(1280, dark, '');
  await look(800, [{ name: 'forced-colors', value: 'active' }], '');
  console.log(JSON.stringify(seen));
}
await browser.close();
