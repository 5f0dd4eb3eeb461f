// The first page: what was run, Table 1, what to notice.

const mainMetrics = ["iou", "f1", "pixel_accuracy", "over_chance"].map((n) => metricByName.get(n)).filter(Boolean);
const wrongCount = images.correct.filter((c) => c === 0).length;
const rightCount = images.correct.filter((c) => c === 1).length;

function fact(title, value, hint, target) {
  const inside = [html("span", { class: "fact-value", text: value }), html("span", { class: "fact-title", text: title }),
    hint ? html("span", { class: "fact-hint", text: hint }) : null];
  return target ? html("a", { class: "fact", href: target }, inside) : html("div", { class: "fact" }, inside);
}

function facts() {
  const c = data.counts;
  return html("div", { class: "facts" },
    fact("images in the list", c.images.toLocaleString("en"), c.done < c.images ? `${c.done} done` : null),
    fact("through the gate", c.passed.toLocaleString("en"), `probability above ${run.min_confidence}; places sum to ${c.index_sum}`,
      address("gallery")),
    fact("decisions right", rightCount.toLocaleString("en"), null, address("gallery", { decision: "right" })),
    fact("decisions wrong", wrongCount.toLocaleString("en"), wrongCount ? "see what misled the model" : null,
      wrongCount ? address("wrong") : null),
    fact(c.failed === 1 ? "image with a failure" : "images with a failure", c.failed.toLocaleString("en"), null,
      data.failure_count ? address("about") : null));
}

// What a table without trivial rows would not show.
function notices() {
  const iou = metricByName.get("iou");
  const list = methods.map((m, k) => ({ m, k, iou: iou.rows[k][0], low: iou.rows[k][1] })).filter((r) => known(r.iou));
  const trivial = list.filter((r) => r.m.trivial).sort((a, b) => b.iou - a.iou)[0];
  const real = list.filter((r) => !r.m.trivial).sort((a, b) => b.iou - a.iou);
  const lines = [];
  if (real.length) {
    lines.push(["Highest IoU: ", link("gallery", { method: real[0].m.name, sort: "best" }, {}, named(real[0].m.name)),
      ` with ${shown(iou, real[0].iou)} %.`]);
  }
  if (trivial && real.length) {
    const below = real.filter((r) => r.iou <= trivial.iou).length, table = pairTable(iou);
    const above = real.filter((r) => { const p = pairOf(iou, table, r.k, trivial.k); return p && p.differs && p.difference > 0; }).length;
    lines.push([`${below} of ${plural(real.length, "method")} ${below === 1 ? "scores" : "score"} no higher than `,
      link("gallery", { method: trivial.m.name }, {}, named(trivial.m.name)),
      `, which never looks at the model (${shown(iou, trivial.iou)} %)`, table.size ? `; ${above} ${above === 1 ? "is" : "are"} told apart from it and better.` : "."]);
  }
  if (firstFaithful && agreementText(iou, firstFaithful)) {
    const g = agreementOf(iou, firstFaithful), sure = known(g[1]) && (g[1] > 0 || g[2] < 0);
    lines.push([`By ${firstFaithful.title}, which asks the model, the methods stand in ${!sure ? "an order that need have nothing to do with that by IoU" : g[0] < 0 ? "nearly the reverse order" : g[0] < 0.5 ? "a rather different order" : "a similar order"}: `,
      link("measures", { x: "iou", y: firstFaithful.name }, {}, `Spearman ${minus(signed(g[0], 2))}${known(g[1]) ? ` [${minus(signed(g[1], 2))}, ${minus(signed(g[2], 2))}]` : ""}`), "."]);
  }
  const few = tooFew(iou);
  if (few) lines.push([few]);
  if (data.note) lines.push([data.note.charAt(0).toUpperCase() + data.note.slice(1) + "."]);
  return html("ul", { class: "notices" }, lines.map((l) => html("li", {}, l)));
}

// Estimate and interval on one line of a common axis, the best trivial row as a mark.
function intervalPlot(metric, row, reference, low, high) {
  const width = 96, height = 16, x = (v) => 3 + ((v - low) / (high - low)) * (width - 6);
  const text = `${shown(metric, row[0])} %, 95 % interval ${shown(metric, row[1], 1)} to ${shown(metric, row[2], 1)}`;
  return svg("svg", { class: "interval", viewBox: `0 0 ${width} ${height}`, width: String(width), height: String(height), role: "img",
    "aria-label": text },
    svg("line", { x1: "0", x2: String(width), y1: "8", y2: "8", class: "axis" }),
    known(reference) && svg("line", { x1: String(x(reference)), x2: String(x(reference)), y1: "1", y2: "15", class: "reference" }),
    known(row[1]) && svg("line", { x1: String(x(row[1])), x2: String(x(row[2])), y1: "8", y2: "8", class: "range" }),
    known(row[0]) && svg("circle", { cx: String(x(row[0])), cy: "8", r: "3.5", class: "point" }));
}

