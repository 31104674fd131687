"use strict";
const pageSize = matchMedia("(max-width: 600px)").matches ? 40 : 100;
const { outcomes, classes, assemblies, tests } = JSON.parse(document.getElementById("tests-data").textContent);
const [NAME, CLASS, ASSEMBLY, OUTCOME, SECONDS, WORKER, ATTEMPTS, FLAKY, FAILURE, START, QUERIES, WRITES, QUERY_SECONDS] = Array.from({ length: 13 }, (_, index) => index);

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

function duration(seconds) {
  if (seconds < 0.001) return "<1ms";
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)}ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)}s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  return `${Math.floor(seconds / 60)}m ${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
}

function count(figure) {
  return figure === null || figure === undefined ? "–" : figure.toLocaleString("en");
}

const list = (() => {
  const form = document.getElementById("filter");
  const body = document.getElementById("tests-body");
  const status = document.getElementById("tests-status");
  const [previous, next] = [document.getElementById("previous"), document.getElementById("next")];
  const headers = [...document.querySelectorAll("#tests-table th[data-sort]")];
  const measured = headers.some(header => header.dataset.sort === "queries");

  // One lower-case text a test, made once, keeps a keystroke cheap with tens of thousands of tests.
  const texts = tests.map(test => `${fullName(test)} ${assemblies[test[ASSEMBLY]]}`.toLowerCase());
  const collator = new Intl.Collator("en", { numeric: true });
  const orders = {
    outcome: (a, b) => tests[a][OUTCOME] - tests[b][OUTCOME],
    name: (a, b) => collator.compare(texts[a], texts[b]),
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

  // What was not measured is less than nothing.
  function byFigure(column) {
    return (a, b) => (tests[a][column] ?? -1) - (tests[b][column] ?? -1);
  }

  function filter() {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(word => word);
    const wanted = new Set([...form.querySelectorAll("input[name=outcome]:checked")].map(box => Number(box.value)));
    const worker = form.worker.value;
    const flaky = form.flaky.checked;
    found = order.filter(index => {
      const test = tests[index];
      return wanted.has(test[OUTCOME]) && (worker === "" || test[WORKER] === Number(worker)) && (!flaky || test[FLAKY]) && words.every(word => texts[index].includes(word));
    });
    page = 0;
    show();
  }

  function sort(header) {
    const descending = header.getAttribute("aria-sort") === "ascending" || (header.getAttribute("aria-sort") === null && header.dataset.first === "descending");
    headers.forEach(one => one.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const by = orders[header.dataset.sort];
    order = order.toSorted((a, b) => (descending ? by(b, a) : by(a, b)) || a - b);
    filter();
  }

  function show() {
    const first = page * pageSize;
    const rows = found.slice(first, first + pageSize);
    body.replaceChildren(...rows.map(index => row(tests[index])));
    status.textContent = found.length === 0
      ? "No test matches."
      : `${(first + 1).toLocaleString("en")} to ${(first + rows.length).toLocaleString("en")} of ${found.length.toLocaleString("en")} tests`;
    previous.disabled = page === 0;
    next.disabled = first + pageSize >= found.length;
  }

  function row(test) {
    const outcome = outcomes[test[OUTCOME]];
    const line = document.createElement("tr");
    cell(line, "Outcome", `${outcome.sign} ${outcome.name}${test[FLAKY] ? ", flaky" : ""}`, test[FLAKY] ? "flaky" : outcome.style);
    const name = cell(line, "Test", "", "name");
    const link = part("a", test[NAME]);
    link.href = address(test);
    name.append(isolated(part("span", `${classes[test[CLASS]]}.`, "soft"), link));
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
    const unwanted = [...form.querySelectorAll("input[name=outcome]:not(:checked)")].map(box => box.value);
    const parameters = new URLSearchParams();
    if (form.text.value) parameters.set("q", form.text.value);
    if (unwanted.length) parameters.set("without", unwanted.join(","));
    if (form.worker.value) parameters.set("worker", form.worker.value);
    if (form.flaky.checked) parameters.set("flaky", "1");
    const text = parameters.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  function recall(parameters) {
    form.text.value = parameters.get("q") ?? "";
    const unwanted = (parameters.get("without") ?? "").split(",");
    form.querySelectorAll("input[name=outcome]").forEach(box => { box.checked = !unwanted.includes(box.value); });
    form.worker.value = parameters.get("worker") ?? "";
    form.flaky.checked = parameters.has("flaky");
    filter();
  }

  let waiting;
  const changed = () => { filter(); remember(); };
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", changed);
  form.text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(changed, 120); });
  headers.forEach(header => header.querySelector("button").addEventListener("click", () => sort(header)));
  previous.addEventListener("click", () => { page--; show(); });
  next.addEventListener("click", () => { page++; show(); });
  document.getElementById("tests-tools").hidden = false;
  show();
  return { recall };
})();

// Assemblies, namespaces and classes, made when somebody opens them.
(() => {
  const tree = document.getElementById("tree");

  function grow() {
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
    tree.append(branches(root));
  }

  function branches(nodes) {
    const made = document.createElement("ul");
    for (const [name, node] of [...nodes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const item = document.createElement("li");
      const text = ` ${count(node.tests)} ${node.tests === 1 ? "test" : "tests"}, ${node.bad ? `${count(node.bad)} failed, ` : ""}${duration(node.seconds)}`;
      if (node.below.size === 0) {
        const link = part("a", name);
        link.href = `#${new URLSearchParams({ q: name })}`;
        item.append(isolated(link), part("span", text, node.bad ? "failed" : "soft"));
      } else {
        const details = document.createElement("details");
        const summary = document.createElement("summary");
        summary.append(isolated(name), part("span", text, node.bad ? "failed" : "soft"));
        details.append(summary);
        details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(branches(node.below)); });
        item.append(details);
      }
      made.append(item);
    }
    return made;
  }

  tree.addEventListener("toggle", event => { if (event.target === tree && tree.open && tree.children.length === 1) grow(); });
})();
