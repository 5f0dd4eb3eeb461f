// Pictures with overlay, mask and truth: filtered, sorted, drawn as they come into view.

const BATCH = 24;

// ---- which images -------------------------------------------------------------------------------------------------------

const decisionOf = (i) => ({ 1: "right", 0: "wrong" })[images.correct[i]] || "unknown";
const flatSets = data.flat.map((list) => new Set(list));

// Mean of a measure over the methods that look at the model.
const meanOverMethods = (metric, i) => mean(looking.map((k) => metric.values[k][i]));

// The score that filters and sorting go by.
function scoreOf(f, i) {
  if (f.k < 0) return meanOverMethods(f.metric, i);
  if (f.against >= 0) {
    const [a, b] = [f.metric.values[f.k][i], f.metric.values[f.against][i]];
    return known(a) && known(b) ? a - b : null;
  }
  return f.metric.values[f.k][i];
}

function readFilters(params) {
  const number = (text) => (text === undefined || text === "" ? null : Number(text));
  const f = { ...params, k: methodIndex(params.method), against: methodIndex(params.against), metric: metricByName.get(params.measure) || data.metrics[0],
    from: number(params.from), to: number(params.to) };
  f.sort = params.sort || "list";
  return f;
}

function passes(f, i) {
  if (known(f.class) && f.class !== "" && images.main[i] !== Number(f.class)) return false;
  if (known(f.predicted) && f.predicted !== "" && images.label[i] !== Number(f.predicted)) return false;
  if (f.decision && decisionOf(i) !== f.decision) return false;
  if (f.only === "flat" && f.k >= 0 && !flatSets[f.k].has(i)) return false;
  if (f.size && images.size[i] !== f.size) return false;
  if (f.search && !images.ids[i].toLowerCase().includes(f.search.toLowerCase())) return false;
  const score = scoreOf({ ...f, against: -1 }, i);
  if (f.k >= 0 && !known(score)) return false; // the number behind which these images stand does not count it
  if (known(f.from) && !(score >= f.from - 1e-9)) return false;
  if (known(f.to) && !(score <= f.to + 1e-9)) return false;
  return true;
}

function selectImages(f) {
  const list = images.ids.map((id, i) => i).filter((i) => passes(f, i));
  const better = f.metric.higher ? 1 : -1;
  const key = { best: (i) => -better * scoreOf(f, i), worst: (i) => better * scoreOf(f, i), disputed: (i) => -images.dispute[i],
    difference: (i) => -Math.abs(scoreOf(f, i)), sure: (i) => -images.probability[i], unsure: (i) => images.probability[i] }[f.sort];
  if (!key) return list;
  const unknown = (i) => !known(f.sort === "disputed" ? images.dispute[i] : f.sort === "sure" || f.sort === "unsure" ? 0 : scoreOf(f, i));
  return list.sort((a, b) => unknown(a) - unknown(b) || key(a) - key(b) || a - b);
}

// ---- a card --------------------------------------------------------------------------------------------------------------

function decisionLine(i) {
  const kind = decisionOf(i);
  return html("p", { class: `decision ${kind}` }, html("span", { class: "verdict", text: kind === "wrong" ? "wrong" : kind === "right" ? "right" : "not known" }),
    " ", named(labelName(images.label[i])), ` ${fixed(images.probability[i] * 100, 1)} %`, kind === "right" ? "" : [", annotated ", named(className(images.main[i]))]);
}

// Cards of no method in particular show the mean of all that look at the model.
function cardMethod(f, i) {
  return f.k >= 0 ? f.k : "mean";
}

function scoreLine(f, i) {
  const m = f.metric;
  if (f.k < 0) return html("p", { class: "scores", text: `${m.title}, mean of ${looking.length} methods: ${shown(m, meanOverMethods(m, i))} ${unitOf(m)}` });
  const others = mainMetrics.filter((o) => o !== m).slice(0, 2);
  const parts = [m, ...others].map((o) => `${o.title} ${shown(o, o.values[f.k][i])}`);
  if (f.against >= 0) parts.unshift(`${minus(signed(scoreOf(f, i) * scaleOf(m), 2))}${points(m)}`);
  return html("p", { class: "scores", text: parts.join(" · ") });
}

function cardTiles(f, i, d) {
  const k = cardMethod(f, i), list = [tile("picture", pictureTile(i, d)), tile(k === "mean" ? "mean of methods" : [named(methods[k].name), flatTag(d, k)], overlayTile(i, d, k))];
  if (f.against >= 0) list.push(tile([named(methods[f.against].name), flatTag(d, f.against)], overlayTile(i, d, f.against)));
  else list.push(tile(k !== "mean" && flatSets[k].has(i) ? "mask: empty, the map is flat" : "mask on truth", maskTile(i, d, k)));
  list.push(tile("annotated", truthTile(i, d)));
  return html("div", { class: "tiles" }, list);
}

// Work that can wait a moment, in small portions, so that the page answers at once. Nodes taken away meanwhile are left.
const waiting = [];
let working = false;