function scoreCell(metric, k) {
  const row = metric.rows[k], digits = metric.percent ? 1 : 2;
  const interval = known(row[1]) ? html("span", { class: "interval-text", text: `${shown(metric, row[1], digits)}–${shown(metric, row[2], digits)}` }) : null;
  return [link("gallery", { method: methods[k].name, measure: metric.name, sort: metric.higher ? "worst" : "best" },
    { title: `${metric.title} of ${methods[k].name}: the images behind it, ${metric.higher ? "lowest" : "best"} first (n = ${row[3]})` },
    shown(metric, row[0])), interval && " ", interval];
}

function methodCell(k) {
  const m = methods[k];
  return html("span", { class: "method-name" }, familyDot(m.family), link("gallery", { method: m.name }, { title: `${m.title} (${m.source})` }, named(m.name)),
    m.trivial ? html("span", { class: "tag", text: "trivial", title: "never looks at the model" }) : null);
}

// Ranks that cannot be excluded, [rank, low, high, level with the best].
function rankText(place, k, measure = "iou") {
  if (!place) return missing;
  const [, low, high, level] = place;
  return link("compare", { measure, method: methods[k].name }, { class: level ? "level" : null, title: level ? "level with the best" : "the best is told apart from it" },
    low < high ? `${low}–${high}` : String(low));
}

// Published rows stand under the method that they are about.
function publishedLines(k) {
  return data.published.filter((p) => p.method === methods[k].explainer).flatMap((p) => [
    { class: "published", published: p },
    { class: "published difference", published: p, against: k },
  ]);
}

function publishedValue(row, metric) {
  const theirs = row.published.scores[metric.name];
  if (!known(theirs)) return "";
  return row.against === undefined ? fixed(theirs, 2)
    : minus(signed(metric.rows[row.against][0] * 100 - theirs, 2));
}

// Standings are of means over images.
const ranked = run.aggregate === "mean" && metricByName.get("iou").standings;
const shortTitles = { pixel_accuracy: "Pixel acc.", over_chance: "over chance" };

function tableColumns(low, high, reference) {
  const iou = metricByName.get("iou");
  const tally = (row) => data.tallies[row.k], place = (row) => (ranked ? iou.standings[row.k] : null);
  return [
    { title: "Method", header: true, value: (r) => methods[r.k].name, cell: (r) => r.published
        ? html("span", { class: "under", title: r.published.source }, r.against === undefined
          ? `published: ${r.published.label}` : "ours less published")
        : methodCell(r.k) },
    { title: "Family", class: "wide", value: (r) => families.indexOf(methods[r.k].family), cell: (r) => r.published ? (r.against === undefined ? r.published.id : "")
        : methods[r.k].family },
    ...mainMetrics.map((m) => ({ title: shortTitles[m.name] || m.title, hint: `${m.title}: ${m.meaning}`, numeric: true, value: (r) => m.rows[r.k][0],
      cell: (r) => (r.published ? publishedValue(r, m) : scoreCell(m, r.k)) })),
    { title: `IoU ${Math.round(low * 100)}–${Math.round(high * 100)} %`, class: "wide", cell: (r) => r.published ? ""
        : intervalPlot(iou, iou.rows[r.k], reference, low, high) },
    { title: "ranks", hint: "by IoU: the ranks that cannot be excluded; bold: level with the best, not told apart from rank 1", numeric: true,
      value: (r) => (place(r) ? place(r)[1] * 1000 + place(r)[2] : null), cell: (r) => (r.published ? "" : rankText(place(r), r.k)) },
    { title: "n", hint: "images scored", numeric: true, value: (r) => tally(r).n, cell: (r) => r.published
        ? (r.against === undefined && r.published.images >= 0 ? String(r.published.images) : "")
        : link("gallery", { method: methods[r.k].name, sort: "list" }, {}, String(tally(r).n)) },
    { title: "flat", hint: "maps without any contrast: scored as an empty mask", numeric: true, value: (r) => tally(r).flat,
      cell: (r) => r.published ? "" : tally(r).flat ? link("gallery", { method: methods[r.k].name, only: "flat" }, {}, String(tally(r).flat)) : "0" },
    ...(data.tallies.some((t) => t.failed) ? [{ title: "failed", hint: "no map could be made", numeric: true, value: (r) => tally(r).failed,
      cell: (r) => (r.published ? "" : String(tally(r).failed)) }] : []),
  ];
}

