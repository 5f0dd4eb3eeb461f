// An image's film: what is left of it along the curve of a method, and what the model still says.

const filmCurves = data.curves.filter((c) => c.film);
const isInsertion = (of) => (data.metrics.find((m) => m.of === of) || {}).measure === "insertion";
const FRAMES = 9;

// The cells of a method from the most relevant to the least.
function orderOf(d, k) {
  const bytes = d.orders && d.orders[k] ? bytesOf(d.orders[k]) : null, cells = run.grid * run.grid;
  if (!bytes) return null;
  return bytes.length === cells ? Array.from(bytes) : Array.from({ length: cells }, (_, i) => bytes[2 * i] + 256 * bytes[2 * i + 1]);
}

// Which cells are removed at point i of n: of deletion the first m_i of the order, of insertion the last m_(n-1-i).
function removedAt(order, i, n, insertion) {
  const steps = n - 1, m = (j) => Math.floor((2 * j * order.length + steps) / (2 * steps));
  return insertion ? order.slice(order.length - m(steps - i)) : order.slice(0, m(i));
}

function frameTile(i, d, removed, label) {
  const c = canvasOf(d, label), grid = run.grid;
  lay(d, c, null).then(() => {
    for (const cell of removed) {
      const [x0, x1] = [cell % grid, (cell % grid) + 1].map((v) => Math.round((v * c.w) / grid)), row = Math.floor(cell / grid);
      const [y0, y1] = [row, row + 1].map((v) => Math.round((v * c.h) / grid));
      c.context.clearRect(x0, y0, x1 - x0, y1 - y0);
    }
  });
  return c.canvas;
}

// The curve of this image alone, with a dot for each frame.
function filmPlot(p, frames, axis) {
  const frame = plane(Math.min(620, Math.max(300, window.innerWidth - 60)), 210, [0, 100, false], [0, 1, false], { label: "The curve of this image",
    xFormat: (v) => String(v), yFormat: (v) => String(Math.round(100 * v)), xTitle: axis, yTitle: "p, %" });
  const x = (i) => frame.x((100 * i) / (p.length - 1));
  frame.root.append(svg("polyline", { points: Array.from(p, (v, i) => `${x(i).toFixed(1)},${frame.y(v).toFixed(1)}`).join(" "), class: "curve line-0" }),
    ...frames.map((i) => svg("circle", { cx: String(x(i)), cy: String(frame.y(p[i])), r: "3.5", class: "mark line-0" })));
  return frame.root;
}

function filmSection(section, i, d, params) {
  const there = filmCurves.filter((c) => d.curves && d.curves[c.of]);
  if (!there.length) return;
  const c = there.find((o) => o.of === params.film) || there[0], lists = d.curves[c.of], metric = metricOf(c);
  const able = methods.map((m, k) => k).filter((k) => lists[k] && d.orders && d.orders[k]);
  if (!able.length) return;
  const value = (k) => better(metric, metric.values[k][i] ?? -Infinity);
  const best = able.filter((k) => !methods[k].trivial).sort((a, b) => value(b) - value(a))[0] ?? able[0];
  const k = able.includes(methodIndex(params.of)) ? methodIndex(params.of) : best;
  const p = Array.from(bytesOf(lists[k]), (v) => v / 255), order = orderOf(d, k), insertion = isInsertion(c.of);
  const frames = [...new Set(Array.from({ length: FRAMES }, (_, j) => Math.round((j * (p.length - 1)) / (FRAMES - 1))))];
  const change = (key) => (v) => { location.hash = address("image", { ...params, [key]: v }); };
  add(section, html("h2", { text: insertion ? "Insertion film" : "Deletion film" }),
    html("p", { class: "muted" }, `Patches are ${insertion ? "shown" : "taken away"} in the order of the map of `, named(methods[k].name), `, the most relevant first; below each picture how sure the model still is of `, named(labelName(images.label[i])),
      `. ${metric.title}: ${shown(metric, metric.values[k][i])}${unitOf(metric)}${direction(metric)}. How a missing patch is handed to the model: ${metric.parameters || "as the measure says"}.`),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("Film of", there.map((o) => [o.of, o.of]), c.of, change("film")),
      selectField("Method", able.map((o) => [methods[o].name, methods[o].trivial ? `${methods[o].name} (trivial)` : methods[o].name]), methods[k].name, change("of"))),
    html("ol", { class: "film" }, frames.map((at) => {
      const removed = removedAt(order, at, p.length, insertion), share = fixed((100 * removed.length) / order.length, 0);
      return html("li", {}, tile([`${share} % removed`, html("br"), html("strong", { text: `p ${fixed(100 * p[at], 1)} %` })],
        frameTile(i, d, removed, `${images.ids[i]} with ${removed.length} of ${order.length} patches removed, p ${fixed(100 * p[at], 1)} %`)));
    })),
    html("div", { class: "figure film-plot" }, filmPlot(p, frames, insertion ? "shown, %" : "removed, %")));
}
