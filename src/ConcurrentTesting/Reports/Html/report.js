"use strict";
const pageSize = matchMedia("(max-width: 600px)").matches ? 40 : 100;
const [NAME, CLASS, ASSEMBLY, OUTCOME, SECONDS, WORKER, ATTEMPTS, FLAKY, FAILURE, START, QUERIES, WRITES, QUERY_SECONDS] = Array.from({ length: 13 }, (_, index) => index);

// The run that the page shows: of a file from its beginning, of a live page from message to message.
let outcomes, classes, assemblies, tests, facts, list, listening;

// The parts of the page. Each makes itself of the run, and may give a function that is called with the numbers of tests that came or changed.
const starts = [];
let parts = [];

function begin(data, run) {
  listening?.abort();
  listening = new AbortController();
  ({ outcomes, classes, assemblies, tests } = data);
  facts = run;
  parts = starts.map(start => start()).filter(part => part);
}

function changed(indices) {
  for (const part of parts) part(indices);
}

// Until the page shows another run.
function on(target, type, listener, options) {
  target.addEventListener(type, listener, { ...options, signal: listening.signal });
}

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

const fullName = test => `${classes[test[CLASS]]}.${test[NAME]}`;
const address = test => `#${new URLSearchParams({ test: `${assemblies[test[ASSEMBLY]]}/${fullName(test)}` })}`;

function part(tag, text, style) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (style) made.className = style;
  return made;
}

// Texts of tests are isolated, so that one from right to left turns nothing around it.
function isolated(...parts) {
  const made = document.createElement("bdi");
  made.append(...parts);
  return made;
}

