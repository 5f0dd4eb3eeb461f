// Classes, and every method against every other.

// ---- classes -----------------------------------------------------------------------------------------------------------

function classGroups() {
  const groups = new Map();
  images.main.forEach((c, i) => { if (!groups.has(c)) groups.set(c, []); groups.get(c).push(i); });
  return [...groups.entries()].sort((a, b) => a[0] - b[0]).map(([c, list]) => ({ c, list }));
}

// A cell's ground: the accent, stronger for better.
function shade(metric, v) {
  if (!known(v)) return null;
  const [low, high] = metric.percent ? [Math.min(0, metric.range[0] || 0), 1] : metricRange(metric);
  const share = Math.max(0, Math.min(1, (v - low) / (high - low)));
  return { background: `color-mix(in srgb, var(--accent) ${Math.round(45 * (metric.higher ? share : 1 - share))}%, transparent)` };
}

function classCell(metric, k, group) {
  const values = group.list.map((i) => metric.values[k][i]).filter(known);
  if (!values.length) return missing;
  const text = `${methods[k].name}, ${className(group.c)}: ${metric.title} ${shown(metric, mean(values))} ${unitOf(metric)}, n = ${values.length}`;
  return link("gallery", { method: methods[k].name, measure: metric.name, class: group.c, sort: "worst" }, { title: text }, shown(metric, mean(values), metric.percent ? 1 : 3));
}

function classPage(section, params) {
  const metric = metricByName.get(params.measure) || data.metrics[0], groups = classGroups();
  const value = (k, group) => mean(group.list.map((i) => metric.values[k][i]));
  const all = { c: null, list: images.main.map((c, i) => i) };
  const columns = [
    { title: "Method", header: true, value: (r) => methods[r.k].name, cell: (r) => methodCell(r.k) },
    { title: "all", sub: `n ${imageCount}`, numeric: true, value: (r) => value(r.k, all),
      style: (r) => shade(metric, value(r.k, all)),
      cell: (r) => link("gallery", { method: methods[r.k].name, measure: metric.name, sort: "worst" }, {}, shown(metric, value(r.k, all), metric.percent ? 1 : 3)) },
    ...[["right", 1], ["wrong", 0]].map(([title, c]) => ({ title, list: images.correct.map((v, i) => (v === c ? i : -1)).filter((i) => i >= 0) })).filter((g) => g.list.length).map((g) => ({
      title: g.title, sub: `n ${g.list.length}`, numeric: true, hint: `decisions that are ${g.title}`, value: (r) => value(r.k, g), style: (r) => shade(metric, value(r.k, g)),
      cell: (r) => (known(value(r.k, g)) ? link("gallery", { method: methods[r.k].name, measure: metric.name, decision: g.title, sort: "worst" }, {}, shown(metric, value(r.k, g), metric.percent ? 1 : 3)) : missing) })),
    ...groups.map((g) => ({ title: named(className(g.c)), sub: `n ${g.list.length}`, numeric: true,
      value: (r) => value(r.k, g), cell: (r) => classCell(metric, r.k, g), style: (r) => shade(metric, value(r.k, g)) })),
  ];
  add(section, html("h1", { text: "Classes" }),
    html("p", { class: "lead", text: `Mean ${metric.title}${metric.percent ? ", percent," : ""} of the images whose main object (the class that covers most pixels) is of the class, and of right and wrong decisions. Every cell leads to its images.` }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("Measure", metricOptions(), metric.name, (v) => { location.hash = address("classes", { measure: v }); })),
    makeTable(columns, methods.map((m, k) => ({ k, class: m.trivial ? "trivial" : null })), { label: "Scores by class", class: "data shaded" }));
}

// ---- pairs -------------------------------------------------------------------------------------------------------------

// Method a against b: difference a - b, and all that goes with it.
function pairOf(metric, table, a, b) {
  const [x, y] = a < b ? [a, b] : [b, a], p = table.get(x * methods.length + y), turn = a < b ? 1 : -1;
  if (!p) return null;
  const [, , n, difference, low, high, wilcoxon, permutation, flips, wins, ties, losses, differs] = p;
  const times = (v) => (known(v) ? turn * v : v);
  return { a, b, n, difference: times(difference), low: times(turn > 0 ? low : high), high: times(turn > 0 ? high : low), wilcoxon, permutation, flips, differs,
    wins: turn > 0 ? wins : losses, ties, losses: turn > 0 ? losses : wins };
}

