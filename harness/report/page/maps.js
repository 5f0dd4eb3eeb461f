// Maps, masks and pictures of one image, drawn on canvases of the picture's own proportions.

function bytesOf(text) {
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let i = 0; i < out.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}
const colourTables = Object.fromEntries(Object.entries(data.colours).map(([id, text]) => [id, bytesOf(text)]));
const look = { colours: "viridis" in colourTables ? "viridis" : Object.keys(colourTables)[0], alpha: 0.6 };

// ---- reading: an image's script element is parsed when it is looked at, the last few stay --------------------------------

const kept = new Map();

function imageData(i) {
  if (kept.has(i)) return kept.get(i);
  const node = $(`image-${i}`);
  const got = node ? JSON.parse(node.textContent) : null;
  kept.set(i, got);
  if (kept.size > 80) kept.delete(kept.keys().next().value);
  return got;
}

// The size that an image is drawn at.
function frameOf(d) {
  if (d.tw) return [d.tw, d.th];
  const [w, h] = [d.w > 0 ? d.w : 1, d.h > 0 ? d.h : 1], scale = 240 / Math.max(w, h);
  return [Math.max(1, Math.round(w * scale)), Math.max(1, Math.round(h * scale))];
}

function picture(d) {
  if (!d.pic) return Promise.resolve(null);
  if (!d.loading) {
    d.loading = new Promise((done) => {
      const image = new Image();
      image.onload = () => done(image);
      image.onerror = () => done(null);
      image.src = `data:image/jpeg;base64,${d.pic}`;
    });
  }
  return d.loading;
}

// Class of every pixel of the frame, or null.
function labelsOf(d) {
  if (!d.mask || d.labels) return d.labels || null;
  const runs = bytesOf(d.mask), labels = new Uint8Array(d.tw * d.th);
  for (let i = 0, at = 0; i < runs.length; i += 2) {
    labels.fill(runs[i], at, at + runs[i + 1]);
    at += runs[i + 1];
  }
  d.labels = labels;
  return labels;
}

// ---- maps ----------------------------------------------------------------------------------------------------------------

// values [k][k] to [h][w]: bilinear, half-pixel centres, edges clamped.
function upsample(values, k, w, h) {
  const out = new Float32Array(w * h), left = new Int32Array(w), part = new Float32Array(w);
  for (let x = 0; x < w; x++) {
    const at = Math.max(0, Math.min(k - 1, ((x + 0.5) * k) / w - 0.5));
    left[x] = Math.min(k - 1, Math.floor(at));
    part[x] = at - left[x];
  }
  for (let y = 0; y < h; y++) {
    const at = Math.max(0, Math.min(k - 1, ((y + 0.5) * k) / h - 0.5)), top = Math.floor(at), t = at - top;
    const upper = top * k, lower = Math.min(k - 1, top + 1) * k;
    for (let x = 0; x < w; x++) {
      const a = left[x], b = Math.min(k - 1, a + 1), s = part[x];
      const up = values[upper + a] + s * (values[upper + b] - values[upper + a]);
      const low = values[lower + a] + s * (values[lower + b] - values[lower + a]);
      out[y * w + x] = up + t * (low - up);
    }
  }
  return out;
}

function stretch(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) { if (v < low) low = v; if (v > high) high = v; }
  const range = high - low;
  return range > 0 ? values.map((v) => (v - low) / range) : values.map(() => 0);
}

// The heat map of a method over the frame, 0..1; null when there is none. The last one made stays: overlay and mask ask
// for the same.
function heatOf(d, k, w, h) {
  if (d.last && d.last.k === k) return d.last.heat;
  const heat = makeHeat(d, k, w, h);
  d.last = { k, heat };
  return heat;
}

function makeHeat(d, k, w, h) {
  const map = k === "mean" ? meanMap(d) : d.maps && d.maps[k];
  if (!map) return null;
  if (!map.values) map.values = bytesOf(map.d);
  if (map.f) return new Float32Array(w * h).fill(map.values[0] / 255); // on everywhere or off, not nothing
  return stretch(upsample(Float32Array.from(map.values), map.k, w, h));
}

// "flat" where a method's map has one value everywhere; "".
const flatNote = (d, k) => (d.maps && d.maps[k] && d.maps[k].f ? "flat" : "");
const flatTag = (d, k) => (flatNote(d, k) ? html("span", { class: "tag", text: "flat", title: "one value everywhere: a mask that is all on or all off, or a heat map without contrast, which is scored as an empty mask" }) : null);

// Methods that look at the model, for the mean of all.
const looking = methods.map((m, k) => k).filter((k) => !methods[k].trivial);

// The mean of all methods' maps on the patch grid.
function meanMap(d) {
  if (d.mean) return d.mean;
  const grid = run.grid, sum = new Float32Array(grid * grid);
  let count = 0;
  for (const k of looking) {
    const map = d.maps && d.maps[k];
    if (!map || map.f) continue; // flat: says nothing about where
    if (!map.values) map.values = bytesOf(map.d);
    const cells = map.k === grid ? map.values : reduce(map.values, map.k, grid);
    const scaled = stretch(Float32Array.from(cells));
    if (!scaled.some((v) => v > 0)) continue;
    scaled.forEach((v, i) => { sum[i] += v; });
    count++;
  }
  if (!count) return null;
  d.mean = { k: grid, values: sum.map((v) => (255 * v) / count), count };
  return d.mean;
}

