// A run that goes on. Its messages become the data that a report has from its beginning; at its end the report itself takes their place.
(() => {
  const shown = Object.fromEntries(["title", "text", "run", "note", "bar", "figures", "workers", "failures", "no-failure", "incidents", "no-incident"].map(name => [name, document.getElementById(`live-${name}`)]));
  const empty = read("tests-data");
  const listed = 100;
  const rows = new Map();
  let messages = new Map();
  let numbers = [];
  let outside = [];
  let incidents = [];
  let total = 0;
  let expected = 0;
  let heardAt = 0;
  let secondsThen = 0;
  let isOver = false;
  let told = 0;

  const now = () => isOver ? secondsThen : secondsThen + (performance.now() - heardAt) / 1000;

  async function detailsOf(index) {
    try {
      const answer = await fetch(`test?number=${numbers[index]}`);
      return answer.ok ? await answer.json() : {};
    } catch {
      return { cut: "The run does not answer any more: what this test said is not here." };
    }
  }

  function anew(run) {
    rows.clear();
    [messages, numbers, incidents] = [new Map(), [], []];
    const workers = Array.from({ length: run.workers }, (_, worker) => worker);
    shown.run.textContent = `Run ${run.id} on ${run.machine}, ${run.startedAt} UTC, seed ${run.seed}`;
    begin(
      { outcomes: empty.outcomes, classes: [], assemblies: [], tests: [] },
      { isLive: true, detailsOf, seconds: 1, bound: 0, runJson: run.runJson, workers, labels: workers.map(worker => `worker ${worker}`), phases: [], batches: [], spans: [], running: [] });
  }

  function hear(message) {
    if (message.whole) anew(message.run);
    classes.push(...message.classes);
    assemblies.push(...message.assemblies);
    if (message.at !== undefined) state(message);
    const indices = message.rows.map(([number, ...row]) => {
      if (!rows.has(number)) {
        rows.set(number, tests.length);
        numbers.push(number);
      }
      const index = rows.get(number);
      tests[index] = row;
      return index;
    });
    for (const [number, line] of message.messages) messages.set(rows.get(number), line);
    changed(indices);
    tell();
  }

  function state(message) {
    [secondsThen, heardAt] = [message.at, performance.now()];
    facts.seconds = Math.max(1, now());
    facts.phases = message.phases;
    facts.running = message.running;
    facts.batches.push(...message.batches);
    facts.spans.push(...message.spans);
    incidents.push(...message.incidents);
    outside = message.outside;
    total = message.cases ?? total;
    expected = message.expected ?? expected;
  }

  function tell() {
    const counts = { passed: 0, failed: outside.length, skipped: 0, flaky: 0 };
    let [over, flaky] = [0, 0];
    for (const test of tests) {
      const style = outcomes[test[OUTCOME]].style;
      counts[style]++;
      over += style === "flaky" ? 0 : 1;
      flaky += test[FLAKY];
    }
    const phase = facts.phases.filter(one => one[2] === null).map(one => one[0]).join(" and ");
    const text = `${count(counts.passed)} passed, ${count(counts.failed)} failed, ${count(counts.skipped)} skipped`;
    if (!isOver) {
      shown.title.textContent = `${counts.failed ? "✖" : "…"} ${text}`;
      shown.title.className = counts.failed ? "failed" : "";
      shown.text.textContent = phase ? `The run goes on: ${phase}.` : "The run goes on.";
      document.title = `${counts.failed ? "✖ " : ""}${total ? `${Math.min(99, Math.floor(over / total * 100))}%` : "discovering"} – ${text}`;
    }
    shown.bar.max = Math.max(1, total, over);
    if (total || isOver) shown.bar.value = over;
    else shown.bar.removeAttribute("value");
    figures([
      ["Tests", total || isOver ? `${count(over)} of ${count(Math.max(total, over))}` : `${count(over)}, discovering`, counts.flaky ? `${count(counts.flaky)} will run again` : ""],
      ["Failed", count(counts.failed), outside.length ? `${count(outside.length)} outside of tests` : ""],
      ["Flaky", count(flaky), "failed at first, passed in the end"],
      ["Elapsed", duration(now()), left(over)],
      ["Running", count(facts.running.length), `of ${count(facts.workers.length)} ${facts.workers.length === 1 ? "worker" : "workers"}`],
    ]);
    workers();
    failures(counts.failed);
    problems();
    if (counts.failed !== told && !isOver) shown.note.textContent = counts.failed ? `${count(counts.failed)} failed so far.` : "";
    told = counts.failed;
  }

  // By the plan, until the tests tell better.
  function left(over) {
    const phase = facts.phases.find(one => one[0] === "tests");
    if (!phase || isOver || !total) return "";
    const spent = now() - phase[1];
    const rate = over > 0 ? spent / over * (total - over) : expected;
    const plan = Math.max(0, expected - spent);
    const share = Math.min(1, over / total);
    const rest = rate * share + plan * (1 - share);
    return rest >= 1 ? `about ${rest < 60 ? `${Math.round(rest)}s` : duration(rest)} left` : "";
  }

  function figures(all) {
    shown.figures.replaceChildren(...all.map(([name, value, note]) => {
      const made = document.createElement("div");
      const figure = part("dd", value);
      figure.append(part("small", note));
      made.append(part("dt", name), figure);
      return made;
    }));
  }

  function workers() {
    const byWorker = new Map(facts.running.map(running => [running[0], running]));
    shown.workers.replaceChildren(...facts.workers.map(worker => {
      const line = document.createElement("tr");
      const running = byWorker.get(worker);
      const name = part("td", "", "name");
      name.append(running ? isolated(words(running[1])) : part("span", isOver ? "–" : "no test", "soft"));
      const since = part("td", running ? duration(Math.max(0, now() - running[2])) : "", "number");
      const label = part("td", facts.labels[worker]);
      [label.dataset.label, name.dataset.label, since.dataset.label] = ["Worker", "Test", "Since"];
      line.append(label, name, since);
      return line;
    }));
  }

  // Equal failures are one, as in the report.
  function failures(all) {
    shown["no-failure"].hidden = all > 0;
    const clusters = new Map();
    tests.forEach((test, index) => {
      if (outcomes[test[OUTCOME]].style !== "failed") return;
      const line = messages.get(index) ?? "";
      const key = `${test[OUTCOME]} ${line}`;
      if (!clusters.has(key)) clusters.set(key, { outcome: test[OUTCOME], line, tests: [] });
      clusters.get(key).tests.push(test);
    });
    const sorted = [...clusters.values()].flatMap(cluster => cluster.line && cluster.tests.length > 2 ? [cluster] : cluster.tests.map(test => ({ ...cluster, tests: [test] })));
    sorted.sort((a, b) => a.outcome - b.outcome || b.tests.length - a.tests.length);
    const lines = outside.map(([name, line]) => failure("failed outside of tests", [isolated(name)], line));
    for (const cluster of sorted.slice(0, listed)) lines.push(failure(outcomes[cluster.outcome].name, links(cluster.tests), cluster.line));
    if (sorted.length > listed) lines.push(part("li", `… and ${count(sorted.length - listed)} more; all of them are in the list of all tests`, "soft"));
    if (!shown.failures.matches(":focus-within, :hover")) shown.failures.replaceChildren(...lines);
  }

  function failure(kind, names, line) {
    const made = document.createElement("li");
    made.append(part("span", `✖ ${kind} `, "failed"), ...names);
    if (line) {
      const message = part("div", "", "soft");
      message.append(isolated(line));
      made.append(message);
    }
    return made;
  }

  function links(some) {
    const all = some.slice(0, 5).flatMap(test => {
      const link = part("a", "");
      link.append(words(fullName(test)));
      link.href = address(test);
      return [isolated(link), ", "];
    });
    all.pop();
    return some.length > 5 ? [`${count(some.length)} × `, ...all, ` and ${count(some.length - 5)} more`] : all;
  }

  function problems() {
    shown["no-incident"].hidden = incidents.length > 0;
    const lines = incidents.slice(0, 500).map(([after, kind, text, worker]) => {
      const made = part("li", `${duration(after)} ${kind}${worker === "" ? "" : `, worker ${worker}`}: `);
      made.append(isolated(text));
      return made;
    });
    if (lines.length !== shown.incidents.children.length) shown.incidents.replaceChildren(...lines);
  }

  function over(end) {
    [secondsThen, isOver] = [now(), true];
    facts.running = [];
    clearInterval(ticking);
    tell();
    shown.title.textContent = `${end.success ? "✔" : "✖"} ${shown.title.textContent.slice(2)}`;
    shown.title.className = end.success ? "passed" : "failed";
    document.title = shown.title.textContent;
    shown.text.textContent = end.reason;
    shown.note.textContent = end.report ? "The run is over; its report is on its way." : "The run is over and wrote no report. This page keeps what it has; nothing answers here any more.";
  }

  // The report's body takes the place of this one's. Its scripts are these, and its data are no scripts.
  async function become(end) {
    const answer = await fetch("report.html");
    if (!answer.ok) throw new Error(`${answer.status}`);
    const report = new DOMParser().parseFromString(await answer.text(), "text/html");
    report.querySelectorAll("script:not([type])").forEach(script => script.remove());
    report.querySelectorAll("a[href]").forEach(link => { if (!link.getAttribute("href").startsWith("#")) link.replaceWith(`${link.textContent} (beside the file)`); });
    const note = part("p", `The run is over, and this is its report as it is in ${end.results}/report.html. This page stays as long as it is open; its address does not answer any more.`, "soft");
    note.id = "live-note";
    note.setAttribute("role", "status");
    report.querySelector("header").append(note);
    document.title = report.title;
    document.body.replaceWith(document.adoptNode(report.body));
    begin(read("tests-data"), read("run-data"));
  }

  begin(empty, read("run-data"));
  const source = new EventSource("events");
  source.addEventListener("change", event => {
    if (shown.note.dataset.lost) {
      delete shown.note.dataset.lost;
      shown.note.textContent = "";
    }
    hear(JSON.parse(event.data));
  });
  source.addEventListener("end", async event => {
    const end = JSON.parse(event.data);
    over(end);
    try {
      if (end.report) await become(end);
    } catch {
      shown.note.textContent = `The run is over. This page keeps what it heard; the report is in ${end.results}/report.html.`;
    } finally {
      source.close();
    }
  });
  source.addEventListener("error", () => {
    if (isOver || shown.note.dataset.lost) return;
    shown.note.dataset.lost = "1";
    shown.note.textContent = "The run does not answer: it was ended, or this machine is busy. This page keeps what it heard.";
  });
  // Time goes on without messages.
  const ticking = setInterval(() => {
    if (!heardAt || shown.note.dataset.lost) return;
    facts.seconds = Math.max(1, now());
    changed([]);
    tell();
  }, 1000);
})();
