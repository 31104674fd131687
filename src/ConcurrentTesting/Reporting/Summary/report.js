"use strict";
(() => {
  const pageSize = 100;
  const { outcomes, classes, assemblies, tests } = JSON.parse(document.getElementById("tests-data").textContent);
  const [NAME, CLASS, ASSEMBLY, OUTCOME, SECONDS, WORKER, ATTEMPTS, FLAKY, FAILURE] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const form = document.getElementById("filter");
  const body = document.getElementById("tests-body");
  const status = document.getElementById("tests-status");
  const [previous, next] = [document.getElementById("previous"), document.getElementById("next")];
  const headers = [...document.querySelectorAll("#tests-table th[data-sort]")];

  // One lower-case text a test, made once, keeps a keystroke cheap with tens of thousands of tests.
  const texts = tests.map(test => `${classes[test[CLASS]]}.${test[NAME]} ${assemblies[test[ASSEMBLY]]}`.toLowerCase());
  const collator = new Intl.Collator("en", { numeric: true });
  const orders = {
    outcome: (a, b) => tests[a][OUTCOME] - tests[b][OUTCOME],
    name: (a, b) => collator.compare(texts[a], texts[b]),
    seconds: (a, b) => tests[a][SECONDS] - tests[b][SECONDS],
    worker: (a, b) => tests[a][WORKER] - tests[b][WORKER],
    attempts: (a, b) => tests[a][ATTEMPTS] - tests[b][ATTEMPTS],
  };
  let order = tests.map((_, index) => index);
  let found = order;
  let page = 0;

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
    const descending = header.getAttribute("aria-sort") === "ascending" || (header.ariaSort === null && header.dataset.first === "descending");
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
    cell(line, `${outcome.sign} ${outcome.name}${test[FLAKY] ? ", flaky" : ""}`, test[FLAKY] ? "flaky" : outcome.style);
    const name = cell(line, "", "name");
    name.append(part("span", `${classes[test[CLASS]]}.`, "soft"));
    if (test[FAILURE]) {
      const link = part("a", test[NAME]);
      link.href = `#failure-${test[FAILURE]}`;
      name.append(link);
    } else {
      name.append(test[NAME]);
    }
    if (assemblies.length > 1) name.append(part("div", assemblies[test[ASSEMBLY]], "soft"));
    cell(line, duration(test[SECONDS]), "number");
    cell(line, test[WORKER], "number");
    cell(line, test[ATTEMPTS], "number");
    return line;
  }

  function cell(line, text, style) {
    const made = part("td", text, style);
    line.append(made);
    return made;
  }

  function part(tag, text, style) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (style) made.className = style;
    return made;
  }

  function duration(seconds) {
    if (seconds < 0.001) return "<1ms";
    if (seconds < 0.0995) return `${Math.round(seconds * 1000)}ms`;
    if (seconds < 9.995) return `${seconds.toFixed(2)}s`;
    if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
    return `${Math.floor(seconds / 60)}m ${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
  }

  function openTarget() {
    const target = location.hash.startsWith("#failure-") && document.getElementById(location.hash.slice(1));
    if (target) target.open = true;
  }

  let waiting;
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", filter);
  form.text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  headers.forEach(header => header.querySelector("button").addEventListener("click", () => sort(header)));
  previous.addEventListener("click", () => { page--; show(); });
  next.addEventListener("click", () => { page++; show(); });
  window.addEventListener("hashchange", openTarget);
  document.getElementById("tests-tools").hidden = false;
  openTarget();
  show();
})();