function tableOne() {
  const iou = metricByName.get("iou");
  const rows = methods.map((m, k) => ({ k, class: m.trivial ? "trivial" : null, below: publishedLines(k) }))
    .sort((a, b) => families.indexOf(methods[a.k].family) - families.indexOf(methods[b.k].family));
  const all = iou.rows.flatMap((r) => r.slice(0, 3)).filter(known);
  const low = Math.max(0, Math.floor(Math.min(...all, 1) * 10) / 10), high = Math.min(1, Math.ceil(Math.max(...all, 0.1) * 10) / 10);
  const reference = Math.max(...methods.map((m, k) => (m.trivial && known(iou.rows[k][0]) ? iou.rows[k][0] : -1)));
  return makeTable(tableColumns(low, high, reference >= 0 ? reference : null), rows,
    { label: "Table 1", class: "data table-one", caption: "Table 1, in percent. Every number leads to the images behind it." });
}

// Measures beyond the paper's, when the run has them: a number with its interval, the ranks that cannot be excluded, and n
// where it is not that of Table 1.
function furtherColumns(m) {
  const own = m.rows.some((r, k) => known(r[0]) && r[3] !== data.tallies[k].n), standings = run.aggregate === "mean" && m.standings;
  const columns = [{ title: m.percent ? `${m.title}, %` : m.title, sub: m.higher ? "higher is better" : "lower is better", hint: m.meaning, numeric: true,
    value: (r) => m.rows[r.k][0], cell: (r) => [scoreCell(m, r.k), r.k === m.ceiling ? html("span", { class: "tag", text: "ceiling", title: "its map is what the measure compares with: the highest that there is, in no ranking" }) : null] }];
  if (standings) columns.push({ title: "ranks", hint: `by ${m.title}: the ranks that cannot be excluded; bold: level with the best`, numeric: true,
    value: (r) => (standings[r.k] ? standings[r.k][1] * 1000 + standings[r.k][2] : null), cell: (r) => rankText(standings[r.k], r.k, m.name) });
  if (own) columns.push({ title: "n", hint: `images that have ${m.title}`, numeric: true, value: (r) => m.rows[r.k][3], cell: (r) => String(m.rows[r.k][3]) });
  return columns;
}

function measureTable(list, title, about, name) {
  if (!list.length) return null;
  const columns = [{ title: "Method", header: true, value: (r) => methods[r.k].name, cell: (r) => methodCell(r.k) }, ...list.flatMap(furtherColumns)];
  return [html("h2", { text: title }), html("p", { class: "muted", text: about }),
    makeTable(columns, methods.map((m, k) => ({ k, class: m.trivial ? "trivial" : null })), { label: title, class: `data ${name}` })];
}

function furtherTables() {
  const further = data.metrics.filter((m) => !mainMetrics.includes(m));
  return [measureTable(further.filter((m) => m.faithful), "What maps have to do with the model", "These measures ask the model: patches or pixels that a map calls relevant are taken away or put back, or the method is made again. docs/measures.md says of each what it rewards wrongly.", "faithful"),
    measureTable(further.filter((m) => !m.faithful), "Further measures", "Of the map and the annotation, or of the map alone.", "further")];
}

const aggregates = { mean: "mean over images", pooled: "from pixel counts summed over images", class: "mean over classes" };

function tableNotes() {
  const lines = [`${aggregates[run.aggregate] || run.aggregate}, in percent; small numbers: 95 % interval` +
      (run.resamples ? ` (bootstrap over images, ${run.resamples.toLocaleString("en")} resamples, seed ${run.resample_seed}).` : " left out."),
    "Trivial rows never look at the model; the upright line in the interval plot is the best of them.",
    ...(ranked ? ["Ranks: those that cannot be excluded by IoU, from the methods told apart that are better to those that are worse; bold: level with the best, not told apart from rank 1. By Wilcoxon's signed-rank test and Holm's correction over all pairs, as everywhere in this report."] : []),
    "IoU over chance: IoU less the IoU expected of a random mask of as many pixels as the method's."];
  if (run.scoring_note) lines.push(run.scoring_note);
  for (const p of data.published) {
    const same = p.images === data.counts.passed && p.index_sum === data.counts.index_sum;
    lines.push(`${p.id}: ${p.title} (${p.source})` + (p.images >= 0
      ? `; ${plural(p.images, "image")}${p.index_sum >= 0 ? `, places sum to ${p.index_sum}: ${same ? "the same images" : "not these images"}` : ""}.` : "."));
  }
  return html("ul", { class: "notes" }, lines.map((text) => html("li", { text })));
}

function tablePage(section) {
  add(section, html("h1", { text: "Which explanations can be trusted here?" }),
    html("p", { class: "lead" }, plural(methods.filter((m) => !m.trivial).length, "method"), " on ", named(run.model), ", data ",
      named(run.data), ". A method's heat map is cut to a mask and laid on the annotated objects."),
    html("dl", { class: "facts-list heading" }, html("dt", { text: "run" }), html("dd", {}, named(run.title)), data.heading.map(([about, text]) => [html("dt", { text: about }), html("dd", {}, named(text))])),
    facts(), notices(), tableOne(), tableNotes(), furtherTables());
}
