// Distributions and cost: a line a method, drawn for the width at hand.

const narrow = () => window.innerWidth < 640;
const BINS = 32;

// ---- frame of a plot: labels at the left (above the line on a phone), axis below --------------------------------------

function plotFrame(rows, low, high, options) {
  const width = Math.max(300, Math.min(1100, options.width || 900)), small = narrow();
  const left = small ? 8 : 220, right = options.log ? 34 : 16, each = small ? 54 : 40, top = 24;
  const height = top + rows.length * each + 44;
  const x = options.log
    ? (v) => left + ((Math.log10(Math.max(v, low)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low))) * (width - left - right)
    : (v) => left + ((v - low) / (high - low)) * (width - left - right);
  const marks = options.log ? logTicks(low, high) : ticks(low, high, small ? 5 : 10);
  const bottom = height - 36;
  const root = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, width: "100%", role: "group", "aria-label": options.label });
  for (const v of marks) {
    const anchor = x(v) < 24 ? "start" : "middle"; // a long number is not cut by the edge
    fill(root, null, [svg("line", { x1: String(x(v)), x2: String(x(v)), y1: String(top - 6), y2: String(bottom), class: "grid" }),
      svg("text", { x: String(x(v)), y: String(bottom + 16), class: "tick", "text-anchor": anchor }, options.format(v)),
      rows.length > 12 && svg("text", { x: String(x(v)), y: "12", class: "tick", "text-anchor": anchor }, options.format(v))]);
  }
  root.append(svg("line", { x1: String(left), x2: String(width - right), y1: String(bottom), y2: String(bottom), class: "axis" }),
    svg("text", { x: String((left + width - right) / 2), y: String(height - 4), class: "axis-title", "text-anchor": "middle" }, options.axis));
  return { root, x, small, left, each, base: (i) => top + (i + 1) * each - (small ? 8 : 10) };
}

function logTicks(low, high) {
  const list = [];
  const step = narrow() ? 2 : 1;
  for (let e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.log10(high) + 1e-9; e += step) list.push(Number((10 ** e).toPrecision(1)));
  return list;
}

function plotLabel(frame, i, k, note) {
  const y = frame.base(i);
  const text = svg("text", frame.small ? { x: String(frame.left), y: String(y - 30), class: "row-label" }
    : { x: String(frame.left - 10), y: String(y), class: "row-label", "text-anchor": "end" }, methods[k].name);
  const more = svg("title", {}, `${methods[k].title}. ${note}`);
  text.append(more);
  return text;
}

// ---- distributions ----------------------------------------------------------------------------------------------------

function summaryOf(values) {
  const sorted = sortedValues(values);
  return { n: sorted.length, low: quantile(sorted, 0.05), q1: quantile(sorted, 0.25), median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75), high: quantile(sorted, 0.95), mean: mean(sorted), sorted };
}

function histogram(sorted, low, high) {
  const counts = new Array(BINS).fill(0);
  for (const v of sorted) counts[Math.min(BINS - 1, Math.max(0, Math.floor(((v - low) / (high - low)) * BINS)))]++;
  return counts;
}

// The range of the axis: the measure's own where it has one that is filled, else that of the values.
function metricRange(metric) {
  const all = metric.values.flat().filter(known);
  let low = metric.range[0], high = metric.range[1];
  const least = all.reduce((a, b) => Math.min(a, b), Infinity), most = all.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!known(low) || low < least - 0.5 * Math.abs(most - least)) low = Math.min(least, 0);
  if (!known(high) || high > 1) high = Math.max(most, low + 1e-6);
  return [low, high];
}

