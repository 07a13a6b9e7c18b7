// Marks in the contents what is being read, and says which unit the pointer is over. The page is whole without it.
const links = new Map([...document.querySelectorAll("nav a")].map(link => [link.hash.slice(1), link]));
const visible = new Set();
const observer = new IntersectionObserver(entries => {
  for (const entry of entries) visible[entry.isIntersecting ? "add" : "delete"](entry.target.id);
  const reading = [...links.keys()].find(id => visible.has(id));
  if (!reading) return;
  for (const [id, link] of links) link.toggleAttribute("aria-current", id === reading);
  const nav = document.querySelector("nav"), link = links.get(reading);
  const above = link.offsetTop - nav.scrollTop;
  if (above < 60 || above > nav.clientHeight - 60) nav.scrollTop = link.offsetTop - nav.clientHeight / 2;
}, { rootMargin: "-15% 0px -65% 0px" });
document.querySelectorAll("main [id]").forEach(element => observer.observe(element));

for (const figure of document.querySelectorAll("figure.activations")) {
  const columns = +figure.dataset.columns, units = +figure.dataset.units, rows = Math.ceil(units / columns);
  const highs = figure.dataset.highs.split(" "), said = figure.querySelector("output"), image = figure.querySelector("img");
  image.addEventListener("mousemove", event => {
    const column = Math.floor(event.offsetX / image.clientWidth * columns);
    const unit = Math.floor(event.offsetY / image.clientHeight * rows) * columns + column;
    said.textContent = unit >= 0 && unit < units ? `Unit ${unit}: up to ${highs[unit]}` : "";
  });
  image.addEventListener("mouseleave", () => { said.textContent = ""; });
}
