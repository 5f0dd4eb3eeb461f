// Measures against each other: overlap beside what the model says, the curves behind the numbers, whose ranks hang on what.

const faithful = data.metrics.filter((m) => m.faithful);
const firstFaithful = faithful.find((m) => m.measure === "single-deletion") || faithful[0];
const better = (metric, v) => (metric.higher ? v : -v);
const direction = (metric) => (metric.higher ? "" : " (lower is better)");
const familyOf = (k) => (families.includes(methods[k].family) ? methods[k].family : "other");

// Ranks by the mean, 1 the best; the ceiling row and methods without a mean have none.
function ranksBy(metric) {
  const there = methods.map((m, k) => k).filter((k) => known(metric.rows[k][0]) && k !== metric.ceiling);
  const ranks = methods.map(() => null);
  for (const k of there) ranks[k] = 1 + there.filter((o) => better(metric, metric.rows[o][0]) > better(metric, metric.rows[k][0])).length;
  return ranks;
}

// The rank correlation of two measures, [Spearman, low, high, Kendall, methods]; null where the file has none.
function agreementOf(a, b) {
  const names = data.agreement.names, [i, j] = [names.indexOf(a.name), names.indexOf(b.name)];
  const p = data.agreement.pairs.find(([x, y]) => (x === i && y === j) || (x === j && y === i));
  return p && i !== j ? p.slice(2) : null;
}

function agreementText(a, b) {
  const g = agreementOf(a, b);
  if (!g || !known(g[0])) return null;
  const range = known(g[1]) ? ` [${minus(signed(g[1], 2))}, ${minus(signed(g[2], 2))}]` : "";
  return `Spearman's rank correlation ${minus(signed(g[0], 2))}${range}, Kendall's ${minus(signed(g[3], 2))}, over ${plural(g[4], "method")} that look at the model and ${plural(data.agreement.images, "image")}`;
}

// ---- a plane with two axes --------------------------------------------------------------------------------------------

// A frame with ticks; x and y map numbers to the plane, turned so that better is up and to the right where `turn` says.
function plane(width, height, xs, ys, options) {
  const small = narrow(), left = small ? 54 : 60, right = options.right || 16, top = 14, bottom = height - 46;
  const scale = ([low, high, turned], from, to) => (v) => from + ((turned ? high - v : v - low) / (high - low || 1)) * (to - from);
  const x = scale(xs, left, width - right), y = scale(ys, bottom, top);
  const root = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, width: "100%", role: "group", "aria-label": options.label });
  for (const v of ticks(xs[0], xs[1], small ? 4 : 8)) {
    root.append(svg("line", { x1: String(x(v)), x2: String(x(v)), y1: String(top), y2: String(bottom), class: "grid" }),
      svg("text", { x: String(x(v)), y: String(bottom + 16), class: "tick", "text-anchor": "middle" }, options.xFormat(v)));
  }
  for (const v of ticks(ys[0], ys[1], 6)) {
    root.append(svg("line", { x1: String(left), x2: String(width - right), y1: String(y(v)), y2: String(y(v)), class: "grid" }),
      svg("text", { x: String(left - 6), y: String(y(v) + 4), class: "tick", "text-anchor": "end" }, options.yFormat(v)));
  }
  const mid = (top + bottom) / 2;
  root.append(svg("line", { x1: String(left), x2: String(width - right), y1: String(bottom), y2: String(bottom), class: "axis" }),
    svg("text", { x: String((left + width - right) / 2), y: String(height - 8), class: "axis-title", "text-anchor": "middle" }, options.xTitle),
    svg("text", { x: "12", y: String(mid), class: "axis-title", "text-anchor": "middle", transform: `rotate(-90 12 ${mid})` }, options.yTitle));
  return { root, x, y, left, right, top, bottom, width, height };
}

// Ends of an axis: the values with a little room.
function spanOf(values, turned) {
  const there = values.filter(known), low = Math.min(...there), high = Math.max(...there), room = 0.06 * (high - low || Math.abs(high) || 1);
  return [low - room, high + room, turned];
}

