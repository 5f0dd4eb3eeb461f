// Pages, and which of them is shown.

function aboutPage(section) {
  const rows = [["Run", `${run.name} (number ${run.id} in its file)`], ["Model", run.model], ["Model digest", run.model_digest], ["Data", run.data], ["Data digest", run.data_digest], ["Input", run.input],
    ["Explained class", run.target], ["Differentiated", run.output], ["Precision", run.precision], ["Seed", String(run.seed)], ["Gate", `probability above ${run.min_confidence}`],
    ["Program", run.program], ["OpenBLAS kernel", run.kernel], ["Started", run.started], ["Finished", run.finished || "not finished"]];
  add(section, html("h1", { text: "About this run" }), html("dl", { class: "facts-list" }, rows.map(([t, v]) => [html("dt", { text: t }), html("dd", {}, named(v))])));
  add(section, html("h2", { text: "Methods" }), makeTable([
    { title: "Name", header: true, value: (r) => r.name, cell: (r) => methodCell(methodIndex(r.name)) },
    { title: "Title", value: (r) => r.title, cell: (r) => r.title }, { title: "Source", value: (r) => r.source, cell: (r) => r.source },
    { title: "Explains a class", value: (r) => (r.class_specific ? "yes" : "no"), cell: (r) => (r.class_specific ? "yes" : "no") },
    { title: "Parameters", cell: (r) => html("code", { text: r.parts ? `${r.parts} ${r.parameters}` : r.parameters }) },
  ], methods.map((m) => ({ ...m, class: m.trivial ? "trivial" : null })), { label: "Methods" }));
  if (data.failure_count) {
    add(section, html("h2", { text: `Failures and warnings (${data.failure_count})` }), makeTable([
      { title: "Image", header: true, value: (r) => r.image, cell: (r) => named(r.image) }, { title: "Method", value: (r) => r.method, cell: (r) => named(r.method || "the whole image") },
      { title: "Severity", value: (r) => r.severity, cell: (r) => r.severity }, { title: "Stage", value: (r) => r.stage, cell: (r) => r.stage }, { title: "Reason", cell: (r) => named(`${r.place}: ${r.reason}`) },
    ], data.failures, { label: "Failures" }));
    if (data.failure_count > data.failures.length) add(section, html("p", { class: "muted", text: `The first ${data.failures.length}; all of them: SELECT * FROM missing.` }));
  }
  add(section, html("h2", { text: "Configuration" }), html("pre", { tabindex: "0" }, html("code", { text: run.config })));
}

const pages = {
  table: { title: "Table 1", draw: tablePage, print: true },
  distributions: { title: "Distributions", draw: plotPage, print: true },
  classes: { title: "Classes", draw: classPage, print: true },
  compare: { title: "Comparison", draw: comparePage, print: true },
  measures: { title: "Measures", draw: measuresPage, print: true },
  cost: { title: "Cost", draw: costPage, print: true },
  gallery: { title: "Gallery", draw: galleryPage },
  wrong: { title: "Wrong decisions", draw: wrongPage, badge: wrongCount },
  about: { title: "About", draw: aboutPage, print: true },
  image: { title: "Image", draw: imagePage, hidden: true },
};
if (attentionImages.length) pages.attention = { title: "Attention", draw: attentionPage };

function drawMenu() {
  const order = ["table", "distributions", "classes", "compare", "measures", "cost", "gallery", "wrong", "attention", "about"];
  $("pages").replaceChildren(...order.filter((p) => pages[p]).map((p) => html("li", {}, link(p, {}, { "data-page": p }, pages[p].title,
    pages[p].badge ? html("span", { class: "badge", text: String(pages[p].badge) }) : null))));
}

let first = true;

function show() {
  const { page, params } = readAddress(), name = pages[page] ? page : "table", main = $("main");
  const section = html("section", { class: `page page-${name}`, id: `page-${name}` });
  main.replaceChildren(section);
  pages[name].draw(section, params);
  document.querySelectorAll("#pages a").forEach((a) => {
    if (a.dataset.page !== name) { a.removeAttribute("aria-current"); return; }
    a.setAttribute("aria-current", "page");
    const nav = a.closest("nav");
    nav.scrollLeft = a.offsetLeft - nav.offsetLeft - (nav.clientWidth - a.offsetWidth) / 2;
  });
  document.title = `${pages[name].title} · ${run.title} · vitx report`;
  if (!first) { main.focus({ preventScroll: true }); window.scrollTo(0, 0); }
  first = false;
}

// On paper: all tables and plots, then the page at hand when it is none of them.
function beforePrint() {
  const { page, params } = readAddress();
  for (const [name, p] of Object.entries(pages)) {
    if (!p.print || name === page || (name === "table" && !pages[page])) continue;
    const section = html("section", { class: `page page-${name} for-print` });
    $("main").append(section);
    p.draw(section, name === page ? params : {});
  }
}

function afterPrint() {
  document.querySelectorAll(".for-print").forEach((node) => node.remove());
}

function chooseTheme() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
}

drawMenu();
$("theme").addEventListener("click", chooseTheme);
$("foot").append(html("p", { text: `${run.program} · run ${run.id} · ${run.started}` }));
window.addEventListener("hashchange", () => { if (location.hash !== "#main") show(); });
window.addEventListener("beforeprint", beforePrint);
window.addEventListener("afterprint", afterPrint);
let width = window.innerWidth;
window.addEventListener("resize", () => {
  const drawn = ["distributions", "measures", "cost", "attention", "image"].includes(readAddress().page);
  if (drawn && Math.abs(window.innerWidth - width) > 40) { width = window.innerWidth; show(); }
});
show();
document.documentElement.dataset.ready = "true";
