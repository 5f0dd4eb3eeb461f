"use strict";
(() => {
  const runs = JSON.parse(document.getElementById("runs").textContent);
  const main = document.getElementById("main");

  function add(to, tag, text, set) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    Object.assign(node, set || {});
    to.append(node);
    return node;
  }

  const tail = path => path.replace(/\/+$/, "").split("/").pop() || path;
  const number = (value, digits = 2) => (value === null || value === undefined ? "" : value.toFixed(digits));

  /* Columns: head, what a row is sorted by, what is shown. */
  const score = (head, key) => ({
    head, number: true, value: r => r.row[key],
    show: (r, cell) => {
      add(cell, "span", number(r.row[key]));
      if (r.row[key + "_low"] != null)
        add(cell, "span", `[${number(r.row[key + "_low"], 1)}, ${number(r.row[key + "_high"], 1)}]`, {className: "range"});
    },
  });
  const text = (head, value) => ({head, value, show: (r, cell) => {
    cell.className = "name";
    cell.title = value(r) || "";
    add(cell, "bdi", value(r) || "");
  }});
  const scores = [score("IoU", "iou"), score("F1", "f1"), score("Pixel accuracy", "pixel_accuracy")];
  const images = {head: "Images", number: true, value: r => r.row.n, show: (r, cell) => { cell.textContent = r.row.n ?? ""; }};
  const measured = [
    text("Method", r => r.row.method), text("Family", r => r.row.family), text("Model", r => tail(r.run.model)), ...scores,
    {head: "Ranks", number: true, value: r => (r.row.rank_low == null ? null : -r.row.rank_low),
     show: (r, cell) => {
       const {rank_low: low, rank_high: high} = r.row;
       cell.textContent = low == null ? "" : low === high ? `${low}` : `${low}–${high}`;
     }},
    images,
    {head: "Report", value: r => r.run.name, show: (r, cell) => add(cell, "a", r.run.name, {href: encodeURIComponent(r.run.report)})},
  ];
  const published = [text("Method, as printed", r => r.row.method), text("From", r => r.row.family), ...scores, images];

  function compare(a, b, down) {
    if (a == null || b == null) return (a == null) - (b == null); /* what is missing stands last */
    const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b));
    return down ? -order : order;
  }

  function board(caption, columns, rows) {
    const frame = add(main, "div", undefined, {className: "board", tabIndex: 0});
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", caption);
    const table = add(frame, "table");
    const head = add(add(table, "thead"), "tr");
    const body = add(table, "tbody");
    function sort(column, down) {
      for (const th of head.children) th.removeAttribute("aria-sort");
      head.children[columns.indexOf(column)].setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => compare(column.value(a), column.value(b), down));
      body.replaceChildren();
      for (const r of rows) {
        const line = add(body, "tr", undefined, {className: `${r.row.kind}${r.row.level_with_best === "yes" ? " with-best" : ""}`});
        for (const c of columns) {
          const cell = add(line, "td");
          c.show(r, cell);
          if (c.number) cell.className = "number";
        }
      }
    }
    for (const column of columns) {
      const th = add(head, "th", undefined, {scope: "col", className: column.number ? "number" : ""});
      add(th, "button", column.head, {type: "button"}).onclick = () => {
        const now = th.getAttribute("aria-sort");
        sort(column, now ? now === "ascending" : Boolean(column.number));
      };
    }
    sort(columns.find(c => c.head === "IoU"), true);
  }

  /* Only what was made by the same protocol stands in one table; without one, a run stands alone. */
  const groups = new Map();
  for (const run of runs) {
    const key = run.protocol ? `${run.protocol} ${run.protocol_sha256}` : run.report;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(run);
  }
  add(main, "h1", "Leaderboard");
  add(main, "p", "Means over images in percent, 95 % intervals in brackets. Marked rows are level with the best of their " +
      "run: not told apart from it (Wilcoxon's signed-rank test, Holm over all pairs). Ranks are those that cannot be " +
      "excluded within the run. Grey rows never look at the model. Numbers compare within one table only.", {className: "lead"});
  for (const list of groups.values()) {
    const [first] = list;
    add(add(main, "h2"), "bdi", first.protocol || `${first.name}: no protocol`);
    if (first.protocol) add(main, "p", `Protocol ${first.protocol}, SHA-256 ${first.protocol_sha256}`, {className: "muted digest"});
    for (const run of list) {
      const line = add(main, "p", undefined, {className: "muted digest"});
      add(line, "a", tail(run.file), {href: encodeURIComponent(run.report)});
      add(line, "span", `: ${run.table.title}${run.finished ? "" : "; not finished"}`);
    }
    const all = list.flatMap(run => run.table.rows.map(row => ({run, row})));
    board("Measured", measured, all.filter(r => r.row.kind === "ours" || r.row.kind === "trivial"));
    const seen = new Set();
    const printed = all.filter(r => r.row.kind === "published" && !seen.has(r.row.family + r.row.method) &&
                                    seen.add(r.row.family + r.row.method));
    if (printed.length) {
      add(main, "h3", "As published: not measured here");
      board("As published", published, printed);
    }
  }

  document.getElementById("theme").onclick = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
})();