// The permutation's p; at the floor of its draws it says so, in full or with the sign alone.
const atFloor = (p) => p.flips > 0 && known(p.permutation) && p.permutation * (p.flips + 1) < 1.5;
const floorText = (p) => `≤ ${(1 / (p.flips + 1)).toExponential(0)}`;
const permutationText = (p) => (atFloor(p) ? `${floorText(p)} (floor of ${p.flips.toLocaleString("en")} draws)` : pValue(p.permutation));

const verdict = (p) => (p.differs ? "told apart" : "not told apart");
const intervalText = (p, s, digits) => (known(p.low) ? `${minus(signed(p.low * s, digits))} to ${minus(signed(p.high * s, digits))}` : missing);

function pairTable(metric) {
  return new Map((metric.pairs || []).map((p) => [p[0] * methods.length + p[1], p]));
}

const digitsOf = (metric) => (metric.percent ? 2 : 3);
const points = (metric) => (metric.percent ? " points" : "");

function pairText(metric, p) {
  return `${methods[p.a].name} less ${methods[p.b].name}: ${minus(signed(p.difference * scaleOf(metric), digitsOf(metric)))}${points(metric)}` +
    ` (95 % ${intervalText(p, scaleOf(metric), digitsOf(metric))}), ${verdict(p)}, Holm p ${pValue(p.wilcoxon)}, n = ${p.n}`;
}

function pairDetail(metric, p) {
  const [a, b] = [methods[p.a].name, methods[p.b].name];
  return html("div", { class: "pair" },
    html("h2", {}, named(a), " against ", named(b)),
    html("p", { class: "big" }, minus(signed(p.difference * scaleOf(metric), digitsOf(metric))), html("span", { text: `${points(metric)} of ${metric.title}` })),
    html("dl", { class: "facts-list" },
      html("dt", { text: "95 % interval" }), html("dd", { text: `${intervalText(p, scaleOf(metric), digitsOf(metric))} (paired bootstrap)` }),
      html("dt", { text: "Decision" }), html("dd", { text: `${verdict(p)}: p ${pValue(p.wilcoxon)} (Wilcoxon, Holm over all pairs)` }),
      html("dt", { text: "Sign flips" }), html("dd", { text: `p ${permutationText(p)}, of this pair alone` }),
      html("dt", { text: "Images" }), html("dd", { text: `${p.n}: higher on ${p.wins}, equal on ${p.ties}, lower on ${p.losses}` })),
    html("p", {}, link("gallery", { method: a, against: b, measure: metric.name, sort: "difference" }, {}, "The images where they differ most")));
}

// One cell of the matrix has the focus; arrows move it.
function moveInMatrix(event, table) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const cell = event.target.closest("td");
  if (!step || !cell) return;
  event.preventDefault();
  const rows = [...table.tBodies[0].rows], at = rows.indexOf(cell.parentNode);
  let r = at + step[0], c = cell.cellIndex + step[1];
  let next = rows[r] && rows[r].cells[c] && rows[r].cells[c].querySelector("button");
  if (!next && rows[r + step[0]]) next = rows[r + step[0]].cells[c + step[1]] && rows[r + step[0]].cells[c + step[1]].querySelector("button"); // over the diagonal
  if (!next) return;
  table.querySelectorAll("button[tabindex='0']").forEach((b) => { b.tabIndex = -1; });
  next.tabIndex = 0;
  next.focus();
}

function matrixCell(metric, p, most, choose) {
  if (!p || !known(p.difference)) return html("td", { class: "same" });
  const share = most > 0 ? Math.min(1, Math.abs(p.difference) / most) : 0;
  const button = html("button", { type: "button", tabIndex: -1, "data-a": methods[p.a].name, "data-b": methods[p.b].name, "data-differs": p.differs ? "yes" : "no", "aria-label": pairText(metric, p), title: pairText(metric, p), onclick: () => choose(p),
    style: { background: `color-mix(in srgb, var(${(p.difference > 0) === metric.higher ? "--better" : "--worse"}) ${Math.round(15 + 85 * share)}%, var(--surface))`, opacity: p.differs ? 1 : 0.35 } });
  return html("td", {}, button);
}

function matrix(metric, table, order, choose) {
  const pairs = order.map((a) => order.map((b) => (a === b ? null : pairOf(metric, table, a, b))));
  const most = pairs.flat().reduce((m, p) => (p && known(p.difference) ? Math.max(m, Math.abs(p.difference)) : m), 0);
  const body = order.map((a, i) => html("tr", {}, html("th", { scope: "row" }, named(methods[a].name)),
    pairs[i].map((p) => matrixCell(metric, p, most, choose))));
  const head = html("tr", {}, html("td", {}), order.map((b) => html("th", { scope: "col" }, html("span", {}, named(methods[b].name)))));
  const node = html("table", { class: "matrix" }, html("thead", {}, head), html("tbody", {}, body));
  node.addEventListener("keydown", (e) => moveInMatrix(e, node));
  const first = node.querySelector("button");
  if (first) first.tabIndex = 0;
  return html("div", { class: "scroll matrix-scroll" }, node);
}

