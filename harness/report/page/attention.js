// Attention of chosen images: parallel coordinates with brushing, and the flow of rollout's weight.

const attentionImages = images.ids.map((id, i) => i).filter((i) => $(`attention-${i}`));
const attentionOf = (i) => attentionImages.includes(i);
const attentionKept = new Map();

function attentionData(i) {
  if (!attentionKept.has(i)) attentionKept.set(i, JSON.parse($(`attention-${i}`).textContent));
  return attentionKept.get(i);
}

// ---- what the axes are -------------------------------------------------------------------------------------------------

// Axes {name, most, values} of a choice: "layers", "rollout" or the number of a layer for its heads.
function axesOf(a, choice) {
  const read = ([most, text], name) => ({ name, most, values: Array.from(bytesOf(text), (v) => (v / 255) * most) });
  if (choice === "rollout") return a.rollout.map((x, l) => read(x, l ? `after layer ${l}` : "input"));
  if (choice !== "layers" && a.heads[Number(choice)]) return a.heads[Number(choice)].map((x, h) => read(x, `head ${h + 1}`));
  return a.layers.map((x, l) => read(x, `layer ${l + 1}`));
}

const axisChoices = (a) => [["layers", `layers: attention of ${a.read}, mean of heads`], ["rollout", `levels: rollout's weight on its way to ${a.read}`],
  ...a.heads.map((x, l) => [String(l), `heads of layer ${l + 1}`])];

function patchColour(classes, p) {
  if (!classes || classes[p] === 0) return "var(--patch-background)";
  if (classes[p] === 255) return "var(--patch-void)";
  return `rgb(${classColour(classes[p]).join(",")})`;
}

const patchName = (p) => `row ${Math.floor(p / run.grid) + 1}, column ${(p % run.grid) + 1}`;

// ---- the picture with patches highlighted --------------------------------------------------------------------------------

// draw(set): patches of the set as they are, the others dark; null: the whole picture.
function patchPicture(i, d) {
  const c = canvasOf(d, `picture ${images.ids[i]} with the chosen patches`), grid = run.grid;
  const draw = async (set) => {
    const image = await picture(d);
    c.context.globalAlpha = 1;
    if (image) c.context.drawImage(image, 0, 0, c.w, c.h);
    else { c.context.fillStyle = "#8a8a8a"; c.context.fillRect(0, 0, c.w, c.h); }
    if (!set) return;
    c.context.fillStyle = "#000";
    c.context.globalAlpha = 0.72;
    for (let p = 0; p < grid * grid; p++) {
      if (set.has(p)) continue;
      const [x, y] = [p % grid, Math.floor(p / grid)], [l, t] = [Math.floor((x * c.w) / grid), Math.floor((y * c.h) / grid)];
      c.context.fillRect(l, t, Math.floor(((x + 1) * c.w) / grid) - l, Math.floor(((y + 1) * c.h) / grid) - t);
    }
  };
  draw(null);
  return { canvas: c.canvas, draw };
}

// ---- parallel coordinates --------------------------------------------------------------------------------------------------

const PLOT = { height: 320, top: 34, bottom: 26, side: 26 };