// A long name breaks after its words before it breaks within one.
function words(text) {
  const made = document.createDocumentFragment();
  for (const word of text.split(/(?<=[_.,(])/)) made.append(word, document.createElement("wbr"));
  return made;
}

function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds < 0.001) return "<1ms";
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)}ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)}s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  return `${Math.floor(seconds / 60)}m ${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
}

function count(figure) {
  return figure === null || figure === undefined ? "–" : figure.toLocaleString("en");
}

starts.push(() => {
  const form = document.getElementById("filter");
  const body = document.getElementById("tests-body");
  const status = document.getElementById("tests-status");
  const [previous, next] = [document.getElementById("previous"), document.getElementById("next")];
  const headers = [...document.querySelectorAll("#tests-table th[data-sort]")];
  const measured = headers.some(header => header.dataset.sort === "queries");

  // One lower-case text a test, made once, keeps a keystroke cheap with tens of thousands of tests.
  const texts = [];
  const textOf = index => texts[index] ??= `${fullName(tests[index])} ${assemblies[tests[index][ASSEMBLY]]}`.toLowerCase();
  const collator = new Intl.Collator("en", { numeric: true });
  const orders = {
    outcome: (a, b) => tests[a][OUTCOME] - tests[b][OUTCOME],
    name: (a, b) => collator.compare(textOf(a), textOf(b)),
    seconds: byFigure(SECONDS),
    worker: byFigure(WORKER),
    attempts: byFigure(ATTEMPTS),
    queries: byFigure(QUERIES),
    writes: byFigure(WRITES),
    querySeconds: byFigure(QUERY_SECONDS),
  };
  let order = tests.map((_, index) => index);
  let found = order;
  let page = 0;
  // Outcomes that nobody wants to see; others that are still to come are wanted.
  let unwanted = new Set();

  // What was not measured is less than nothing.
  function byFigure(column) {
    return (a, b) => (tests[a][column] ?? -1) - (tests[b][column] ?? -1);
  }

  // How many there are of each outcome, with a box where there are any.
  function choices() {
    const counts = outcomes.map(() => 0);
    let flaky = 0;
    for (const test of tests) {
      counts[test[OUTCOME]]++;
      flaky += test[FLAKY];
    }
    const boxes = document.getElementById("outcomes");
    counts.forEach((number, index) => { if (number) choice(boxes, "outcome", index, `${outcomes[index].name} (${count(number)})`, outcomes[index].style, !unwanted.has(index)); });
    choice(boxes, "flaky", outcomes.length, `flaky only (${count(flaky)})`, "flaky", false);
    const workers = (facts.isLive ? facts.workers : [...new Set(tests.map(test => test[WORKER]))]).filter(worker => worker >= 0).sort((a, b) => a - b);
    for (const worker of workers.slice(form.worker.options.length - 1)) form.worker.add(new Option(worker, worker));
  }

  function choice(boxes, name, value, text, style, isChecked) {
    let label = [...boxes.children].find(one => Number(one.dataset.value) === value);
    if (!label) {
      label = part("label", "", style);
      label.dataset.value = value;
      const box = document.createElement("input");
      Object.assign(box, { type: "checkbox", name, value: `${value}`, checked: isChecked });
      label.append(box, "");
      boxes.insertBefore(label, [...boxes.children].find(one => Number(one.dataset.value) > value) ?? null);
    }
    label.lastChild.data = ` ${text}`;
  }

  function filter(first = 0) {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(word => word);
    const worker = form.worker.value;
    const flaky = form.flaky.checked;
    found = order.filter(index => {
      const test = tests[index];
      return !unwanted.has(test[OUTCOME]) && (worker === "" || test[WORKER] === Number(worker)) && (!flaky || test[FLAKY]) && words.every(word => textOf(index).includes(word));
    });
    page = Math.min(first, Math.max(0, Math.ceil(found.length / pageSize) - 1));
    show();
  }

  function sort(header) {
    const descending = header.getAttribute("aria-sort") === "ascending" || (header.getAttribute("aria-sort") === null && header.dataset.first === "descending");
    headers.forEach(one => one.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const by = orders[header.dataset.sort];
    arrange = (a, b) => (descending ? by(b, a) : by(a, b)) || a - b;
    order = order.toSorted(arrange);
    filter();
  }

  // While the run goes on failures come first, and then what came last.
  let arrange = facts.isLive ? (a, b) => tests[a][OUTCOME] - tests[b][OUTCOME] || b - a : null;

  function show() {
    const first = page * pageSize;
    const rows = found.slice(first, first + pageSize);
    body.replaceChildren(...rows.map(index => row(tests[index])));
    status.textContent = found.length === 0
      ? tests.length === 0 && facts.isLive ? "No test is over yet." : "No test matches."
      : `${(first + 1).toLocaleString("en")} to ${(first + rows.length).toLocaleString("en")} of ${found.length.toLocaleString("en")} tests`;
    previous.disabled = page === 0;
    next.disabled = first + pageSize >= found.length;
  }

  function row(test) {
    const outcome = outcomes[test[OUTCOME]];
    const line = document.createElement("tr");
    cell(line, "Outcome", `${outcome.sign} ${outcome.name}${test[FLAKY] ? ", flaky" : ""}`, test[FLAKY] ? "flaky" : outcome.style);
    const name = cell(line, "Test", "", "name");
    const className = part("span", "", "soft");
    className.append(words(`${classes[test[CLASS]]}.`));
    const link = part("a", "");
    link.append(words(test[NAME]));
    link.href = address(test);
    name.append(isolated(className, link));
    if (assemblies.length > 1) name.append(part("div", assemblies[test[ASSEMBLY]], "soft"));
    const ran = test[WORKER] >= 0;
    cell(line, "Time", ran ? duration(test[SECONDS]) : "–", "number");
    if (measured) {
      cell(line, "Queries", count(test[QUERIES]), "number");
      cell(line, "Writes", count(test[WRITES]), "number");
      cell(line, "Query time", test[QUERY_SECONDS] === null ? "–" : duration(test[QUERY_SECONDS]), "number");
    }
    cell(line, "Worker", ran ? test[WORKER] : "–", "number");
    cell(line, "Attempts", test[ATTEMPTS], "number");
    return line;
  }

  function cell(line, label, text, style) {
    const made = part("td", text, style);
    made.dataset.label = label;
    line.append(made);
    return made;
  }

  // A filter stands in the address, to be sent to somebody.
  function remember() {
    const parameters = new URLSearchParams();
    if (form.text.value) parameters.set("q", form.text.value);
    if (unwanted.size) parameters.set("without", [...unwanted].join(","));
    if (form.worker.value) parameters.set("worker", form.worker.value);
    if (form.flaky.checked) parameters.set("flaky", "1");
    const text = parameters.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  function recall(parameters) {
    form.text.value = parameters.get("q") ?? "";
    unwanted = new Set((parameters.get("without") ?? "").split(",").filter(value => value).map(Number));
    form.querySelectorAll("input[name=outcome]").forEach(box => { box.checked = !unwanted.has(Number(box.value)); });
    form.worker.value = parameters.get("worker") ?? "";
    form.flaky.checked = parameters.has("flaky");
    filter();
  }

  let waiting;
  const reacted = event => {
    if (event.target.name === "outcome") unwanted[event.target.checked ? "delete" : "add"](Number(event.target.value));
    filter();
    remember();
  };
  on(form, "submit", event => event.preventDefault());
  on(form, "change", reacted);
  on(form.text, "input", event => { clearTimeout(waiting); waiting = setTimeout(() => reacted(event), 120); });
  headers.forEach(header => on(header.querySelector("button"), "click", () => sort(header)));
  on(previous, "click", () => { page--; show(); });
  on(next, "click", () => { page++; show(); });
  headers.forEach(header => header.removeAttribute("aria-sort"));
  document.getElementById("tests-tools").hidden = false;
  document.getElementById("outcomes").replaceChildren();
  choices();
  show();
  list = { recall };

  // While somebody points into the list or goes through it, its rows stay where they are. Many tests are not sorted anew for each.
  let known = tests.length;
  let later;
  const renew = () => {
    later = undefined;
    if (body.matches(":hover, :focus-within")) { renewLater(); return; }
    choices();
    if (arrange) order = order.toSorted(arrange);
    filter(page);
  };
  const renewLater = () => { later ??= setTimeout(renew, Math.max(250, tests.length / 20)); };
  on(listening.signal, "abort", () => clearTimeout(later));
  return indices => {
    for (const index of indices) {
      if (index >= known) order.push(index);
      known = Math.max(known, index + 1);
    }
    if (indices.length) renewLater();
  };
});

// So do the names in the tables that are there without scripts.
starts.push(() => {
  for (const cell of document.querySelectorAll("main table.cards:not(#tests-table) td:not(.number)")) {
    for (const holder of [cell, ...cell.querySelectorAll("a")]) {
      for (const text of [...holder.childNodes].filter(node => node.nodeType === Node.TEXT_NODE)) text.replaceWith(words(text.data));
    }
  }
  return null;
});

// Assemblies, namespaces and classes, made when somebody opens them. While the run goes on they are renewed where they stand: what is open or
// under the pointer stays so.
starts.push(() => {
  const tree = document.getElementById("tree");
  const shown = { list: document.createElement("ul"), items: new Map() };

  function branches() {
    const root = new Map();
    for (const test of tests) {
      const name = classes[test[CLASS]];
      const end = name.lastIndexOf(".");
      let branch = root;
      for (const key of [assemblies[test[ASSEMBLY]], end < 0 ? "(no namespace)" : name.slice(0, end), name]) {
        if (!branch.has(key)) branch.set(key, { tests: 0, bad: 0, seconds: 0, below: new Map() });
        const node = branch.get(key);
        node.tests++;
        node.bad += outcomes[test[OUTCOME]].style === "failed" ? 1 : 0;
        node.seconds += test[SECONDS];
        branch = node.below;
      }
    }
    return root;
  }

  function show({ list, items }, nodes) {
    for (const [name, node] of nodes) {
      if (!items.has(name)) {
        const made = node.below.size === 0 ? leaf(name) : branch(name);
        const next = [...items].filter(([other]) => other > name).sort(([a], [b]) => (a < b ? -1 : 1))[0];
        list.insertBefore(made.item, next ? next[1].item : null);
        items.set(name, made);
      }
      const one = items.get(name);
      one.node = node;
      one.figures.textContent = ` ${count(node.tests)} ${node.tests === 1 ? "test" : "tests"}, ${node.bad ? `${count(node.bad)} failed, ` : ""}${duration(node.seconds)}`;
      one.figures.className = node.bad ? "failed" : "soft";
      if (one.below) show(one.below, node.below);
    }
  }

  function leaf(name) {
    const made = { item: document.createElement("li"), figures: part("span", "") };
    const link = part("a", name);
    link.href = `#${new URLSearchParams({ q: name })}`;
    made.item.append(isolated(link), made.figures);
    return made;
  }

  function branch(name) {
    const made = { item: document.createElement("li"), figures: part("span", ""), below: null };
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.append(isolated(name), made.figures);
    details.append(summary);
    on(details, "toggle", () => {
      if (!details.open || made.below) return;
      made.below = { list: document.createElement("ul"), items: new Map() };
      show(made.below, made.node.below);
      details.append(made.below.list);
    });
    made.item.append(details);
    return made;
  }

  tree.querySelector(":scope > ul")?.remove();
  const renew = () => {
    if (!tree.open) return;
    show(shown, branches());
    if (!shown.list.isConnected) tree.append(shown.list);
  };
  on(tree, "toggle", event => { if (event.target === tree) renew(); });
  renew();

  let later;
  on(listening.signal, "abort", () => clearTimeout(later));
  return indices => {
    if (!indices.length || !shown.list.isConnected) return;
    later ??= setTimeout(() => { later = undefined; renew(); }, Math.max(250, tests.length / 20));
  };
});
