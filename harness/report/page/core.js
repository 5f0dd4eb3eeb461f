// Data, elements, numbers: what all pages of the report use.

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("summary").textContent);
const run = data.run;
const methods = data.methods;
const images = data.images;
const imageCount = images.ids.length;
const metricByName = new Map(data.metrics.map((m) => [m.name, m]));
const regionNames = ["annotated main object", "objects of the predicted class", "other objects", "background"];

// ---- elements ------------------------------------------------------------------------------------------------------
// Texts from data go through textContent or attributes only: names are shown, never run.

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") node.textContent = value;
    else if (key === "style") Object.assign(node.style, value);
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && typeof value !== "string" && !(node instanceof SVGElement)) node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

const add = (node, ...children) => fill(node, null, children);
const html = (tag, props, ...children) => fill(document.createElement(tag), props, children);
const svg = (tag, props, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);

// A name from the data, kept from turning its surroundings round (right-to-left names).
const named = (text) => html("bdi", { text });

// ---- names ---------------------------------------------------------------------------------------------------------

const className = (c) => (c in data.classes ? data.classes[c] : c < 0 ? "no object" : `class ${c}`);
const labelName = (l) => (l in data.labels ? data.labels[l][0] : `label ${l}`);
const labelClass = (l) => (l in data.labels ? data.labels[l][1] : -1);
const methodIndex = (name) => methods.findIndex((m) => m.name === name);
const families = ["attention", "gradient", "propagation", "hybrid", "perturbation", "imported", "trivial"];

function familyDot(family) {
  return html("span", { class: `dot family-${families.includes(family) ? family : "other"}`, "aria-hidden": "true" });
}

// ---- numbers -------------------------------------------------------------------------------------------------------

const missing = "–";
const known = (v) => v !== null && v !== undefined && !Number.isNaN(v);
const fixed = (v, digits) => (known(v) ? v.toFixed(digits).replace(/^-(0(\.0+)?)$/, "$1") : missing);
const signed = (v, digits) => (known(v) ? (v > 0 ? "+" : "") + fixed(v, digits) : missing);
const minus = (text) => text.replace("-", "\u2212"); // a minus as wide as a plus

// A score as tables show it: percent where the measure is a share.
const scaleOf = (metric) => (metric.percent ? 100 : 1);
const unitOf = (metric) => (metric.percent ? "%" : "");
const shown = (metric, v, digits = metric.percent ? 2 : 3) => minus(fixed(known(v) ? v * scaleOf(metric) : v, digits));

function mean(values) {
  const there = values.filter(known);
  return there.length ? there.reduce((a, b) => a + b, 0) / there.length : null;
}

// The q-quantile of sorted numbers, linear between them.
function quantile(sorted, q) {
  if (!sorted.length) return null;
  const at = q * (sorted.length - 1), low = Math.floor(at), high = Math.ceil(at);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

const sortedValues = (values) => values.filter(known).sort((a, b) => a - b);
const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

function pValue(p) {
  if (!known(p)) return missing;
  return p < 0.0001 ? "< 0.0001" : p.toFixed(4);
}

// Round steps for an axis from low to high: about `count` of them.
function ticks(low, high, count) {
  const raw = (high - low) / Math.max(1, count), power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw) || raw;
  const list = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) list.push(Number(v.toPrecision(12)));
  return list;
}

// ---- addresses -----------------------------------------------------------------------------------------------------
// A page and its filters stand in the address after '#', so that the back button and bookmarks work.

function address(page, params = {}) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (known(value) && value !== "") search.set(key, value);
  }
  const text = search.toString();
  return `#${page}${text ? `?${text}` : ""}`;
}

const link = (page, params, props, ...children) => html("a", { href: address(page, params), ...props }, ...children);

function readAddress() {
  const [page, text] = location.hash.slice(1).split("?");
  return { page: page || "table", params: Object.fromEntries(new URLSearchParams(text || "")) };
}

// Changes filters in place: no new entry in the history for each step of a slider.
function setParams(params) {
  history.replaceState(null, "", address(readAddress().page, params));
}

// ---- form ----------------------------------------------------------------------------------------------------------

let fields = 0;

// A labelled control; options are [value, text].
function selectField(label, options, value, change) {
  const id = `field-${++fields}`;
  const select = html("select", { id, onchange: () => change(select.value) },
    options.map(([v, text]) => html("option", { value: String(v), text, selected: String(v) === String(value) })));
  return html("div", { class: "field" }, html("label", { for: id, text: label }), select);
}

function inputField(label, type, value, change, props = {}) {
  const id = `field-${++fields}`;
  const input = html("input", { id, type, ...props, oninput: () => change(input.value) });
  input.value = known(value) ? String(value) : ""; // last: a range rounds it to the steps that it knows
  return html("div", { class: "field" }, html("label", { for: id, text: label }), input);
}

const methodOptions = (more = []) => [...more, ...methods.map((m) => [m.name, m.trivial ? `${m.name} (trivial)` : m.name])];
const metricOptions = () => data.metrics.map((m) => [m.name, m.title]);

// ---- tables --------------------------------------------------------------------------------------------------------
// columns: {title, sub (below the title), hint, numeric, value(row) for sorting, cell(row) gives a node or text, header: a row's name}.
// A row may have `below`: rows that stay under it.

function sortTable(table, body, columns, rows, column, descending) {
  const value = columns[column].value;
  const order = [...rows].sort((a, b) => {
    const x = value(a), y = value(b);
    if (!known(x) || !known(y)) return known(y) - known(x);
    const way = typeof x === "string" ? x.localeCompare(y) : x - y;
    return descending ? -way : way;
  });
  for (const row of order) body.append(...row.lines);
  table.querySelectorAll("thead th[data-column]").forEach((th) => {
    const own = Number(th.dataset.column) === column;
    th.setAttribute("aria-sort", own ? (descending ? "descending" : "ascending") : "none");
  });
}

function tableLine(columns, row, extra) {
  return html("tr", { class: extra || row.class }, columns.map((c) => {
    const content = c.cell ? c.cell(row) : row[c.key];
    return html(c.header ? "th" : "td", { scope: c.header ? "row" : null, class: c.numeric ? "number" : c.class,
      style: c.style ? c.style(row) : null }, content);
  }));
}

// options: caption, sort [column, descending], class
function makeTable(columns, rows, options = {}) {
  const body = html("tbody", {});
  const table = html("table", { class: options.class || "data" });
  if (options.caption) table.append(html("caption", {}, options.caption));
  const heads = columns.map((c, i) => {
    const inside = c.value
      ? html("button", { type: "button", title: c.hint || null, onclick: () => {
          const th = heads[i], was = th.getAttribute("aria-sort");
          const descending = was === "none" ? !!c.numeric : was === "ascending";
          sortTable(table, body, columns, rows, i, descending);
          if (options.onsort) options.onsort(i, descending);
        } }, c.title)
      : html("span", { title: c.hint || null }, c.title);
    return html("th", { scope: "col", class: c.numeric ? "number" : c.class, "data-column": c.value ? String(i) : null,
      "aria-sort": c.value ? "none" : null }, inside, c.sub ? html("span", { class: "head-n", text: c.sub }) : null);
  });
  for (const row of rows) row.lines = [tableLine(columns, row), ...(row.below || []).map((b) => tableLine(columns, b))];
  table.append(html("thead", {}, html("tr", {}, heads)), body);
  if (options.sort) sortTable(table, body, columns, rows, ...options.sort);
  else rows.forEach((row) => body.append(...row.lines));
  return html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": options.label || "table" }, table);
}