// State: axes, ranges (per axis [low, high] as shares of its height, or null), common scale or each its own.
function parallelPlot(state, classes, width) {
  const { axes, ranges } = state, h = PLOT.height - PLOT.top - PLOT.bottom, most = Math.max(...axes.map((x) => x.most));
  const x = (k) => PLOT.side + (axes.length > 1 ? (k / (axes.length - 1)) * (width - 2 * PLOT.side) : 0);
  const top = (k) => (state.common ? most : axes[k].most) || 1;
  const y = (k, v) => PLOT.top + h * (1 - v / top(k));
  const root = svg("svg", { class: "plot parallel", viewBox: `0 0 ${width} ${PLOT.height}`, width: "100%", role: "group",
    "aria-label": `Parallel coordinates: ${axes.length} axes, a line for each of ${axes[0].values.length} patches` });
  const lines = axes[0].values.map((v, p) => svg("polyline", { class: "patch-line", style: { stroke: patchColour(classes, p) },
    points: axes.map((axis, k) => `${x(k).toFixed(1)},${y(k, axis.values[p]).toFixed(1)}`).join(" ") }, svg("title", {}, `patch in ${patchName(p)}`)));
  // background patches first, so that objects lie on top
  const order = lines.map((l, p) => p).sort((a, b) => (classes ? (classes[a] > 0) - (classes[b] > 0) : 0));
  root.append(...order.map((p) => lines[p]));
  const bars = axes.map((axis, k) => {
    const bar = svg("rect", { class: "brush", x: String(x(k) - 9), width: "18", y: "0", height: "0" });
    const every = Math.ceil(axes.length / (width / 62));
    root.append(svg("line", { class: "axis", x1: String(x(k)), x2: String(x(k)), y1: String(PLOT.top), y2: String(PLOT.top + h) }), bar,
      svg("rect", { class: "catch", "data-axis": String(k), x: String(x(k) - 12), width: "24", y: String(PLOT.top - 4), height: String(h + 8) },
        svg("title", {}, `${axis.name}: drag to choose a range`)));
    if (k % every === 0) root.append(svg("text", { class: "tick", x: String(x(k)), y: "12", "text-anchor": "middle" }, axis.name),
      svg("text", { class: "tick small", x: String(x(k)), y: "26", "text-anchor": "middle" }, Number(top(k).toPrecision(2)).toString()),
      svg("text", { class: "tick small", x: String(x(k)), y: String(PLOT.height - 10), "text-anchor": "middle" }, "0"));
    return bar;
  });
  const show = () => {
    axes.forEach((axis, k) => {
      const r = ranges[k];
      bars[k].setAttribute("y", r ? PLOT.top + h * (1 - r[1]) : 0);
      bars[k].setAttribute("height", r ? h * (r[1] - r[0]) : 0);
    });
    const set = chosenPatches(state, top);
    lines.forEach((line, p) => line.classList.toggle("out", !!set && !set.has(p)));
    return set;
  };
  return { root, show, shareAt: (pixel) => Math.max(0, Math.min(1, 1 - (pixel - PLOT.top) / h)) };
}

// Patches whose lines run through every chosen range; null: no range is chosen.
function chosenPatches(state, top) {
  if (!state.ranges.some(Boolean)) return null;
  const set = new Set();
  state.axes[0].values.forEach((v, p) => {
    const inside = state.ranges.every((r, k) => !r || (state.axes[k].values[p] / top(k) >= r[0] - 1e-9 && state.axes[k].values[p] / top(k) <= r[1] + 1e-9));
    if (inside) set.add(p);
  });
  return set;
}

// Dragging on an axis chooses a range of it; a click alone clears it.
function brushing(plot, state, changed) {
  let drag = null;
  const share = (event) => {
    const box = plot.root.getBoundingClientRect();
    return plot.shareAt(((event.clientY - box.top) / box.height) * PLOT.height);
  };
  plot.root.addEventListener("pointerdown", (event) => {
    const axis = event.target.dataset.axis;
    if (axis === undefined) return;
    event.preventDefault();
    drag = { axis: Number(axis), from: share(event) };
    plot.root.setPointerCapture(event.pointerId);
  });
  plot.root.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const to = share(event);
    state.ranges[drag.axis] = Math.abs(to - drag.from) < 0.01 ? null : [Math.min(drag.from, to), Math.max(drag.from, to)];
    changed();
  });
  plot.root.addEventListener("pointerup", (event) => {
    if (drag && Math.abs(share(event) - drag.from) < 0.01) { state.ranges[drag.axis] = null; changed(); }
    drag = null;
  });
}

// The same by keyboard: an axis and its range in percent of its height.
function rangeFields(state, changed) {
  let k = 0;
  const low = inputField("from, % of the axis", "number", null, () => set(), { min: "0", max: "100", step: "1" });
  const high = inputField("to, %", "number", null, () => set(), { min: "0", max: "100", step: "1" });
  const [from, to] = [low, high].map((f) => f.querySelector("input"));
  const set = () => {
    const range = [from.value === "" ? 0 : from.value / 100, to.value === "" ? 1 : to.value / 100];
    state.ranges[k] = from.value === "" && to.value === "" ? null : range;
    changed();
  };
  const fillIn = () => { const r = state.ranges[k]; from.value = r ? Math.round(100 * r[0]) : ""; to.value = r ? Math.round(100 * r[1]) : ""; };
  const node = html("form", { class: "filters", onsubmit: (e) => e.preventDefault(), "aria-label": "Range on an axis" },
    selectField("Axis", state.axes.map((a, at) => [at, a.name]), 0, (v) => { k = Number(v); fillIn(); }), low, high,
    html("button", { type: "button", class: "button", text: "Clear all ranges", onclick: () => { state.ranges.fill(null); fillIn(); changed(); } }));
  return { node, fillIn };
}