// Labels beside their points, each where it lies on no other; those that find no place are left to the mouse and the ear.
function placeLabels(frame, points) {
  const taken = points.map((p) => [p.x - p.r, p.y - p.r, p.x + p.r, p.y + p.r]);
  const free = (box) => box[0] > frame.left && box[2] < frame.width - 2 && box[1] > 2 && box[3] < frame.bottom &&
    taken.every((t) => box[2] < t[0] || t[2] < box[0] || box[3] < t[1] || t[3] < box[1]);
  for (const p of points) {
    const w = 6.3 * p.text.length, at = [[p.x + p.r + 3, p.y + 4, "start"], [p.x - p.r - 3, p.y + 4, "end"], [p.x, p.y - p.r - 4, "middle"], [p.x, p.y + p.r + 12, "middle"]];
    for (const [x, y, anchor] of at) {
      const from = anchor === "start" ? x : anchor === "end" ? x - w : x - w / 2, box = [from, y - 10, from + w, y + 2];
      if (!free(box)) continue;
      taken.push(box);
      frame.root.append(svg("text", { x: String(x), y: String(y), class: "point-label", "text-anchor": anchor, "aria-hidden": "true" }, p.text));
      break;
    }
  }
}

// ---- overlap and faithfulness -----------------------------------------------------------------------------------------

const radiusOf = (passes) => (known(passes) ? 4 + 2.1 * Math.log2(1 + passes) : 4);

function scatter(holder, a, b) {
  const rows = methods.map((m, k) => ({ k, u: a.rows[k], v: b.rows[k], passes: data.passes[k] })).filter((r) => known(r.u[0]) && known(r.v[0]));
  if (!rows.length) {
    add(holder, html("p", { class: "muted", text: "No method has both." }));
    return;
  }
  const width = Math.max(300, Math.min(1000, holder.clientWidth || 900)), height = narrow() ? 420 : 520;
  const frame = plane(width, height, spanOf(rows.map((r) => r.u[0]), !a.higher), spanOf(rows.map((r) => r.v[0]), !b.higher), {
    label: `${b.title} against ${a.title}, a point a method`, xFormat: (v) => shown(a, v, a.percent ? 0 : 2), yFormat: (v) => shown(b, v, b.percent ? 0 : 2),
    xTitle: `${a.title}${a.percent ? ", %" : ""}${direction(a)} →`, yTitle: `${b.title}${b.percent ? ", %" : ""}${direction(b)} →` });
  const points = [];
  // The largest first, so that none lies under another.
  for (const r of rows.sort((p, q) => (q.passes ?? 0) - (p.passes ?? 0))) {
    const m = methods[r.k], x = frame.x(r.u[0]), y = frame.y(r.v[0]), size = radiusOf(m.trivial ? null : r.passes);
    const text = `${m.name}${m.trivial ? " (never looks at the model)" : ""}: ${a.title} ${shown(a, r.u[0])}${unitOf(a)}, ${b.title} ${shown(b, r.v[0])}${unitOf(b)}${r.k === b.ceiling ? " (its ceiling)" : ""}, ${passCount(r.passes)} forward passes`;
    const whisker = (metric, row, across) => known(row[1]) && svg("line", across
      ? { x1: String(frame.x(row[1])), x2: String(frame.x(row[2])), y1: String(y), y2: String(y), class: "whisker" }
      : { x1: String(x), x2: String(x), y1: String(frame.y(row[1])), y2: String(frame.y(row[2])), class: "whisker" });
    frame.root.append(svg("a", { href: address("gallery", { method: m.name, measure: b.name, sort: b.higher ? "worst" : "best" }), class: "point", "aria-label": text, "data-method": m.name },
      svg("title", {}, text), whisker(a, r.u, true), whisker(b, r.v, false),
      m.trivial ? svg("rect", { x: String(x - size), y: String(y - size), width: String(2 * size), height: String(2 * size), class: "mark hollow" })
        : svg("circle", { cx: String(x), cy: String(y), r: String(size), class: `mark family-${familyOf(r.k)}` })));
    points.push({ x, y, r: size, text: m.name, worth: better(a, (r.u[0] - a.rows[rows[0].k][0])) });
  }
  const edge = (p) => !points.some((q) => q !== p && q.x >= p.x && q.y <= p.y && (q.x > p.x || q.y < p.y));
  placeLabels(frame, [...points.filter(edge), ...points.filter((p) => !edge(p))]);
  holder.append(frame.root);
}

