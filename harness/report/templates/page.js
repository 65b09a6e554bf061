"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const groups = [...document.querySelectorAll("#statements-table tbody")];
  const rows = groups.flatMap((group) => [...group.querySelectorAll("tr[data-outcome]")]);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const homes = new Map(rows.map((row) => [row, row.parentElement]));
  const ranked = document.createElement("tbody");
  document.getElementById("statements-table").append(ranked);
  const order = () => {
    const slowest = form.elements.order.value === "seconds";
    const sorted = slowest ? [...rows].sort((one, other) => (other.dataset.seconds || 0) - (one.dataset.seconds || 0)) : rows;
    for (const row of sorted) (slowest ? ranked : homes.get(row)).append(row);
  };
  const shown = document.getElementById("shown");
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = ["outcome", "keyword", "profile"].filter((name) => form.elements[name].value);
    const subject = form.elements.subject.value;
    let count = 0;
    for (const row of rows) {
      const wanted = chosen.every((name) => row.dataset[name] === form.elements[name].value)
        && (!subject || homes.get(row).dataset.subject === subject)
        && words.every((word) => texts.get(row).includes(word));
      row.hidden = !wanted;
      count += wanted;
    }
    for (const group of groups) group.hidden = !group.querySelector("tr[data-outcome]:not([hidden])");
    shown.textContent = count === rows.length ? `All ${count} shown` : count ? `${count} of ${rows.length} shown` : "None matches; clear the filter to see all";
  };
  form.elements.order.addEventListener("input", order);
  form.addEventListener("input", filter);
  // a link leads to its row even where the filter had hidden it
  const reveal = () => {
    const row = document.getElementById(location.hash.slice(1));
    if (!row?.hidden) return;
    form.reset();
    order();
    filter();
    row.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
