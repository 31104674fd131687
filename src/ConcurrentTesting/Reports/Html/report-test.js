// The page of one test, and what the address says.
starts.push(() => {
  const place = document.getElementById("test");
  // By their names, made when somebody first asks for one.
  let numbers;
  const nameOf = test => `${assemblies[test[ASSEMBLY]]}/${fullName(test)}`;
  const know = index => { const name = nameOf(tests[index]); if (!numbers.has(name)) numbers.set(name, index); };
  const numberOf = name => {
    if (!numbers) {
      numbers = new Map();
      tests.forEach((_, index) => know(index));
    }
    return numbers.get(name);
  };
  let details;
  let shown = -1;

  async function detailsOf(index) {
    if (facts.detailsOf) return facts.detailsOf(index);
    details ??= unpack(document.getElementById("details-data").textContent);
    return (await details)[index] ?? {};
  }

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), character => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  async function open(index, isAgain = false) {
    shown = index;
    const told = await detailsOf(index);
    // Somebody went on meanwhile.
    if (shown !== index || !place.isConnected) return;
    const test = tests[index];
    const outcome = outcomes[test[OUTCOME]];
    const heading = part("h1", "");
    heading.tabIndex = -1;
    const className = part("span", "", "soft");
    className.append(words(`${classes[test[CLASS]]}.`));
    heading.append(part("span", `${outcome.sign} ${outcome.name}${test[FLAKY] ? ", flaky" : ""} `, test[FLAKY] ? "flaky" : outcome.style), isolated(className, words(test[NAME])));
    const back = part("a", "All tests");
    back.href = "#tests";
    const ran = test[WORKER] >= 0 ? `${facts.labels[facts.workers.indexOf(test[WORKER])] ?? `worker ${test[WORKER]}`}, ${test[SECONDS] === null ? "" : `${duration(test[SECONDS])}, `}begun ${duration(test[START])} into the run` : "not run";
    const where = part("p", `${assemblies[test[ASSEMBLY]]}, ${ran}`, "soft");
    if (told.place) where.append(" · ", isolated(part("code", told.place)));
    place.replaceChildren(back, heading, where);
    if (test[QUERIES] !== null && test[QUERIES] !== undefined) {
      const writes = `${count(test[WRITES])} ${test[WRITES] === 1 ? "write" : "writes"}`;
      const time = test[QUERY_SECONDS] === null ? "" : ` in ${duration(test[QUERY_SECONDS])}`;
      place.append(part("p", `${count(test[QUERIES])} ${test[QUERIES] === 1 ? "query" : "queries"} (${writes})${time}.`));
    }
    (told.attempts ?? []).forEach((attempt, number) => attempts(attempt, told.attempts.length, number + 1));
    source(told);
    if (told.cut) place.append(part("p", told.cut, "soft"));
    statements("Slowest statements", told.slowest, duration);
    statements("Statements that it ran again and again", told.statements, times => `${count(times)} ×`);
    history(test, told);
    commands(test, told);
    before(index);
    document.body.classList.add("one-test");
    place.hidden = false;
    if (isAgain) return;
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  function attempts(attempt, all, number) {
    if (all > 1) place.append(part("h2", `Attempt ${number}: ${attempt.outcome} (${attempt.where})`));
    difference(attempt.values ?? []);
    for (const [name, text] of [["Message", attempt.message], ["Stack", attempt.stack], ["Output", attempt.output], ["Error output", attempt.error]]) {
      if (!text) continue;
      place.append(part(all > 1 ? "h3" : "h2", name), block(text));
    }
  }

  // The lines around the first frame of one's own, with the one that is meant marked.
  function source(told) {
    if (!told.source) return;
    place.append(part("h2", "Source"));
    const made = block("");
    made.className = "source";
    made.setAttribute("aria-label", `Source around ${told.place}`);
    const indent = Math.min(...told.source.lines.filter(line => line.trim()).map(line => line.length - line.trimStart().length));
    told.source.lines.forEach((text, index) => {
      const number = told.source.first + index;
      const line = part(number === told.source.line ? "mark" : "span", "");
      line.append(part("span", `${number} `.padStart(6), "soft"), isolated(text.slice(indent)), "\n");
      made.append(line);
    });
    place.append(made);
  }

  function block(text) {
    const made = part("pre", text);
    made.tabIndex = 0;
    return made;
  }

  // Expected and actual below each other, with what differs marked.
  function difference(values) {
    if (!values.length) return;
    const made = document.createElement("dl");
    made.className = "difference";
    values.forEach(([text, start, end], number) => {
      const [name, style] = number % 2 === 0 ? ["Expected", "passed"] : ["Actual", "failed"];
      const value = document.createElement("dd");
      value.append(isolated(text.slice(0, start), part("mark", text.slice(start, end), style), text.slice(end)));
      made.append(part("dt", name), value);
    });
    place.append(made);
  }

  function statements(title, all, shownAs) {
    if (!all?.length) return;
    place.append(part("h2", title));
    const made = document.createElement("ul");
    made.className = "names";
    all.forEach(([figure, text]) => {
      const item = part("li", `${shownAs(figure)} `);
      item.append(isolated(part("code", text)));
      made.append(item);
    });
    place.append(made);
  }

  // A bar a run, as high as the test took, and this run's last.
  function history(test, told) {
    if (!told.history?.length) return;
    const results = [...told.history, [outcomes[test[OUTCOME]].style === "failed" ? 1 : 0, test[SECONDS]]];
    const known = results.map(result => result[1]).filter(seconds => seconds !== null);
    const most = Math.max(0.001, ...known);
    const drawing = part("div", "", "spark");
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", `${results.filter(result => result[0]).length} of the last ${results.length} runs failed; the test took ${duration(Math.min(most, ...known))} to ${duration(most)}`);
    for (const [failed, seconds] of results) {
      const bar = part("span", "", failed ? "died" : "");
      bar.style.height = `${Math.max(5, seconds / most * 100)}%`;
      drawing.append(bar);
    }
    const flaky = told.flaky ? `, flaky in ${told.flaky}` : "";
    place.append(part("h2", "Earlier runs"), drawing, part("p", `Known runs: ${told.runs}${flaky}; the last bar is this run, red ones failed.`, "soft"));
  }

  const quoted = text => `'${text.replaceAll("'", facts.script === "./build.sh" ? "'\\''" : "''")}'`;

  // What VSTest's filters give a meaning of their own.
  const literal = text => text.replace(/[\\()&|=!~]/g, "\\$&");

  function commands(test, told) {
    if (told.outside) return;
    const method = literal(told.method ? `${classes[test[CLASS]]}.${told.method}` : fullName(test));
    const command = `${facts.script} ConcurrentTest${facts.arguments ?? ""}`;
    const lines = [["Run it again", `${command} --test-filter ${quoted(`FullyQualifiedName=${method}`)}`]];
    if (test[WORKER] >= 0) {
      const replay = `${command} --test-replay ${quoted(facts.runJson)} --test-replay-worker ${test[WORKER]}`;
      lines.push([`Repeat what worker ${test[WORKER]} ran, in the same order`, replay]);
      if (outcomes[test[OUTCOME]].style === "failed") lines.push(["Find an earlier test that makes it fail", `${command} --test-replay ${quoted(facts.runJson)} --test-bisect ${quoted(fullName(test))}`]);
    }
    place.append(part("h2", "Commands"));
    for (const [name, text] of lines) {
      const line = part("div", "", "command");
      const copy = part("button", "Copy");
      copy.type = "button";
      copy.setAttribute("aria-label", `Copy: ${name}`);
      copy.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(text);
          copy.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(line.querySelector("code"));
        }
      });
      line.append(part("span", name, "soft"), isolated(part("code", text)), copy);
      place.append(line);
    }
  }

  function before(index) {
    const test = tests[index];
    if (test[WORKER] < 0) return;
    const earlier = tests.filter(one => one[WORKER] === test[WORKER] && one[START] < test[START]).sort((a, b) => b[START] - a[START]).slice(0, 10);
    if (!earlier.length) return;
    place.append(part("h2", `What ran before it on worker ${test[WORKER]}, the latest first`));
    const made = document.createElement("ol");
    made.className = "names";
    for (const one of earlier) {
      const item = document.createElement("li");
      const link = part("a", "");
      link.append(words(fullName(one)));
      link.href = address(one);
      item.append(isolated(link), part("span", ` ${outcomes[one[OUTCOME]].name}${one[SECONDS] === null ? "" : `, ${duration(one[SECONDS])}`}`, "soft"));
      made.append(item);
    }
    place.append(made);
  }

  function close() {
    shown = -1;
    if (place.hidden) return;
    place.hidden = true;
    document.body.classList.remove("one-test");
  }

  function follow() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const wanted = parameters.get("test");
    if (wanted !== null) {
      const index = numberOf(wanted);
      if (index !== undefined) open(index);
      return;
    }
    close();
    if (["q", "without", "worker", "flaky"].some(name => parameters.has(name))) {
      list.recall(parameters);
      document.getElementById("tests").scrollIntoView();
      return;
    }
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target) {
      if (target.tagName === "DETAILS") target.open = true;
      target.scrollIntoView();
    }
  }

  on(window, "hashchange", follow);
  on(window, "keydown", event => { if (event.key === "Escape" && !place.hidden) location.hash = "#tests"; });
  follow();

  return indices => {
    if (numbers) indices.forEach(know);
    if (shown >= 0 && indices.includes(shown)) open(shown, true);
    else if (shown < 0 && indices.length && location.hash.startsWith("#test=")) follow();
  };
});
