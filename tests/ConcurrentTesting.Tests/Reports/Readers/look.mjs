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
    // Tables that are wider than their place hide their last columns.
    cut: await page.evaluate(() => [...document.querySelectorAll('.scroll')].filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).map(one => one.getAttribute('aria-label'))),
    pageHeight: await page.evaluate(() => document.documentElement.scrollHeight),
    text: await page.evaluate(() => document.querySelector('#test:not([hidden])')?.innerText ?? ''),
  });
  await page.close();
}

// A filter stands in the address: what is found with it, what a box makes of it, and that both are there again.
async function filter() {
  const page = await browser.newPage();
  const status = () => page.evaluate(() => document.getElementById('tests-status').textContent);
  const passed = '#outcomes label.passed input';
  await page.goto(`file://${file}#q=basket&worker=0&flaky=1`);
  const found = [await status()];
  await page.evaluate(selector => document.querySelector(selector).click(), passed);
  found.push(await status());
  const address = await page.evaluate(() => location.hash);
  await page.reload();
  found.push(await status());
  const isChecked = await page.evaluate(selector => document.querySelector(selector).checked, passed);
  await page.close();
  return { found, address, isChecked };
}

// Where the selected test is drawn: nothing else in its colour is as high as a lane.
function selected() {
  const canvas = document.getElementById('lanes');
  canvas.scrollIntoView({ block: 'center' });
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const accent = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
  const wanted = [1, 3, 5].map(at => parseInt(accent.slice(at, at + 2), 16)).join();
  const box = canvas.getBoundingClientRect();
  for (let x = 0; x < width; x++) {
    for (let y = 0, rows = 0; y < height; y++) {
      const at = 4 * (y * width + x);
      rows = data.slice(at, at + 3).join() === wanted ? rows + 1 : 0;
      if (rows === 18) return { x: box.left + x, y: box.top + y - 9, top: box.top };
    }
  }
  return null;
}

// What the timeline draws of a large run, and that it goes where the wheel and the keys take it.
async function timeline() {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', error => errors.push(error.message));
  await page.setViewport({ width: 1280, height: 844 });
  await page.goto(`file://${file}`);
  await page.waitForFunction(() => document.getElementById('lanes').frames.length > 0);
  // What is drawn at the middle, from above: the band of the phase and a bar a worker.
  const bars = await page.evaluate(() => {
    const canvas = document.getElementById('lanes');
    const { data } = canvas.getContext('2d').getImageData(Math.round(canvas.width / 2) + 7, 0, 1, canvas.height);
    const style = getComputedStyle(document.documentElement);
    const wanted = ['--phase-fill', '--passed-fill'].map(name => style.getPropertyValue(name).trim())
      .map(colour => [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16)).join());
    const isDrawn = Array.from({ length: canvas.height }, (_, row) => wanted.includes(data.slice(4 * row, 4 * row + 3).join()));
    return isDrawn.filter((one, row) => one && !isDrawn[row - 1]).length;
  });
  await page.focus('#lanes');
  await page.evaluate(() => document.getElementById('lanes').dispatchEvent(new WheelEvent('wheel', { deltaY: -100, clientX: 600, clientY: 300, bubbles: true, cancelable: true })));
  for (let turn = 0; turn < 20; turn++) await page.keyboard.press('+');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.waitForSelector('#lanes-tip:not([hidden])');
  const tip = await page.evaluate(() => document.getElementById('lanes-tip').innerText);
  const frames = await page.evaluate(() => document.getElementById('lanes').frames.length);
  const pointed = await pointer(page);
  await page.close();
  return { errors, bars, tip, frames, ...pointed };
}

// A mouse tells of the test that it is over, takes the timeline with it, and opens what it clicks; Enter opens what the keys selected.
// At its left edge no other test is as near.
async function pointer(page) {
  const opened = async () => (await page.waitForSelector('#test:not([hidden]) h1')).evaluate(heading => heading.textContent);
  const bar = await (await page.waitForFunction(selected)).jsonValue();
  // Above the phases and the lanes there is nothing to tell of.
  await page.mouse.move(bar.x, bar.top + 4);
  await page.waitForSelector('#lanes-tip', { hidden: true });
  await page.mouse.move(bar.x + 1, bar.y);
  const hovered = await (await page.waitForSelector('#lanes-tip:not([hidden])')).evaluate(tip => tip.innerText);
  const before = await page.evaluate(() => document.getElementById('lanes').frames.length);
  await page.mouse.down();
  await page.mouse.move(bar.x - 99, bar.y);
  await page.mouse.up();
  await page.waitForFunction(frames => document.getElementById('lanes').frames.length > frames, {}, before);
  const moved = await page.evaluate(selected);
  await page.mouse.click(moved.x + 1, moved.y);
  const clicked = await opened();
  await page.keyboard.press('Escape');
  await page.waitForSelector('#test', { hidden: true });
  await page.focus('#lanes');
  await page.keyboard.press('Enter');
  return { hovered, dragged: moved.x - bar.x, clicked, entered: await opened() };
}

// On a phone two fingers that move apart show less of the time, and one that moves shows another part of it.
async function fingers() {
  const page = await browser.newPage();
  await page.setViewport({ width: 390, height: 844, hasTouch: true, isMobile: true });
  await page.goto(`file://${file}`);
  await page.waitForFunction(() => document.getElementById('lanes').frames.length > 0);
  const middle = await page.evaluate(() => {
    const canvas = document.getElementById('lanes');
    canvas.scrollIntoView({ block: 'center' });
    const box = canvas.getBoundingClientRect();
    return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  });
  const client = await page.createCDPSession();
  const touch = (type, ...places) => client.send('Input.dispatchTouchEvent', { type, touchPoints: places.map((x, id) => ({ x: middle.x + x, y: middle.y, id })) });
  // What is drawn, once a frame more is.
  const drawn = async before => {
    await page.waitForFunction(frames => document.getElementById('lanes').frames.length > frames, {}, before);
    return page.evaluate(() => ({ frames: document.getElementById('lanes').frames.length, picture: document.getElementById('lanes').toDataURL() }));
  };
  const whole = await drawn(0);
  await touch('touchStart', -20, 20);
  await touch('touchMove', -80, 80);
  const near = await drawn(whole.frames);
  await touch('touchEnd');
  await touch('touchStart', 40);
  await touch('touchMove', -40);
  const beside = await drawn(near.frames);
  await touch('touchEnd');
  const hint = await page.evaluate(() => document.getElementById('lanes-tools').innerText);
  await page.close();
  return { pictures: new Set([whole, near, beside].map(one => one.picture)).size, hint };
}

const forced = [{ name: 'forced-colors', value: 'active' }];
const light = [{ name: 'prefers-color-scheme', value: 'light' }];
const dark = [{ name: 'prefers-color-scheme', value: 'dark' }];
if (what === 'timeline') {
  console.log(JSON.stringify({ ...await timeline(), ...await fingers() }));
} else {
  await look(390, light, '');
  await look(390, dark, what);
  await look(1280, light, what);
  await look(1280, dark, '');
  await look(800, forced, '');
  await look(390, forced, what);
  await look(1280, dark, what);
  console.log(JSON.stringify({ views: seen, ...await filter() }));
}
await browser.close();