function parallelSection(i, d, a, params) {
  const classes = patchClasses(d), choice = params.axes || "layers", state = { axes: axesOf(a, choice), common: params.scale === "common" };
  state.ranges = state.axes.map(() => null);
  const holder = html("div", { class: "figure" }), status = html("p", { class: "count", id: "brush-count", "aria-live": "polite" }), shownPicture = patchPicture(i, d);
  const change = (key) => (v) => { location.hash = address("attention", { ...params, id: images.ids[i], [key]: v }); };
  const present = classes ? [...new Set(classes)].sort((x, y) => x - y) : [];
  const section = html("section", {}, html("h2", { text: "Parallel coordinates" }),
    html("p", { class: "muted", text: "An axis a layer or a head, a line a patch, in the colour of the class that covers most of it. Drag along an axis to choose a range: the patches whose lines run through all chosen ranges stay lit in the picture." }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() }, selectField("Axes", axisChoices(a), choice, change("axes")),
      selectField("Scale", [["own", "each axis its own"], ["common", "one for all"]], state.common ? "common" : "own", change("scale"))),
    html("div", { class: "brush-row" }, holder, html("figure", { class: "tile brush-picture" }, shownPicture.canvas, html("figcaption", {}, status))),
    classes ? html("ul", { class: "legend" }, present.map((c) => html("li", {}, html("span", { class: "swatch", style: { background: c === 0 ? "var(--patch-background)" : c === 255 ? "var(--patch-void)" : `rgb(${classColour(c).join(",")})` } }), " ",
      named(c === 0 ? "background" : c === 255 ? "void" : className(c))))) : null);
  let plot, fields;
  const changed = () => {
    const set = plot.show();
    status.textContent = set ? `${plural(set.size, "patch", "patches")} of ${run.grid * run.grid} chosen` : `all ${run.grid * run.grid} patches`;
    shownPicture.draw(set);
    fields.fillIn();
  };
  fields = rangeFields(state, () => { const set = plot.show(); status.textContent = set ? `${plural(set.size, "patch", "patches")} of ${run.grid * run.grid} chosen` : `all ${run.grid * run.grid} patches`; shownPicture.draw(set); });
  add(section, fields.node);
  return { section, draw: () => {
    plot = parallelPlot(state, classes, Math.max(300, holder.clientWidth - 24));
    brushing(plot, state, changed);
    holder.append(plot.root);
    changed();
  } };
}

// ---- flow ------------------------------------------------------------------------------------------------------------------

// Where each place of each level stands: leading tokens ([CLS] …) on top, chosen patches below, all others together at the bottom.
function flowLevels(a, height) {
  const places = a.patches.length + 2, levels = [a.top];
  for (const bands of a.bands) {
    const next = new Array(places).fill(0);
    for (const [, to, v] of bands) next[to] += v;
    levels.push(next);
  }
  const gap = 4, scale = (height - gap * (places - 1)) / 1.02;
  return levels.map((values) => {
    let y = 8;
    return values.map((v) => { const from = y, tall = v * scale; y += tall + gap; return { v, from, tall, out: from, in: from }; });
  });
}

function flowBand(x0, x1, a, b, tall) {
  const m = (x0 + x1) / 2;
  return `M${x0},${a}C${m},${a} ${m},${b} ${x1},${b}L${x1},${b + tall}C${m},${b + tall} ${m},${a + tall} ${x0},${a + tall}Z`;
}