// With few images no p can be low enough for so many pairs.
function tooFew(metric) {
  const pairs = metric.pairs || [], most = pairs.reduce((m, p) => Math.max(m, p[2]), 0);
  if (!pairs.length || pairs.some((p) => p[12]) || 2 ** (1 - most) * pairs.length < 0.05) return null;
  return `${plural(most, "image")} are too few to tell any of ${plural(pairs.length, "pair")} apart.`;
}

function comparePage(section, params) {
  const metric = metricByName.get(params.measure) || data.metrics[0], table = pairTable(metric);
  add(section, html("h1", { text: "Method against method" }),
    html("p", { class: "lead", text: "Every pair on the images that both have: the mean difference with its paired interval, and whether the two are told apart: Wilcoxon's signed-rank test, p below 0.05 after Holm's correction for all pairs. Table 1 and vitx compare decide by the same." }));
  const controls = html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
    selectField("Measure", metricOptions(), metric.name, (v) => { location.hash = address("compare", { ...params, measure: v }); }));
  add(section, controls);
  if (!table.size) {
    add(section, html("p", { class: "notice", text: "No comparison in this report: fewer than two methods, or more than 64." }));
    return;
  }
  const order = methods.map((m, k) => k).filter((k) => known(metric.rows[k][0])).sort((a, b) => metric.rows[b][0] - metric.rows[a][0]);
  if (!metric.higher) order.reverse();
  const detail = html("div", { class: "pair-holder", "aria-live": "polite" });
  const choose = (p) => { detail.replaceChildren(pairDetail(metric, p)); };
  const one = Math.max(0, methodIndex(params.method ?? methods[order[0]].name));
  add(section, html("div", { class: "beside" }, matrix(metric, table, order, choose), detail),
    html("ul", { class: "notes" },
      html("li", {}, html("span", { class: "swatch better" }), " the method of the row is better than that of the column, ", html("span", { class: "swatch worse" }), " worse; the stronger the colour, the larger the difference. Pale: not told apart."),
      tooFew(metric) ? html("li", { text: tooFew(metric) }) : null,
      html("li", { text: "Arrow keys move through the cells, Enter shows a pair." })));
  choose(pairOf(metric, table, one, order.find((k) => k !== one)));
  const rows = order.filter((k) => k !== one).map((k) => pairOf(metric, table, one, k)).filter(Boolean);
  const s = scaleOf(metric);
  add(section, html("h2", { text: "One method against all others" }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("Method", methodOptions(), methods[one].name, (v) => { location.hash = address("compare", { ...params, method: v }); })),
    makeTable([
      { title: "Against", header: true, value: (r) => methods[r.b].name, cell: (r) => methodCell(r.b) },
      { title: `difference${points(metric) ? ", points" : ""}`, numeric: true, value: (r) => r.difference,
        cell: (r) => link("gallery", { method: methods[r.a].name, against: methods[r.b].name, measure: metric.name, sort: "difference" }, {}, minus(signed(r.difference * s, digitsOf(metric)))) },
      { title: "95 % interval", numeric: true, cell: (r) => intervalText(r, s, digitsOf(metric) - 1) },
      { title: "told apart", value: (r) => verdict(r), cell: (r) => (r.differs ? "yes" : "no") },
      { title: "Holm p", hint: "Wilcoxon's signed-rank test, corrected over all pairs", numeric: true, value: (r) => r.wilcoxon, cell: (r) => pValue(r.wilcoxon) },
      { title: "sign flips p", hint: "of this pair alone; as low as the draws allow where it says so", numeric: true, value: (r) => r.permutation, cell: (r) => (atFloor(r) ? html("span", { title: permutationText(r), text: floorText(r) }) : pValue(r.permutation)) },
      { title: "higher", numeric: true, value: (r) => r.wins, cell: (r) => String(r.wins) },
      { title: "equal", numeric: true, value: (r) => r.ties, cell: (r) => String(r.ties) },
      { title: "lower", numeric: true, value: (r) => r.losses, cell: (r) => String(r.losses) },
      { title: "n", numeric: true, value: (r) => r.n, cell: (r) => String(r.n) },
    ], rows, { label: "Comparison of one method with all others" }),
    rows.some(atFloor) ? html("p", { class: "muted", text: `${permutationText(rows.find(atFloor))}, which no p of sign flips can be below.` }) : null);
}
