// How fast a report opens and its timeline moves, in a real browser: node measure.mjs CHROMIUM FILE
import puppeteer from 'puppeteer-core';

const [chromium, file] = process.argv.slice(2);
const browser = await puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
await page.setViewport({ width: 1280, height: 844 });
await page.goto('about:blank');
await page.goto(`file://${file}`);
// From the begin of the navigation until the list and the timeline are drawn.
const loaded = await page.evaluate(async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now();
});
const frames = await page.evaluate(async () => {
  const canvas = document.getElementById('lanes');
  const next = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const wheel = (deltaY, clientX) => canvas.dispatchEvent(new WheelEvent('wheel', { deltaY, clientX, clientY: 300, bubbles: true, cancelable: true }));
  const pointer = (type, clientX) => canvas.dispatchEvent(new PointerEvent(type, { clientX, clientY: 300, pointerId: 1, bubbles: true }));
  canvas.setPointerCapture = () => {};
  canvas.frames.length = 0;
  for (const colour of ['outcome', 'duration', 'queries']) {
    const mode = document.getElementById('lanes-colour');
    mode.value = colour;
    mode.dispatchEvent(new Event('change'));
    await next();
    for (let turn = 0; turn < 60; turn++) {
      wheel(turn < 30 ? -100 : 100, 300 + 10 * turn);
      await next();
    }
    for (let turn = 0; turn < 5; turn++) wheel(-100, 600);
    pointer('pointerdown', 900);
    for (let turn = 0; turn < 40; turn++) {
      pointer('pointermove', 900 - 15 * turn);
      await next();
    }
    pointer('pointerup', 300);
    for (const key of ['ArrowLeft', 'ArrowRight', '+', '-', '0']) {
      canvas.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      await next();
    }
  }
  return canvas.frames;
});
await browser.close();
frames.sort((a, b) => a - b);
console.log(JSON.stringify({ loaded, frames: frames.length, p95: frames[Math.ceil(frames.length * 0.95) - 1], most: frames.at(-1) }));
