// One image: prediction, objects, every method's map.

function topFive(d) {
  return html("div", {}, html("h3", { text: "Predicted" }), html("ul", { class: "tally-list" }, d.top.map(([l, p]) => html("li", { class: "tally-row" },
    html("span", { class: "tally-name" }, named(labelName(l))), html("span", { class: "tally-bar", style: { width: `${100 * p}%` } }),
    html("span", { class: "tally-count", text: `${fixed(100 * p, 1)} %` })))));
}

function objectList(i, d) {
  const labels = labelsOf(d), counts = new Map();
  if (labels) for (const l of labels) if (l > 0 && l < 255) counts.set(l, (counts.get(l) || 0) + 1);
  const covered = [...counts.entries()].sort((a, b) => b[1] - a[1]);
  return html("div", {}, html("h3", { text: "Annotated" }),
    html("ul", { class: "legend" }, covered.map(([c, n]) => html("li", {}, html("span", { class: "swatch", style: { background: `rgb(${classColour(c).join(",")})` } }), " ",
      named(className(c)), ` ${fixed((100 * n) / labels.length, 1)} % of the picture${c === images.main[i] ? " (main object)" : ""}`))),
    d.objects.length ? html("p", { class: "muted" }, `${plural(d.objects.length, "object")}: `, d.objects.map(([name], at) => [at ? ", " : "", named(name)])) : null);
}

// Shares of an image's map, 0..1; null where there is none.
function sharesOf(k, i) {
  const s = k === "area" ? data.area.slice(4 * i, 4 * i + 4) : data.shares[k].slice(4 * i, 4 * i + 4);
  return s.some(known) ? s.map((v) => v / 1000) : null;
}

// A bar of four parts; `label` is read out.
function shareBar(shares) {
  const text = shares.map((s, r) => `${fixed(100 * s, 0)} % on ${regionNames[r]}`).join(", ");
  return html("div", { class: "share-bar", role: "img", "aria-label": text, title: text },
    shares.map((s, r) => html("span", { class: `region-${r}`, style: { width: `${100 * s}%` } })));
}

const shareLegend = () => html("ul", { class: "legend" }, regionNames.map((name, r) => html("li", {}, html("span", { class: `swatch region-${r}` }), ` ${name}`)));

function methodTile(f, i, d, k) {
  const shares = sharesOf(k, i), m = f.metric;
  return html("figure", { class: "tile method" }, overlayTile(i, d, k), html("figcaption", {}, familyDot(methods[k].family), named(methods[k].name), flatTag(d, k),
    html("span", { class: "number", text: ` ${shown(m, m.values[k][i])}` })), shares ? shareBar(shares) : null);
}

function imagePage(section, params) {
  const i = images.ids.indexOf(params.id), metric = metricByName.get(params.measure) || data.metrics[0];
  if (i < 0) {
    add(section, html("h1", { text: "No such image" }), html("p", { class: "lead" }, "This report has no image ", named(params.id || ""), "."));
    return;
  }
  const d = imageData(i), f = { metric, k: -1, against: -1 };
  add(section, html("h1", {}, named(images.ids[i])), decisionLine(i));
  const step = (n) => (i + n >= 0 && i + n < imageCount ? link("image", { id: images.ids[i + n] }, { class: "button" }, n < 0 ? "← previous" : "next →") : null);
  add(section, html("p", { class: "steps" }, step(-1), " ", step(1)));
  if (!d) {
    add(section, html("p", { class: "notice", text: "Picture and maps of this image were left out of this file (see --megabytes)." }));
    return;
  }
  add(section, html("div", { class: "tiles large" }, tile("picture", pictureTile(i, d)), tile(`mean of ${looking.length} methods`, overlayTile(i, d, "mean")),
    tile("annotated", truthTile(i, d))),
  html("div", { class: "columns" }, topFive(d), objectList(i, d)));
  if (attentionOf(i)) add(section, html("p", {}, link("attention", { id: images.ids[i] }, {}, "Attention flow and parallel coordinates of this image")));
  filmSection(section, i, d, params);
  const worth = (k) => better(metric, metric.values[k][i] ?? (metric.higher ? -Infinity : Infinity));
  const order = methods.map((m, k) => k).filter((k) => d.maps[k]).sort((a, b) => worth(b) - worth(a) || a - b);
  add(section, html("h2", { text: `Every method, by ${metric.title}` }),
    html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
      selectField("Measure", metricOptions(), metric.name, (v) => { location.hash = address("image", { ...params, measure: v }); })),
    shareLegend(), html("div", { class: "method-grid" }, order.map((k) => methodTile(f, i, d, k))));
}
