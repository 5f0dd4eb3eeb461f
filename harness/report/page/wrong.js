// Wrong decisions: what was predicted, what is annotated, where each method looked.

const wrongImages = images.correct.map((c, i) => (c === 0 ? i : -1)).filter((i) => i >= 0);

function countBy(list, key) {
  const counts = new Map();
  for (const i of list) counts.set(key(i), (counts.get(key(i)) || 0) + 1);
  return [...counts.entries()].sort((a, b) => b[1] - a[1]);
}

// A list of bars that are links: what the wrong decisions have in common.
function tallies(title, list, key, name, param, params) {
  const counts = countBy(list, key), most = counts.length ? counts[0][1] : 1;
  return html("div", { class: "tally" }, html("h2", { text: title }), html("ul", { class: "tally-list" }, counts.slice(0, 12).map(([value, n]) => {
    const chosen = params[param] !== undefined && Number(params[param]) === value;
    const next = { ...params, [param]: chosen ? null : value };
    return html("li", {}, link("wrong", next, { class: "tally-row", "aria-current": chosen ? "true" : null }, html("span", { class: "tally-name" }, named(name(value))),
      html("span", { class: "tally-bar", style: { width: `${(100 * n) / most}%` } }), html("span", { class: "tally-count", text: String(n) })));
  })));
}

// ---- where methods looked -------------------------------------------------------------------------------------------------

function meanShares(k, list) {
  const all = list.map((i) => sharesOf(k, i)).filter(Boolean);
  return all.length ? { n: all.length, shares: [0, 1, 2, 3].map((r) => mean(all.map((s) => s[r]))) } : null;
}

function shareTable(list) {
  const area = meanShares("area", list), right = images.correct.map((c, i) => (c === 1 ? i : -1)).filter((i) => i >= 0);
  const rows = looking.map((k) => ({ k, s: meanShares(k, list), right: meanShares(k, right) })).filter((r) => r.s);
  const column = (r) => ({ title: ["main object", "predicted class", "other objects", "background"][r] + ", %", numeric: true, hint: `mean share of the map on ${regionNames[r]}`, value: (row) => row.s.shares[r], cell: (row) => fixed(100 * row.s.shares[r], 1) });
  const columns = [
    { title: "Method", header: true, value: (r) => (r.k === "area" ? "" : methods[r.k].name), cell: (r) => methodCell(r.k) },
    { title: "where its relevance lies", class: "bar-cell", cell: (r) => shareBar(r.s.shares) },
    ...[0, 1, 2, 3].map(column),
    right.length ? { title: "background when right, %", numeric: true, hint: `mean share on the background over the ${right.length} right decisions`,
      value: (r) => r.right && r.right.shares[3], cell: (r) => (r.right ? fixed(100 * r.right.shares[3], 1) : missing) } : null,
    { title: "n", numeric: true, value: (r) => r.s.n, cell: (r) => String(r.s.n) },
  ].filter(Boolean);
  const area_line = area ? html("p", { class: "area-line" }, "By area alone: ", shareBar(area.shares),
    html("span", { text: `${fixed(100 * area.shares[0], 1)} % main object, ${fixed(100 * area.shares[1], 1)} % predicted class, ${fixed(100 * area.shares[2], 1)} % other objects, ${fixed(100 * area.shares[3], 1)} % background.` })) : null;
  if (!rows.length) return html("p", { class: "notice", text: "Shares need the class masks, and the data set was not at hand when this report was made." });
  return [area_line, shareLegend(), makeTable(columns, rows, { label: "Where each method looked", sort: [2, false] })];
}

// ---- what they looked at --------------------------------------------------------------------------------------------------

function peakStrip(title, text, list, outside) {
  const some = [...list].sort((a, b) => images.probability[b] - images.probability[a]).slice(0, 40).map((i) => ({ i, d: imageData(i) })).filter((s) => s.d && s.d.pic)
    .map((s) => ({ ...s, patch: peakOf(s.d, outside) })).filter((s) => s.patch);
  if (!some.length) return null;
  return html("section", { class: `peaks-section ${outside ? "outside" : "anywhere"}` }, html("h2", { text: title }), html("p", { class: "muted", text }),
    html("ul", { class: "peaks" }, some.map(({ i, d, patch }) => html("li", {}, link("image", { id: images.ids[i] }, { title: images.ids[i] }, cutTile(i, d, patch))))));
}

const peakStrips = (list) => [
  peakStrip("What the methods looked at", `Cut out of each wrong decision: where the mean of ${looking.length} methods is highest. What keeps coming back is what the model goes by.`, list, false),
  peakStrip("What they looked at outside the annotated objects", "The same, away from everything that is annotated. A thing that keeps coming back here is one that no annotation names.", list, true)];

function wrongCard(k, i) {
  const shares = k === "mean" ? null : sharesOf(k, i);
  const node = html("article", { class: "card", "data-image": String(i) }, html("h3", {}, link("image", { id: images.ids[i] }, {}, named(images.ids[i]))), decisionLine(i));
  const place = html("div", { class: "tiles-place" });
  if (images.shown[i]) add(node, place);
  soon(node, () => {
    const d = imageData(i);
    if (d) place.replaceWith(html("div", { class: "tiles" }, tile("picture", pictureTile(i, d)), tile(k === "mean" ? "mean of methods" : named(methods[k].name), overlayTile(i, d, k)), tile("annotated", truthTile(i, d))));
  });
  if (shares) add(node, shareBar(shares));
  return node;
}

function wrongLead(list, all) {
  const [top] = countBy(list, (i) => images.label[i]);
  const judged = wrongCount + rightCount;
  const lines = [`${plural(all.length, "decision")} of ${judged} ${all.length === 1 ? "is" : "are"} wrong: the predicted class is not that of the main object. `];
  const who = top && (top[1] < list.length ? `${top[1]} of the ${list.length} shown here say ` : list.length < all.length ? "All shown here say " : "All of them say ");
  if (top && list.length > 1) lines.push(who, named(labelName(top[0])), ".");
  return html("p", { class: "lead" }, lines);
}

function wrongPage(section, params) {
  add(section, html("h1", { text: "Wrong decisions" }));
  if (!wrongImages.length) {
    add(section, html("p", { class: "lead", text: `None of the ${rightCount} decisions that can be judged is wrong.` }));
    return;
  }
  const list = wrongImages.filter((i) => (params.predicted === undefined || images.label[i] === Number(params.predicted)) &&
    (params.class === undefined || images.main[i] === Number(params.class)));
  const k = params.method && methodIndex(params.method) >= 0 ? methodIndex(params.method) : "mean", cards = html("div", { class: "cards" });
  add(section, wrongLead(list, wrongImages), peakStrips(list), html("div", { class: "columns" },
    tallies("Predicted", wrongImages, (i) => images.label[i], labelName, "predicted", params),
    tallies("Annotated", wrongImages, (i) => images.main[i], className, "class", params)),
  html("h2", { text: "Where each method looked" }),
  html("p", { class: "muted", text: `Mean over ${plural(list.length, "wrong decision")}: share of a heat map (scaled from 0 to 1) on each kind of pixel. A method that puts more on the background than its area is looking at something that is not annotated.` }),
  shareTable(list),
  html("h2", { text: "One by one" }),
  html("form", { class: "filters", onsubmit: (e) => e.preventDefault() },
    selectField("Method", methodOptions([["", "mean of all methods"]]), params.method || "", (v) => { location.hash = address("wrong", { ...params, method: v }); })), cards);
  const order = [...list].sort((a, b) => images.probability[b] - images.probability[a]);
  showList(cards, order, (i) => wrongCard(k, i));
}
