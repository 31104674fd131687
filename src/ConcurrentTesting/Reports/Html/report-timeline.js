// The timeline on a canvas: every test in the lane of its worker.
(() => {
  const canvas = document.getElementById("lanes");
  if (!canvas) return;
  const facts = JSON.parse(document.getElementById("run-data").textContent);
  const mode = document.getElementById("lanes-colour");
  const tip = document.getElementById("lanes-tip");
  const context = canvas.getContext("2d");
  const [top, laneHeight, bandHeight] = [22, 22, 16];
  const left = Math.max(64, 10 + 6 * Math.max(...facts.labels.map(label => label.length)));
  const lanes = facts.workers.map(() => []);
  const laneOf = new Map(facts.workers.map((worker, lane) => [worker, lane]));
  tests.forEach((test, index) => { if (laneOf.has(test[WORKER])) lanes[laneOf.get(test[WORKER])].push(index); });
  lanes.forEach(lane => lane.sort((a, b) => tests[a][START] - tests[b][START]));
  const height = top + bandHeight + 6 + lanes.length * laneHeight + 4;
  const slowest = tests.reduce((most, test) => Math.max(most, test[SECONDS]), 0.001);
  const busiest = tests.reduce((most, test) => Math.max(most, test[QUERY_SECONDS] ?? 0), 0.001);
  let [from, to] = [0, facts.seconds];
  let selected = -1;
  let colours;
  let width = 0;
  let asked = false;
  const frames = [];

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const of = name => style.getPropertyValue(name).trim();
    const scale = [0, 1, 2, 3, 4].map(step => `color-mix(in srgb, ${of("--failed-fill")} ${step * 25}%, ${of("--passed-fill")})`);
    colours = { text: of("--soft"), strong: of("--text"), line: of("--line"), accent: of("--accent"), card: of("--card"), host: of("--host-fill"), bands: [of("--tail-fill"), of("--retry-fill"), of("--host-fill"), of("--passed-fill")], passed: of("--passed-fill"), failed: of("--failed-fill"), skipped: of("--skipped"), flaky: of("--retry-fill"), scale };
  }

  function resize() {
    width = canvas.clientWidth;
    const ratio = devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    ask();
  }

  function ask() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const began = performance.now();
      draw();
      frames.push(performance.now() - began);
      if (frames.length > 1000) frames.shift();
    });
  }

  const x = seconds => left + (seconds - from) / (to - from) * (width - left - 8);
  const seconds = position => from + (position - left) / (width - left - 8) * (to - from);
  const laneTop = lane => top + bandHeight + 6 + lane * laneHeight;

  function colourOf(test) {
    if (mode.value === "duration") return colours.scale[Math.min(4, Math.floor(Math.sqrt(test[SECONDS] / slowest) * 5))];
    if (mode.value === "queries") return colours.scale[Math.min(4, Math.floor(Math.sqrt((test[QUERY_SECONDS] ?? 0) / busiest) * 5))];
    return test[FLAKY] ? colours.flaky : colours[outcomes[test[OUTCOME]].style];
  }

  function draw() {
    context.clearRect(0, 0, width, height);
    context.font = "11px system-ui, sans-serif";
    axis();
    bands();
    lanes.forEach(drawLane);
    bound();
    context.clearRect(0, top - 2, left - 2, height);
    context.fillStyle = colours.text;
    context.textAlign = "right";
    facts.labels.forEach((label, lane) => context.fillText(label, left - 8, laneTop(lane) + 14));
    context.fillText("run", left - 8, top + 12);
    context.textAlign = "left";
    facts.workers.forEach((worker, lane) => {
      if (facts.notStarted[worker]) context.fillText(`not started: ${facts.notStarted[worker]}`, left + 6, laneTop(lane) + 14);
    });
  }

  function axis() {
    const rough = (to - from) / Math.max(2, Math.floor(width / 110));
    const magnitude = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(one => one * magnitude >= rough) * magnitude;
    context.textAlign = "center";
    context.strokeStyle = colours.line;
    context.fillStyle = colours.text;
    context.beginPath();
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      context.moveTo(x(at), top - 4);
      context.lineTo(x(at), height);
      context.fillText(`${Number(at.toFixed(3))} s`, x(at), 12);
    }
    context.stroke();
  }

  function bands() {
    context.textAlign = "left";
    facts.phases.forEach(([name, start, end], index) => {
      const [a, b] = [Math.max(left, x(start)), Math.min(width, x(end))];
      if (b <= a) return;
      context.fillStyle = colours.bands[index % 4];
      context.fillRect(a, top, b - a, bandHeight);
      if (b - a < context.measureText(name).width + 8) return;
      context.fillStyle = colours.strong;
      context.fillText(name, a + 4, top + 12);
    });
    // What a host takes beside its tests: starting, loading, what tests share.
    context.fillStyle = colours.host;
    for (const [worker, start, length] of facts.batches) {
      const [a, b] = [Math.max(left, x(start)), x(start + length)];
      if (b > left && a < width && laneOf.has(worker)) context.fillRect(a, laneTop(laneOf.get(worker)) + 6, Math.max(1, b - a), laneHeight - 12);
    }
  }

  // Tests that fall on the same pixel are drawn once, the worst of them.
  function drawLane(indices, lane) {
    const y = laneTop(lane);
    const rectangles = new Map();
    let last = -1;
    for (let at = firstAfter(indices, from); at < indices.length; at++) {
      const test = tests[indices[at]];
      if (test[START] > to) break;
      const [a, b] = [x(test[START]), x(test[START] + test[SECONDS])];
      const isBad = outcomes[test[OUTCOME]].style === "failed";
      if (b < last + 1 && !isBad) continue;
      last = Math.max(last, b);
      const colour = colourOf(test);
      if (!rectangles.has(colour)) rectangles.set(colour, []);
      rectangles.get(colour).push(a, Math.max(1, b - a - 0.5));
      if (indices[at] === selected) rectangles.set("selected", [a, Math.max(2, b - a)]);
    }
    for (const [colour, places] of rectangles) {
      context.fillStyle = colour === "selected" ? colours.accent : colour;
      for (let at = 0; at < places.length; at += 2) context.fillRect(places[at], y + (colour === "selected" ? 0 : 2), places[at + 1], laneHeight - (colour === "selected" ? 0 : 4));
    }
  }

  function firstAfter(indices, second) {
    let [low, high] = [0, indices.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tests[indices[middle]][START] < second) low = middle + 1; else high = middle;
    }
    // What began before may still run.
    while (low > 0 && tests[indices[low - 1]][START] + tests[indices[low - 1]][SECONDS] >= second) low--;
    return low;
  }

  function bound() {
    if (!(facts.bound > 0)) return;
    context.strokeStyle = colours.accent;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(x(facts.bound), top - 4);
    context.lineTo(x(facts.bound), height);
    context.stroke();
    context.setLineDash([]);
  }

  function show(start, end) {
    const length = Math.min(facts.seconds, Math.max(facts.seconds / 20000, end - start));
    from = Math.max(0, Math.min(facts.seconds - length, start));
    to = from + length;
    ask();
  }

  function zoom(factor, around) {
    show(around - (around - from) * factor, around + (to - around) * factor);
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const lane = Math.floor((event.clientY - box.top - laneTop(0)) / laneHeight);
    if (lane < 0 || lane >= lanes.length) return -1;
    const second = seconds(event.clientX - box.left);
    const near = 2 * (to - from) / width;
    return lanes[lane].slice(Math.max(0, firstAfter(lanes[lane], second - near) - 1)).find(index => tests[index][START] - near <= second && second <= tests[index][START] + tests[index][SECONDS] + near) ?? -1;
  }

  function tell(index, event) {
    tip.hidden = index < 0;
    if (index < 0) return;
    const test = tests[index];
    tip.replaceChildren(isolated(fullName(test)), part("div", `${outcomes[test[OUTCOME]].name}, ${duration(test[SECONDS])}${test[QUERIES] ? `, ${count(test[QUERIES])} ${test[QUERIES] === 1 ? "query" : "queries"}` : ""}`, "soft"));
    if (!event) return;
    const box = canvas.parentElement.getBoundingClientRect();
    tip.style.left = `${Math.max(0, Math.min(event.clientX - box.left + 12, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${event.clientY - box.top + 14}px`;
  }

  let drag = null;
  canvas.addEventListener("wheel", event => {
    event.preventDefault();
    const around = seconds(event.clientX - canvas.getBoundingClientRect().left);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) show(from + (event.deltaX + event.deltaY) / width * (to - from), to + (event.deltaX + event.deltaY) / width * (to - from));
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, around);
  }, { passive: false });
  canvas.addEventListener("pointerdown", event => { drag = { x: event.clientX, from, to, moved: false }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", event => {
    if (!drag) { tell(at(event), event); return; }
    const moved = (drag.x - event.clientX) / (width - left) * (drag.to - drag.from);
    drag.moved ||= Math.abs(drag.x - event.clientX) > 4;
    if (drag.moved) show(drag.from + moved, drag.to + moved);
  });
  canvas.addEventListener("pointerup", event => {
    const clicked = drag && !drag.moved ? at(event) : -1;
    drag = null;
    if (clicked >= 0) location.hash = address(tests[clicked]);
  });
  canvas.addEventListener("pointerleave", () => { if (!drag) tip.hidden = true; });
  canvas.addEventListener("keydown", event => {
    const middle = (from + to) / 2;
    const keys = {
      ArrowLeft: () => show(from - (to - from) / 10, to - (to - from) / 10),
      ArrowRight: () => show(from + (to - from) / 10, to + (to - from) / 10),
      "+": () => zoom(0.7, middle),
      "=": () => zoom(0.7, middle),
      "-": () => zoom(1.4, middle),
      0: () => show(0, facts.seconds),
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      Enter: () => { if (selected >= 0) location.hash = address(tests[selected]); },
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  // From test to test in the order in which they began.
  const inOrder = lanes.flat().sort((a, b) => tests[a][START] - tests[b][START]);
  function step(by) {
    const next = inOrder[Math.max(0, Math.min(inOrder.length - 1, (selected < 0 ? -1 : inOrder.indexOf(selected)) + by))];
    if (next === undefined) return;
    selected = next;
    const test = tests[selected];
    if (test[START] < from || test[START] > to) show(test[START] - (to - from) / 2, test[START] + (to - from) / 2);
    tell(selected);
    ask();
  }

  document.getElementById("lanes-tools").hidden = false;
  document.getElementById("batches").hidden = true;
  if (!tests.some(test => test[QUERY_SECONDS] !== null && test[QUERY_SECONDS] !== undefined)) mode.querySelector("[value=queries]").remove();
  readColours();
  new ResizeObserver(resize).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); ask(); });
  mode.addEventListener("change", ask);
  canvas.frames = frames;
})();