function soon(node, work) {
  waiting.push({ node, work });
  if (!working) setTimeout(workOn);
  working = true;
}

function workOn() {
  const end = performance.now() + 20;
  while (waiting.length && performance.now() < end) {
    const { node, work } = waiting.shift();
    if (node.isConnected) work();
  }
  working = waiting.length > 0;
  if (working) setTimeout(workOn);
}

function card(f, i) {
  const node = html("article", { class: "card", "data-image": String(i) });
  add(node, html("h3", {}, link("image", { id: images.ids[i] }, {}, named(images.ids[i]))), decisionLine(i), scoreLine(f, i));
  if (!images.shown[i]) {
    add(node, html("p", { class: "muted", text: "Picture and maps were left out of this file." }));
    return node;
  }
  const place = html("div", { class: "tiles-place" });
  add(node, place);
  soon(node, () => {
    const d = imageData(i);
    place.replaceWith(cardTiles(f, i, d), ...(d.trouble ? [html("p", { class: "muted", text: d.trouble })] : []));
  });
  return node;
}

// Draws `list` in batches, the next when the reader comes near the end.
function showList(holder, list, make) {
  holder.replaceChildren();
  const more = html("button", { type: "button", class: "more", text: "Show more", onclick: () => next() });
  let at = 0;
  const next = () => {
    list.slice(at, at + BATCH).forEach((i) => more.before(make(i)));
    at += BATCH;
    more.hidden = at >= list.length;
  };
  holder.append(more);
  next();
  new IntersectionObserver((entries) => { if (entries[0].isIntersecting && !more.hidden) next(); }, { rootMargin: "600px" }).observe(more);
}

// ---- the page ------------------------------------------------------------------------------------------------------------

const sorts = [["list", "as in the list"], ["best", "best first"], ["worst", "worst first"], ["disputed", "most disputed first"],
  ["difference", "largest difference first"], ["sure", "surest prediction first"], ["unsure", "least sure first"]];

function galleryForm(f, change) {
  const classes = classGroups().map((g) => [g.c, `${className(g.c)} (${g.list.length})`]);
  const predicted = [...new Set(images.label)].sort((a, b) => a - b).map((l) => [l, labelName(l)]);
  return html("form", { class: "filters", onsubmit: (e) => e.preventDefault(), "aria-label": "Filters" },
    selectField("Method", methodOptions([["", "all methods together"]]), f.method || "", change("method")),
    selectField("Against", methodOptions([["", "none"]]), f.against >= 0 ? methods[f.against].name : "", change("against")),
    selectField("Measure", metricOptions(), f.metric.name, change("measure")),
    selectField("Order", sorts, f.sort, change("sort")),
    selectField("Decision", [["", "right or wrong"], ["right", "right"], ["wrong", "wrong"], ["unknown", "not known"]], f.decision || "", change("decision")),
    selectField("Main object", [["", "any class"], ...classes], f.class ?? "", change("class")),
    selectField("Predicted", [["", "any class"], ...predicted], f.predicted ?? "", change("predicted")),
    inputField(`Score from`, "number", f.from, change("from"), { step: "0.05" }),
    inputField("to", "number", f.to, change("to"), { step: "0.05" }),
    inputField("Name has", "search", f.search, change("search")),
    selectField("Colours", Object.keys(colourTables).map((c) => [c, c]), look.colours, (v) => { look.colours = v; change()(); }),
    inputField("Strength of the map", "range", look.alpha, (v) => { look.alpha = v; change()(); }, { min: "0", max: "1", step: "0.05" }));
}

function galleryPage(section, params) {
  const state = { ...params }, count = html("p", { class: "count", "aria-live": "polite" }), holder = html("div", { class: "cards" });
  const draw = () => {
    const f = readFilters(state), list = selectImages(f);
    const scores = list.map((i) => scoreOf(f, i)), m = f.metric;
    count.replaceChildren(html("strong", { id: "gallery-count", text: String(list.length) }), ` of ${plural(imageCount, "image")}`,
      known(mean(scores)) ? ` · mean ${m.title}${f.k >= 0 && f.against >= 0 ? " difference" : ""} ${shown(m, mean(scores))} ${unitOf(m)}` : "",
      f.only === "flat" ? " · flat maps only" : "");
    showList(holder, list, (i) => card(f, i));
  };
  const change = (key) => (value) => {
    if (key) { if (value === "") delete state[key]; else state[key] = value; }
    setParams(state);
    draw();
  };
  add(section, html("h1", { text: "Gallery" }), galleryForm(readFilters(state), change), count,
    html("details", { class: "legend-holder" }, html("summary", { text: "Colours of “mask on truth”, and what “disputed” means" }), maskLegend(),
      html("p", { text: "Disputed: the standard deviation between the methods' maps (each from 0 to 1), averaged over patches. Scores are shares from 0 to 1 in the fields above." })),
    holder);
  draw();
}