function reduce(values, from, to) {
  const out = new Float32Array(to * to);
  for (let y = 0; y < to; y++) for (let x = 0; x < to; x++) {
    const [t, b, l, r] = [y, y + 1, x, x + 1].map((v) => Math.floor((v * from) / to));
    let sum = 0, n = 0;
    for (let j = t; j < Math.max(b, t + 1); j++) for (let i = l; i < Math.max(r, l + 1); i++) { sum += values[j * from + i]; n++; }
    out[y * to + x] = sum / n;
  }
  return out;
}

// Otsu's threshold of bytes: the first maximum of the variance between the classes u <= t and u > t.
function otsu(bytes) {
  const counts = new Float64Array(256);
  for (const u of bytes) counts[u]++;
  let sum = 0, best = 0, most = -1, below = 0, belowSum = 0;
  counts.forEach((n, u) => { sum += n * u; });
  for (let t = 0; t < 256; t++) {
    below += counts[t];
    belowSum += t * counts[t];
    const above = bytes.length - below;
    if (!below || !above) continue;
    const difference = belowSum / below - (sum - belowSum) / above, variance = below * above * difference * difference;
    if (variance > most) { most = variance; best = t; }
  }
  return best;
}

// The mask that was scored, as far as the reduced map has it: 1 inside. Of the methods' mean, cut where Otsu would.
function maskOf(d, k, w, h) {
  if (k === "mean") {
    const heat = heatOf(d, k, w, h);
    if (!heat) return null;
    const bytes = Uint8Array.from(heat, (v) => Math.floor(255 * v)), t = otsu(bytes);
    return bytes.map((u) => (u > t ? 1 : 0));
  }
  const map = d.maps && d.maps[k], out = new Uint8Array(w * h);
  if (!map) return null;
  if (map.m) {
    const bits = map.bits || (map.bits = bytesOf(map.m));
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
      const at = Math.floor(((y + 0.5) * map.n) / h) * map.n + Math.floor(((x + 0.5) * map.n) / w);
      out[y * w + x] = (bits[at >> 3] >> (7 - (at & 7))) & 1;
    }
    return out;
  }
  if (methods[k].is_mask) return Uint8Array.from(heatOf(d, k, w, h), (v) => (v > 0.5 ? 1 : 0));
  const heat = heatOf(d, k, w, h), byLevel = run.threshold === "otsu";
  if (!known(map.t)) return out;
  for (let i = 0; i < out.length; i++) out[i] = (byLevel ? Math.floor(255 * heat[i]) > map.t : heat[i] > map.t) ? 1 : 0;
  return out;
}

// What a pixel counts as: 1 foreground, 0 background, 2 left out.
function truthOf(i, d) {
  const labels = labelsOf(d);
  if (!labels) return null;
  const predicted = labelClass(images.label[i]);
  const one = run.foreground === "main" ? images.main[i] : run.foreground === "predicted" ? predicted
    : run.foreground.startsWith("class=") ? Number(run.foreground.slice(6)) : null;
  const outside = { ignore: 2, background: 0, foreground: 1 }[run.void];
  return labels.map((l) => (l === 255 ? outside : l === 0 ? 0 : one === null || l === one ? 1 : 0));
}

// ---- drawing -------------------------------------------------------------------------------------------------------------

const rgbOf = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const kinds = data.kinds.map(rgbOf);
const classColour = (c) => kinds[(c + kinds.length - 1) % kinds.length];
const marks = { hit: [0, 158, 115], alarm: [230, 159, 0], missed: [86, 140, 233], out: [150, 150, 150] };

function canvasOf(d, label) {
  const [w, h] = frameOf(d);
  const canvas = html("canvas", { width: w, height: h, role: "img", "aria-label": label });
  return { canvas, w, h, context: canvas.getContext("2d", { willReadFrequently: true }) };
}

// Lays colours over the picture, which is drawn in grey then, so that they mean one thing only: paint(i) gives
// [r, g, b, alpha] of a pixel.
async function lay(d, c, paint) {
  const image = await picture(d);
  if (image) c.context.drawImage(image, 0, 0, c.w, c.h);
  else { c.context.fillStyle = "#8a8a8a"; c.context.fillRect(0, 0, c.w, c.h); }
  if (!paint) return;
  const pixels = c.context.getImageData(0, 0, c.w, c.h), p = pixels.data;
  for (let i = 0, at = 0; i < c.w * c.h; i++, at += 4) {
    const colour = paint(i), a = colour[3], grey = 0.3 * p[at] + 0.59 * p[at + 1] + 0.11 * p[at + 2];
    for (let k = 0; k < 3; k++) p[at + k] = (1 - a) * grey + a * colour[k];
  }
  c.context.putImageData(pixels, 0, 0);
}