function distributionRow(frame, i, k, metric, low, high) {
  const s = summaryOf(metric.values[k]), y = frame.base(i), group = svg("g", {});
  if (!s.n) return group;
  const counts = histogram(s.sorted, low, high), most = Math.max(...counts), tall = frame.small ? 24 : 26;
  counts.forEach((count, b) => {
    if (!count) return;
    const from = low + (b / BINS) * (high - low), to = low + ((b + 1) / BINS) * (high - low), h = (count / most) * tall;
    const text = `${plural(count, "image")} from ${shown(metric, from, 1)} to ${shown(metric, to, 1)} ${unitOf(metric)}`;
    group.append(svg("a", { href: address("gallery", { method: methods[k].name, measure: metric.name, from: from.toPrecision(4), to: to.toPrecision(4) }),
      tabindex: "-1" }, svg("rect", { x: String(frame.x(from) + 0.5), y: String(y - h), width: String(Math.max(1, frame.x(to) - frame.x(from) - 1)), height: String(h),
      class: `bar family-${methods[k].family}` }, svg("title", {}, text))));
  });
  const line = (a, b, cls, at) => svg("line", { x1: String(frame.x(a)), x2: String(frame.x(b)), y1: String(at), y2: String(at), class: cls });
  group.append(line(s.low, s.high, "whisker", y + 3), line(s.q1, s.q3, "box", y + 3),
    svg("circle", { cx: String(frame.x(s.median)), cy: String(y + 3), r: "3", class: "median" }));
  const text = `median ${shown(metric, s.median)}, quartiles ${shown(metric, s.q1)} and ${shown(metric, s.q3)}, mean ${shown(metric, s.mean)} ${unitOf(metric)}, n = ${s.n}`;
  const label = svg("a", { href: address("gallery", { method: methods[k].name, measure: metric.name, sort: "worst" }), "aria-label": `${methods[k].name}: ${text}` },
    plotLabel(frame, i, k, text));
  return [label, group];
}

function plotPage(section, params) {
  const metric = metricByName.get(params.measure) || data.metrics[0], sort = params.sort || "median";
  const order = methods.map((m, k) => k);
  const medians = metric.values.map((v) => quantile(sortedValues(v), 0.5));
  if (sort === "median") order.sort((a, b) => (medians[b] ?? -Infinity) - (medians[a] ?? -Infinity));
  if (!metric.higher && sort === "median") order.reverse();
  const change = (key) => (value) => { location.hash = address("distributions", { ...params, [key]: value }); };
  const [low, high] = metricRange(metric);
  const holder = html("div", { class: "figure" });
  add(section, html("h1", { text: "Distributions" }),
    html("p", { class: "lead", text: `${metric.title}: ${metric.meaning}` }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("Measure", metricOptions(), metric.name, change("measure")),
      selectField("Order", [["median", "best median first"], ["table", "as in the table"]], sort, change("sort"))), holder,
    html("ul", { class: "notes" }, html("li", { text: "Bars: images by score, the tallest of each line at full height; a bar leads to its images." }),
      html("li", { text: "Below them: dot the median, thick line the middle half of the images, thin line the middle 90 %." })));
  const frame = plotFrame(order, low, high, { width: holder.clientWidth, label: `Distribution of ${metric.title} over images, by method`,
    axis: `${metric.title}${metric.percent ? ", %" : ""} of an image`, format: (v) => shown(metric, v, metric.percent ? 0 : 2) });
  order.forEach((k, i) => frame.root.append(...[distributionRow(frame, i, k, metric, low, high)].flat()));
  holder.append(frame.root);
}

// ---- cost ---------------------------------------------------------------------------------------------------------------

const ms = (v) => (known(v) ? v.toLocaleString("en", { maximumSignificantDigits: 3 }) : missing);
const passCount = (v) => (known(v) ? v.toLocaleString("en", { maximumFractionDigits: 2 }) : missing);

