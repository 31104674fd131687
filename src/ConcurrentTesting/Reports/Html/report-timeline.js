// The timeline on a canvas: every test in the lane of its worker.
starts.push(() => {
  const canvas = document.getElementById("lanes");
  if (!canvas) return null;
  const mode = document.getElementById("lanes-colour");
  const tip = document.getElementById("lanes-tip");
  const context = canvas.getContext("2d");
  const [top, laneHeight, bandHeight] = [22, 22, 16];
  const left = Math.max(64, 10 + 6 * Math.max(...facts.labels.map(label => label.length)));
  const lanes = facts.workers.map(() => ({ tests: [], told: [], starts: [] }));
  const laneOf = new Map(facts.workers.map((worker, lane) => [worker, lane]));
  const places = [];
  let [slowest, busiest] = [0.001, 0.001];
  let [from, to] = [0, facts.seconds];
  let selected = -1;
  let colours;
  let bands = [];
  let bandRows = 1;
  let width = 0;
  let height = 0;
  let asked = false;
  const frames = [];
  const byStart = (a, b) => tests[a][START] - tests[b][START];

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const of = name => style.getPropertyValue(name).trim();
    const scale = [0, 1, 2, 3, 4].map(step => `color-mix(in srgb, ${of("--failed-fill")} ${step * 25}%, ${of("--passed-fill")})`);
    colours = {
      text: of("--soft"), strong: of("--text"), line: of("--line"), accent: of("--accent"), host: of("--host-fill"), clones: of("--clone-fill"), resets: of("--reset-fill"),
      phases: of("--phase-fill"), starts: of("--tail-fill"),
      // In the order of fills below.
      fills: [...scale, of("--passed-fill"), of("--failed-fill"), of("--skipped"), of("--retry-fill")],
    };
  }
  const [PASSED, FAILED, SKIPPED, AGAIN] = [5, 6, 7, 8];
  const fills = { passed: PASSED, failed: FAILED, skipped: SKIPPED, flaky: AGAIN };

  // Phases that go on side by side stand below each other.
  function layOut() {
    const ends = [];
    bands = facts.phases.map(([name, start, end]) => {
      let row = ends.findIndex(one => one <= start + 0.001);
      if (row < 0) row = ends.length;
      ends[row] = end ?? facts.seconds;
      return { name, start, end, row };
    });
    bandRows = Math.max(1, ends.length);
    const wanted = laneTop(lanes.length) + 4;
    if (wanted === height) return;
    height = wanted;
    resize();
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
  const laneTop = lane => top + bandRows * bandHeight + 6 + lane * laneHeight;

  function fillOf(test) {
    if (mode.value === "duration") return Math.min(4, Math.floor(Math.sqrt(test[SECONDS] / slowest) * 5));
    if (mode.value === "queries") return Math.min(4, Math.floor(Math.sqrt((test[QUERY_SECONDS] ?? 0) / busiest) * 5));
    return test[FLAKY] ? AGAIN : fills[outcomes[test[OUTCOME]].style];
  }

  function draw() {
    context.clearRect(0, 0, width, height);
    context.font = "11px system-ui, sans-serif";
    axis();
    drawBands();
    spans();
    lanes.forEach(drawLane);
    running();
    bound();
    context.clearRect(0, top - 2, left - 2, height);
    context.fillStyle = colours.text;
    context.textAlign = "right";
    facts.labels.forEach((label, lane) => context.fillText(label, left - 8, laneTop(lane) + 14));
    context.fillText("run", left - 8, top + 12);
    context.textAlign = "left";
    facts.workers.forEach((worker, lane) => {
      const reason = facts.notStarted?.[worker];
      if (reason) context.fillText(`not started: ${reason}`, left + 6, laneTop(lane) + 14);
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

  function drawBands() {
    context.textAlign = "left";
    for (const { name, start, end, row } of bands) {
      const [a, b] = [Math.max(left, x(start)), Math.min(width, x(end ?? facts.seconds))];
      if (b <= a) continue;
      context.fillStyle = colours.phases;
      // One after another they are told apart by the gap.
      context.fillRect(a, top + row * bandHeight, Math.max(1, b - a - 1), bandHeight - 1);
      if (b - a < context.measureText(name).width + 8) continue;
      context.fillStyle = colours.strong;
      context.fillText(name, a + 4, top + row * bandHeight + 12);
    }
  }

  // What a worker does beside its tests: the host that loads and what tests share, clones, fresh databases, starts.
  function spans() {
    for (const [worker, start, length] of facts.batches) span(worker, start, length, colours.host, 6);
    for (const [worker, kind, start, length] of facts.spans) span(worker, start, length, { clones: colours.clones, resets: colours.resets }[kind] ?? colours.starts, 4);
  }

  function span(worker, start, length, colour, inset) {
    const [a, b] = [Math.max(left, x(start)), x(start + length)];
    if (b <= left || a >= width || !laneOf.has(worker)) return;
    context.fillStyle = colour;
    context.fillRect(a, laneTop(laneOf.get(worker)) + inset, Math.max(1, b - a), laneHeight - 2 * inset);
  }

  // Tests that fall on the same pixel are drawn once; those that are not just green are drawn after the others, so that none is hidden.
  function drawLane(lane, number) {
    const rectangles = colours.fills.map(() => []);
    collect(lane.tests, rectangles);
    paint(rectangles, number);
    const above = colours.fills.map(() => []);
    collect(lane.told, above);
    paint(above, number);
    if (laneOf.get(tests[selected]?.[WORKER]) !== number) return;
    const test = tests[selected];
    context.fillStyle = colours.accent;
    context.fillRect(x(test[START]), laneTop(number), Math.max(2, x(test[START] + test[SECONDS]) - x(test[START])), laneHeight);
  }

  function collect(indices, rectangles) {
    const pixel = (to - from) / (width - left - 8);
    let at = Math.max(0, firstAfter(indices, from) - 1);
    while (at < indices.length) {
      const test = tests[indices[at]];
      if (test[START] > to) break;
      const [a, b] = [x(test[START]), x(test[START] + test[SECONDS])];
      at++;
      if (b >= left - 1) {
        const list = rectangles[fillOf(test)];
        const end = Math.max(a + 1, b - 0.5);
        // What touches is one rectangle where single tests cannot be told apart anyway.
        if (end - a < 2 && list.length && a - list[list.length - 1] < 1) list[list.length - 1] = Math.max(list[list.length - 1], end);
        else list.push(a, end);
      }
      if (b > a + 1) continue;
      // On to the next pixel; of what is passed over only the last can reach further.
      const next = firstAfter(indices, test[START] + pixel, at);
      at = Math.max(at, next - 1);
      if (at < next && at < indices.length && x(tests[indices[at]][START] + tests[indices[at]][SECONDS]) < a + 1) at = next;
    }
  }

  function paint(rectangles, number) {
    const y = laneTop(number) + 2;
    rectangles.forEach((list, fill) => {
      context.fillStyle = colours.fills[fill];
      for (let at = 0; at < list.length; at += 2) context.fillRect(list[at], y, list[at + 1] - list[at], laneHeight - 4);
    });
  }

  function running() {
    context.strokeStyle = colours.accent;
    for (const [worker, , start] of facts.running ?? []) {
      const [a, b] = [Math.max(left, x(start)), Math.min(width, x(facts.seconds))];
      if (b > left && a < width && laneOf.has(worker)) context.strokeRect(a, laneTop(laneOf.get(worker)) + 3, Math.max(2, b - a), laneHeight - 6);
    }
  }

  function firstAfter(indices, second, low = 0) {
    let high = indices.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tests[indices[middle]][START] < second) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function bound() {
    if (!facts.bound || facts.bound < from || facts.bound > to) return;
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
    const indices = lanes[lane].tests;
    for (let number = Math.max(0, firstAfter(indices, second - near) - 1); number < indices.length; number++) {
      const test = tests[indices[number]];
      if (test[START] - near > second) break;
      if (second <= test[START] + test[SECONDS] + near) return indices[number];
    }
    return -1;
  }

  // Where no test is, what the worker or the run did instead.
  function between(event) {
    const box = canvas.getBoundingClientRect();
    const [second, y] = [seconds(event.clientX - box.left), event.clientY - box.top];
    const lane = Math.floor((y - laneTop(0)) / laneHeight);
    if (lane < 0) {
      const band = bands.find(one => one.row === Math.floor((y - top) / bandHeight) && one.start <= second && second <= (one.end ?? facts.seconds));
      return band ? `${band.name}, ${duration((band.end ?? facts.seconds) - band.start)}` : "";
    }
    const near = 2 * (to - from) / width;
    const span = facts.spans.find(([worker, , start, length]) => laneOf.get(worker) === lane && start - near <= second && second <= start + length + near);
    return span ? `${facts.labels[lane]}: ${span[1]}, ${duration(span[3])}` : "";
  }

  function tell(index, event) {
    const other = index < 0 && event ? between(event) : "";
    tip.hidden = index < 0 && !other;
    if (tip.hidden) return;
    const test = tests[index];
    if (other) tip.replaceChildren(other);
    else tip.replaceChildren(isolated(fullName(test)), part("div", `${outcomes[test[OUTCOME]].name}${test[SECONDS] === null ? "" : `, ${duration(test[SECONDS])}`}${test[QUERIES] ? `, ${count(test[QUERIES])} ${test[QUERIES] === 1 ? "query" : "queries"}` : ""}`, "soft"));
    if (!event) return;
    const box = canvas.parentElement.getBoundingClientRect();
    tip.style.left = `${Math.max(0, Math.min(event.clientX - box.left + 12, box.width - tip.offsetWidth))}px`;
    // Above the pointer where there is no room below it; many lanes scroll within their place.
    const y = event.clientY - box.top;
    const below = y + 14 + tip.offsetHeight <= box.height;
    tip.style.top = `${canvas.parentElement.scrollTop + Math.max(0, below ? y + 14 : y - tip.offsetHeight - 10)}px`;
  }

  let drag = null;
  const fingers = new Map();

  // Two fingers keep what lies under them under them.
  function pinch(event) {
    const [one, other] = [...fingers.values()];
    const apart = Math.max(20, Math.abs(one - other));
    fingers.set(event.pointerId, event.clientX);
    const [left, right] = [...fingers.values()];
    zoom(apart / Math.max(20, Math.abs(left - right)), seconds((left + right) / 2 - canvas.getBoundingClientRect().left));
  }

  function letGo(event) {
    fingers.delete(event.pointerId);
    drag = null;
  }

  on(canvas, "wheel", event => {
    event.preventDefault();
    const around = seconds(event.clientX - canvas.getBoundingClientRect().left);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) show(from + (event.deltaX + event.deltaY) / width * (to - from), to + (event.deltaX + event.deltaY) / width * (to - from));
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, around);
  }, { passive: false });
  on(canvas, "pointerdown", event => {
    fingers.set(event.pointerId, event.clientX);
    drag = fingers.size > 1 ? null : { x: event.clientX, from, to, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  on(canvas, "pointermove", event => {
    if (fingers.size === 2 && fingers.has(event.pointerId)) { pinch(event); return; }
    if (!drag) { tell(at(event), event); return; }
    const moved = (drag.x - event.clientX) / (width - left) * (drag.to - drag.from);
    drag.moved ||= Math.abs(drag.x - event.clientX) > 4;
    if (drag.moved) show(drag.from + moved, drag.to + moved);
  });
  on(canvas, "pointerup", event => {
    const clicked = drag && !drag.moved ? at(event) : -1;
    letGo(event);
    if (clicked >= 0) location.hash = address(tests[clicked]);
  });
  on(canvas, "pointercancel", letGo);
  on(canvas, "pointerleave", () => { if (!drag) tip.hidden = true; });
  on(canvas, "keydown", event => {
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
  let inOrder;
  function step(by) {
    inOrder ??= lanes.flatMap(lane => lane.tests).sort(byStart);
    const next = inOrder[Math.max(0, Math.min(inOrder.length - 1, (selected < 0 ? -1 : inOrder.indexOf(selected)) + by))];
    if (next === undefined) return;
    selected = next;
    const test = tests[selected];
    if (test[START] < from || test[START] > to) show(test[START] - (to - from) / 2, test[START] + (to - from) / 2);
    tell(selected);
    ask();
  }

  // A test stands in one lane, at the time when it began; one that ran again leaves its old place.
  function place(index) {
    const test = tests[index];
    slowest = Math.max(slowest, test[SECONDS]);
    busiest = Math.max(busiest, test[QUERY_SECONDS] ?? 0);
    const isTold = outcomes[test[OUTCOME]].style !== "passed" || test[FLAKY];
    const old = places[index];
    if (old) for (const list of [old.lane.tests, old.lane.told]) if (list.includes(index)) list.splice(list.indexOf(index), 1);
    const lane = lanes[laneOf.get(test[WORKER])];
    places[index] = lane && { lane };
    if (!lane) return;
    insert(lane.tests, index);
    if (isTold) insert(lane.told, index);
  }

  function insert(list, index) {
    list.push(index);
    for (let at = list.length - 1; at > 0 && byStart(list[at], list[at - 1]) < 0; at--) [list[at - 1], list[at]] = [list[at], list[at - 1]];
  }

  // All at once is quicker than one after another.
  tests.forEach((test, index) => {
    const lane = lanes[laneOf.get(test[WORKER])];
    slowest = Math.max(slowest, test[SECONDS]);
    busiest = Math.max(busiest, test[QUERY_SECONDS] ?? 0);
    if (!lane) return;
    places[index] = { lane };
    lane.tests.push(index);
    if (outcomes[test[OUTCOME]].style !== "passed" || test[FLAKY]) lane.told.push(index);
  });
  for (const lane of lanes) for (const list of [lane.tests, lane.told]) list.sort(byStart);

  document.getElementById("lanes-tools").hidden = false;
  const batches = document.getElementById("batches");
  if (batches) batches.hidden = true;
  if (!facts.isLive && !tests.some(test => test[QUERY_SECONDS] !== null && test[QUERY_SECONDS] !== undefined)) mode.querySelector("[value=queries]")?.remove();
  readColours();
  layOut();
  const observer = new ResizeObserver(resize);
  observer.observe(canvas);
  listening.signal.addEventListener("abort", () => observer.disconnect());
  on(matchMedia("(prefers-color-scheme: dark)"), "change", () => { readColours(); ask(); });
  on(mode, "change", ask);
  canvas.frames = frames;

  // Who looks at all of the run goes on to do so as it grows.
  let end = facts.seconds;
  return indices => {
    const isWhole = from === 0 && to === end;
    end = facts.seconds;
    if (isWhole) to = end;
    indices.forEach(place);
    if (indices.length) inOrder = undefined;
    layOut();
    ask();
  };
});