// ---- curves -----------------------------------------------------------------------------------------------------------

const LINES_MAX = 8;
const curveKey = (c) => `${c.of}/${c.name}`;
const metricOf = (c) => data.metrics.find((m) => m.of === c.of);

// What the points of a measure's curve stand for: [title, value of point i of n].
function curveAxis(c, n) {
  const id = (metricOf(c) || {}).measure || "";
  if (id === "deletion" || id === "deletion-published") return ["removed, %, the most relevant first", (i) => (100 * i) / (n - 1)];
  if (id === "insertion") return ["shown, %, the most relevant first", (i) => (100 * i) / (n - 1)];
  if (id === "perturbation" || id === "abpc-published") return ["removed, %", (i) => 10 * i];
  if (id === "road") return ["removed, %", (i) => 10 * (i + 1)];
  if (id === "saco") return ["group, the most relevant first", (i) => i + 1];
  return ["step", (i) => i];
}

// The best of the methods that look at the model, and what never looks.
function firstLines(c) {
  const metric = metricOf(c), there = methods.map((m, k) => k).filter((k) => c.methods[k]);
  const order = metric ? there.sort((a, b) => better(metric, metric.rows[b][0]) - better(metric, metric.rows[a][0])) : there;
  const plain = ["random", "center"].map(methodIndex).filter((k) => k >= 0 && c.methods[k]);
  return [...order.filter((k) => !methods[k].trivial).slice(0, 4), ...(plain.length ? plain : order.filter((k) => methods[k].trivial).slice(0, 1))];
}

function curvePlot(holder, c, lines) {
  const first = c.methods.find(Boolean), n = first[1].length, [axis, at] = curveAxis(c, n), metric = metricOf(c);
  const band = (row, i) => (known(row[2][i]) ? 1.96 * row[2][i] : 0);
  const all = lines.flatMap((k) => c.methods[k][1].flatMap((v, i) => [v - band(c.methods[k], i), v + band(c.methods[k], i)]));
  const width = Math.max(300, Math.min(1000, holder.clientWidth || 900)), height = narrow() ? 380 : 440, labels = narrow() ? 16 : 190;
  const span = [Math.min(0, ...all), Math.max(...all, 0.05), false];
  const frame = plane(width, height, [at(0), at(n - 1), false], span, { right: labels, label: `Curves of ${c.of}: mean over images, a line a method`,
    xFormat: (v) => String(Math.round(v)), yFormat: (v) => minus(fixed(v, 2)), xTitle: axis, yTitle: `${c.name} (mean over images)` });
  const ends = [];
  lines.forEach((k, slot) => {
    const [count, means, errors] = c.methods[k], point = (i, v) => `${frame.x(at(i)).toFixed(1)},${frame.y(v).toFixed(1)}`;
    const upper = means.map((v, i) => point(i, v + band([count, means, errors], i))), lower = means.map((v, i) => point(i, v - band([count, means, errors], i))).reverse();
    const row = metric && metric.rows[k], text = `${methods[k].name}${row && known(row[0]) ? `: ${metric.title} ${shown(metric, row[0])}${unitOf(metric)}` : ""}, n = ${count}`;
    frame.root.append(svg("g", { class: `line-${slot}`, role: "img", "aria-label": text, "data-method": methods[k].name }, svg("title", {}, text),
      svg("polygon", { points: [...upper, ...lower].join(" "), class: "curve-band" }),
      svg("polyline", { points: means.map((v, i) => point(i, v)).join(" "), class: `curve${methods[k].trivial ? " dashed" : ""}` })));
    ends.push({ slot, k, y: frame.y(means[n - 1]), text: methods[k].name });
  });
  if (narrow()) {
    holder.append(frame.root, html("ul", { class: "legend" }, ends.map((e) => html("li", {}, html("span", { class: `swatch line-${e.slot}` }), " ", named(e.text)))));
    return;
  }
  ends.sort((a, b) => a.y - b.y);
  let y = frame.top;
  ends.forEach((e, i) => { // names at the lines' ends, one below the other, none over the edge
    y = Math.min(Math.max(y, e.y + 4), frame.bottom - 15 * (ends.length - 1 - i));
    frame.root.append(svg("text", { x: String(frame.width - frame.right + 8), y: String(y), class: `curve-label line-${e.slot}` }, e.text));
    y += 15;
  });
  holder.append(frame.root);
}