function flowSection(i, d, a) {
  const classes = patchClasses(d), holder = html("div", { class: "figure" }), shownPicture = patchPicture(i, d), status = html("p", { class: "count" });
  const section = html("section", {}, html("h2", { text: "Flow of attention" }),
    html("p", { class: "muted", text: `How rollout's weight runs from the patches (left) through the layers to ${a.read} (right): the height of a band is its share of the whole. The ${a.patches.length} patches that give most are drawn one by one, all others together at the bottom; skip connections count as attention to oneself, as in rollout. Point at a patch, or focus it, to see where it lies.` }),
    html("div", { class: "brush-row" }, holder, html("figure", { class: "tile brush-picture" }, shownPicture.canvas, html("figcaption", {}, status))));
  const draw = () => {
    const width = Math.max(300, holder.clientWidth - 24), height = 430, levels = flowLevels(a, height - 40), steps = a.bands.length, last = a.patches.length + 1;
    const x = (level) => 70 + ((steps - level) / steps) * (width - 130), name = (p) => (p === 0 ? a.lead : p === last ? "all other patches" : `patch in ${patchName(a.patches[p - 1])}`);
    const colour = (p) => (p === 0 ? "var(--accent)" : p === last ? "var(--patch-background)" : patchColour(classes, a.patches[p - 1]));
    const root = svg("svg", { class: "plot flow", viewBox: `0 0 ${width} ${height}`, width: "100%", role: "group", "aria-label": `Flow of rollout's weight from patches to ${a.read}` });
    const light = (p) => {
      root.querySelectorAll(".band").forEach((b) => b.classList.toggle("dim", p !== null && Number(b.dataset.to) !== p && Number(b.dataset.from) !== p));
      shownPicture.draw(p === null || p === 0 ? null : p === last ? new Set([...Array(run.grid * run.grid).keys()].filter((q) => !a.patches.includes(q))) : new Set([a.patches[p - 1]]));
      status.textContent = p === null ? "" : `${name(p)}: ${fixed(100 * levels[steps][p].v, 1)} % of rollout`;
    };
    a.bands.forEach((bands, level) => {
      const upper = levels[level], lower = levels[level + 1], scale = upper.concat(lower).find((n) => n.v > 0);
      for (const [from, to, v] of [...bands].sort((p, q) => p[0] - q[0] || p[1] - q[1])) {
        const tall = (v * scale.tall) / scale.v;
        root.append(svg("path", { class: "band", "data-from": String(from), "data-to": String(to), style: { fill: colour(to) }, d: flowBand(x(level + 1), x(level), lower[to].in, upper[from].out, tall) },
          svg("title", {}, `layer ${steps - level}: ${name(to)} to ${name(from)}, ${fixed(100 * v, 1)} %`)));
        lower[to].in += tall;
        upper[from].out += tall;
      }
      root.append(svg("text", { class: "tick", x: String((x(level) + x(level + 1)) / 2), y: String(height - 8), "text-anchor": "middle" }, narrow() && level % 2 ? "" : String(steps - level)));
    });
    root.append(svg("text", { class: "axis-title", x: "4", y: String(height - 8) }, "layer"));
    levels.forEach((level, l) => level.forEach((n, p) => {
      if (n.v > 5e-4) root.append(svg("rect", { class: "node", x: String(x(l) - 3), width: "6", y: String(n.from), height: String(Math.max(0.8, n.tall)), style: { fill: colour(p) } }));
    }));
    let free = 0; // labels that would lie on another are left out; the node itself can always be pointed at
    levels[steps].forEach((n, p) => {
      if (p === 0 && !a.lead) return;
      const label = p === 0 ? (a.lead === "[CLS]" ? a.lead : "leading") : p === last ? "others" : `${Math.floor(a.patches[p - 1] / run.grid) + 1}, ${(a.patches[p - 1] % run.grid) + 1}`;
      const at = n.from + n.tall / 2, fits = at >= free;
      if (fits) free = at + 12;
      root.append(svg("g", { class: "flow-source", tabindex: "0", role: "img", "aria-label": `${name(p)}, ${fixed(100 * n.v, 1)} % of rollout`,
        onfocus: () => light(p), onblur: () => light(null), onpointerenter: () => light(p), onpointerleave: () => light(null) },
      svg("rect", { class: "catch", x: String(x(steps) - 60), width: "66", y: String(n.from - 2), height: String(n.tall + 4) }),
      fits && svg("text", { class: "flow-label", x: String(x(steps) - 8), y: String(at + 4), "text-anchor": "end" }, label)));
    });
    if (a.read === "[CLS]") root.append(svg("text", { class: "flow-label", x: String(x(0) + 8), y: String(levels[0][0].from + levels[0][0].tall / 2 + 4) }, "[CLS]"));
    holder.append(root);
  };
  return { section, draw };
}

function attentionPage(section, params) {
  const i = attentionImages.find((at) => images.ids[at] === params.id) ?? attentionImages[0], d = imageData(i) || {}, a = attentionData(i);
  const parallel = parallelSection(i, d, a, params), flow = flowSection(i, d, a);
  add(section, html("h1", { text: "Attention inside the model" }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("Image", attentionImages.map((at) => [images.ids[at], `${images.ids[at]} (${decisionOf(at)})`]), images.ids[i], (v) => { location.hash = address("attention", { ...params, id: v }); })),
    decisionLine(i), html("p", {}, link("image", { id: images.ids[i] }, {}, "All maps of this image")), parallel.section, flow.section);
  parallel.draw();
  flow.draw();
}