function pictureTile(i, d) {
  const c = canvasOf(d, `picture ${images.ids[i]}`);
  lay(d, c, null);
  return c.canvas;
}

function overlayTile(i, d, k) {
  const name = k === "mean" ? "mean of all methods" : methods[k].name;
  const c = canvasOf(d, `heat map of ${name}${k !== "mean" && flatNote(d, k) ? " (flat)" : ""} over ${images.ids[i]}`), heat = heatOf(d, k, c.w, c.h), table = colourTables[look.colours];
  if (!heat) return html("div", { class: "no-map", text: "no map" });
  const a = d.pic ? Number(look.alpha) : 1;
  lay(d, c, (p) => { const v = 3 * Math.round(255 * heat[p]); return [table[v], table[v + 1], table[v + 2], a]; });
  return c.canvas;
}

// The method's mask laid on the truth: hit, false alarm, missed.
function maskTile(i, d, k) {
  const c = canvasOf(d, `mask of ${k === "mean" ? "the methods' mean" : methods[k].name} against the truth of ${images.ids[i]}`), mask = maskOf(d, k, c.w, c.h), truth = truthOf(i, d);
  if (!mask) return html("div", { class: "no-map", text: "no mask" });
  lay(d, c, (p) => {
    if (!truth) return mask[p] ? [...marks.hit, 0.65] : [0, 0, 0, 0.6];
    if (truth[p] === 2) return [...marks.out, 0.85];
    if (mask[p]) return truth[p] ? [...marks.hit, 0.7] : [...marks.alarm, 0.75];
    return truth[p] ? [...marks.missed, 0.7] : [0, 0, 0, 0.6];
  });
  return c.canvas;
}

function truthTile(i, d) {
  const labels = labelsOf(d);
  if (!labels) return html("div", { class: "no-map", text: "no annotation at hand" });
  const c = canvasOf(d, `annotated classes of ${images.ids[i]}`);
  lay(d, c, (p) => (labels[p] === 0 ? [0, 0, 0, 0.55] : labels[p] === 255 ? [...marks.out, 0.85] : [...classColour(labels[p]), 0.55]));
  return c.canvas;
}

// The class that covers most of each patch (255: half of it or more is not counted), [grid * grid]; null without a mask.
function patchClasses(d) {
  const labels = labelsOf(d), grid = run.grid;
  if (!labels || d.patches) return d.patches || null;
  const counts = Array.from({ length: grid * grid }, () => new Map());
  for (let y = 0, i = 0; y < d.th; y++) for (let x = 0; x < d.tw; x++, i++) {
    const cell = counts[Math.floor((y * grid) / d.th) * grid + Math.floor((x * grid) / d.tw)];
    cell.set(labels[i], (cell.get(labels[i]) || 0) + 1);
  }
  d.patches = counts.map((cell) => [...cell.entries()].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0])[0]);
  return d.patches;
}

// The patch [x, y] around which the methods' mean is highest, of all or of those without an annotated object; null.
function peakOf(d, outside) {
  const map = meanMap(d), grid = run.grid, classes = outside ? patchClasses(d) : null;
  if (!map || (outside && !classes)) return null;
  const allowed = (x, y) => x >= 0 && y >= 0 && x < grid && y < grid && (!outside || classes[y * grid + x] === 0);
  let best = null, most = -1;
  for (let y = 0; y < grid; y++) for (let x = 0; x < grid; x++) {
    if (!allowed(x, y)) continue;
    let sum = 0, n = 0;
    for (let j = y - 1; j <= y + 1; j++) for (let i = x - 1; i <= x + 1; i++) if (allowed(i, j)) { sum += map.values[j * grid + i]; n++; }
    if (n > 2 && sum / n > most) { most = sum / n; best = [x, y]; }
  }
  return best;
}

// The picture around a patch.
function cutTile(i, d, patch, side = 0.34) {
  const [w, h] = frameOf(d), size = Math.max(8, Math.round(side * Math.min(w, h)));
  const canvas = html("canvas", { width: 128, height: 128, role: "img", "aria-label": `cut-out of ${images.ids[i]} around row ${patch[1] + 1}, column ${patch[0] + 1} of ${run.grid}` });
  const x = ((patch[0] + 0.5) / run.grid) * w, y = ((patch[1] + 0.5) / run.grid) * h;
  const left = Math.max(0, Math.min(w - size, Math.round(x - size / 2))), top = Math.max(0, Math.min(h - size, Math.round(y - size / 2)));
  picture(d).then((image) => { if (image) canvas.getContext("2d").drawImage(image, left, top, size, size, 0, 0, 128, 128); });
  return canvas;
}

function tile(title, node) {
  return html("figure", { class: "tile" }, node, html("figcaption", {}, title));
}

const maskLegend = () => html("ul", { class: "legend" },
  [["hit", "in the mask and annotated"], ["alarm", "in the mask, not annotated"], ["missed", "annotated, not in the mask"], ["out", "not counted (void)"]]
    .map(([key, text]) => html("li", {}, html("span", { class: "swatch", style: { background: `rgb(${marks[key].join(",")})` } }), ` ${text}`)));