function curveSection(section, params) {
  if (!data.curves.length) return;
  const c = data.curves.find((o) => curveKey(o) === params.curve) || data.curves.find((o) => o.film) || data.curves[0];
  const there = methods.map((m, k) => k).filter((k) => c.methods[k]);
  const asked = (params.lines || "").split(".").map(Number).filter((k) => params.lines && there.includes(k));
  const lines = (asked.length ? asked : firstLines(c)).slice(0, LINES_MAX);
  const holder = html("div", { class: "figure", id: "curves" });
  const choose = (k, on) => { setHash({ ...params, curve: curveKey(c), lines: (on ? [...lines, k] : lines.filter((o) => o !== k)).join(".") }); };
  add(section, html("h2", { text: "Curves" }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("Curve of", data.curves.map((o) => [curveKey(o), data.curves.filter((q) => q.of === o.of).length > 1 ? `${o.of}: ${o.name}` : o.of]), curveKey(c), (v) => setHash({ ...params, curve: v, lines: "" }))),
    html("details", { class: "legend-holder" }, html("summary", { text: `Methods drawn: ${lines.length} of ${there.length}` }),
      html("div", { class: "choices" }, there.map((k) => html("label", {}, html("input", { type: "checkbox", checked: lines.includes(k), disabled: !lines.includes(k) && lines.length >= LINES_MAX,
        onchange: (e) => choose(k, e.target.checked) }), " ", named(methods[k].name))))), holder,
    html("ul", { class: "notes" }, html("li", { text: "Mean over images; band: its 95 % interval (1.96 standard errors). Dashed: never looks at the model." })));
  if (lines.length) curvePlot(holder, c, lines);
}

// ---- measure against measure ------------------------------------------------------------------------------------------

function agreementCell(a, b) {
  if (a === b) return html("td", { class: "self" });
  const g = agreementOf(a, b);
  if (!g || !known(g[0])) return html("td", { text: missing });
  return html("td", { title: `${a.title} and ${b.title}: ${agreementText(a, b)}`, "data-pair": `${a.name}|${b.name}`,
    style: { background: `color-mix(in srgb, var(${g[0] >= 0 ? "--better" : "--worse"}) ${Math.round(80 * Math.abs(g[0]))}%, var(--surface))` } },
  link("measures", { x: a.name, y: b.name }, {}, minus(fixed(g[0], 2))));
}

function agreementSection(section) {
  const list = data.agreement.names.map((n) => metricByName.get(n));
  if (list.length < 2) return;
  const head = html("tr", {}, html("td", {}), list.map((m) => html("th", { scope: "col" }, html("span", { text: m.title }))));
  const body = list.map((a) => html("tr", {}, html("th", { scope: "row", class: a.faithful ? "level" : null, text: a.title }), list.map((b) => agreementCell(a, b))));
  add(section, html("h2", { text: "Do measures agree?" }),
    html("p", { class: "muted", text: `Spearman's correlation of the methods' ranks under each two measures, each turned so that more is better: 1 the same order, 0 none, −1 reversed. Over the methods that look at the model, and the ${plural(data.agreement.images, "image")} that have all measures. Bold: asks the model. A cell leads to its scatter.` }),
    html("div", { class: "scroll matrix-scroll", tabindex: "0", role: "region", "aria-label": "Rank correlation of measures" }, html("table", { class: "matrix agree" }, html("thead", {}, head), html("tbody", {}, body))));
}