// A dot a method on a logarithmic axis, over the range of its values when it has one: rows of {k, at, s, text}.
function dotPlot(section, rows, options) {
  const holder = html("div", { class: "figure" });
  add(section, holder);
  const low = 10 ** Math.floor(Math.log10(Math.max(1e-4, Math.min(...rows.map((r) => (r.s ? r.s.low : r.at)))))), high = 10 ** Math.ceil(Math.log10(Math.max(low * 2, ...rows.map((r) => (r.s ? r.s.high : r.at)))));
  const frame = plotFrame(rows, low, high, { width: holder.clientWidth, log: true, label: options.label, axis: options.axis,
    format: (v) => (v >= 1 ? v.toLocaleString("en") : String(Number(v.toPrecision(1)))) });
  rows.forEach((row, i) => {
    const { s, k, text } = row, y = frame.base(i) - (frame.small ? 4 : 5), at = (v) => String(frame.x(v));
    frame.root.append(plotLabel(frame, i, k, text), svg("g", { role: "img", "aria-label": `${methods[k].name}: ${text}` }, svg("title", {}, text),
      s && svg("line", { x1: at(s.low), x2: at(s.high), y1: String(y), y2: String(y), class: "whisker" }),
      s && svg("line", { x1: at(s.q1), x2: at(s.q3), y1: String(y), y2: String(y), class: "box" }),
      svg("circle", { cx: at(row.at), cy: String(y), r: "4.5", class: `median family-${methods[k].family}` })));
  });
  holder.append(frame.root);
}

function costPage(section) {
  const all = methods.map((m, k) => ({ k, passes: data.passes[k], s: summaryOf(data.milliseconds[k]) }));
  add(section, html("h1", { text: "What methods cost" }),
    html("p", { class: "lead", text: "A method costs the passes through the model that it needs, and its own work on what they give. In a run several methods share their passes; here each stands alone." }));
  const byPasses = all.filter((r) => r.passes > 0).sort((a, b) => b.passes - a.passes || (b.s.median ?? 0) - (a.s.median ?? 0))
    .map((r) => ({ k: r.k, at: r.passes, text: `${passCount(r.passes)} forward passes alone` }));
  if (byPasses.length) {
    add(section, html("h2", { text: "Passes through the model" }), html("p", { class: "muted", text: "In forward passes of one picture, as if the method ran alone: the forward pass, backward and relevance passes, the model run again on variants of the picture. Counted from matrix products for twelve blocks (vitx ls methods). Rows that never look at the model need none and are left out." }));
    dotPlot(section, byPasses, { label: "Passes by method, logarithmic", axis: "forward passes a picture (logarithmic)" });
  }
  const timed = all.filter((r) => r.s.n).sort((a, b) => b.s.median - a.s.median);
  if (timed.length) {
    add(section, html("h2", { text: "Own work" }), html("p", { class: "muted", text: "Milliseconds for one image on one processor core, as measured in the run, on top of the passes above; where the model is run again on variants of the picture, those passes are in it." }));
    dotPlot(section, timed.map(({ k, s }) => ({ k, s, at: s.median, text: `own work: median ${ms(s.median)} ms, middle 90 % from ${ms(s.low)} to ${ms(s.high)} ms, n = ${s.n}` })),
      { label: "Milliseconds of own work an image, by method, logarithmic", axis: "milliseconds an image (logarithmic)" });
  }
  add(section, makeTable([
    { title: "Method", header: true, value: (r) => methods[r.k].name, cell: (r) => methodCell(r.k) },
    { title: "passes alone", hint: "in forward passes of one picture", numeric: true, value: (r) => r.passes, cell: (r) => passCount(r.passes) },
    { title: "own work, ms", hint: "median", numeric: true, value: (r) => r.s.median, cell: (r) => ms(r.s.median) },
    { title: "5 %, ms", numeric: true, value: (r) => r.s.low, cell: (r) => ms(r.s.low) },
    { title: "95 %, ms", numeric: true, value: (r) => r.s.high, cell: (r) => ms(r.s.high) },
    { title: "mean, ms", numeric: true, value: (r) => r.s.mean, cell: (r) => ms(r.s.mean) },
    { title: "n", numeric: true, value: (r) => r.s.n, cell: (r) => String(r.s.n) },
  ], all.sort((a, b) => (b.passes ?? -1) - (a.passes ?? -1) || (b.s.median ?? 0) - (a.s.median ?? 0)), { label: "Cost by method" }));
}