// ---- ranks ------------------------------------------------------------------------------------------------------------

// Two of one measure that differ in how cells are removed; else the overlap and the first that asks the model.
function firstPair() {
  for (const a of faithful) {
    const b = faithful.find((o) => o !== a && o.measure === a.measure && o.parameters !== a.parameters && o.name.split(".")[1] === a.name.split(".")[1]);
    if (b) return [a, b];
  }
  return [data.metrics[0], firstFaithful || data.metrics[1]];
}

function rankSection(section, params) {
  const pair = firstPair(), a = metricByName.get(params.from) || pair[0], b = metricByName.get(params.to) || pair[1];
  const [ra, rb] = [ranksBy(a), ranksBy(b)], move = (r) => (known(ra[r.k]) && known(rb[r.k]) ? ra[r.k] - rb[r.k] : null);
  const change = (key) => (v) => setHash({ ...params, [key]: v });
  const score = (m, k) => (k === m.ceiling ? "ceiling" : shown(m, m.rows[k][0]));
  add(section, html("h2", { text: "How ranks change" }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("From", metricOptions(), a.name, change("from")), selectField("to", metricOptions(), b.name, change("to"))),
    makeTable([
      { title: "Method", header: true, value: (r) => methods[r.k].name, cell: (r) => methodCell(r.k) },
      { title: a.title, sub: a.higher ? null : "lower is better", numeric: true, value: (r) => a.rows[r.k][0], cell: (r) => score(a, r.k) },
      { title: "rank", numeric: true, value: (r) => ra[r.k], cell: (r) => String(ra[r.k] ?? missing) },
      { title: b.title, sub: b.higher ? null : "lower is better", numeric: true, value: (r) => b.rows[r.k][0], cell: (r) => score(b, r.k) },
      { title: "rank", numeric: true, value: (r) => rb[r.k], cell: (r) => String(rb[r.k] ?? missing) },
      { title: "places won", numeric: true, value: move, cell: (r) => minus(signed(move(r), 0)) },
    ], methods.map((m, k) => ({ k, class: m.trivial ? "trivial" : null })), { label: "Ranks under two measures", class: "data ranks", sort: [2, false] }),
    agreementText(a, b) ? html("p", { class: "muted", text: `${agreementText(a, b)}.` }) : null);
}

// ---- the page ---------------------------------------------------------------------------------------------------------

function setHash(params) { location.hash = address("measures", params); }

function measuresPage(section, params) {
  const a = metricByName.get(params.x) || data.metrics[0], b = metricByName.get(params.y) || firstFaithful || data.metrics[1];
  const holder = html("div", { class: "figure", id: "scatter" }), change = (key) => (v) => setHash({ ...params, [key]: v });
  add(section, html("h1", { text: "Measures" }),
    html("p", { class: "lead", text: "Overlap says how a map lies on the annotated object; the measures that ask the model say what the map has to do with its decision. They are different questions, and no single number answers both." }),
    faithful.length ? null : html("p", { class: "notice", text: "This run has no measure that asks the model; vitx measure adds them from the stored maps." }),
    html("h2", { text: `${b.title} against ${a.title}` }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("Across", metricOptions(), a.name, change("x")), selectField("Up", metricOptions(), b.name, change("y"))), holder,
    html("ul", { class: "notes" },
      html("li", {}, "Better is up and to the right; lines: 95 % intervals. The larger a circle, the more passes through the model the method needs; hollow squares never look at it. A point leads to its images."),
      html("li", {}, families.filter((f) => f !== "trivial" && methods.some((m) => m.family === f)).map((f) => [familyDot(f), f, " "])),
      agreementText(a, b) ? html("li", { text: `${agreementText(a, b)}.` }) : null));
  scatter(holder, a, b);
  agreementSection(section);
  curveSection(section, params);
  rankSection(section, params);
}
