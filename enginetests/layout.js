// What is wrong with the layout of the page, one sentence each: an element wider than what holds it, words in a column too narrow to read, labels
// that cover each other. What a container cuts off or scrolls is its own affair, as long as the container itself keeps its place.
(() => {
  const TOLERANCE = 1, NARROW = 140, WORDY = 80;
  const found = [];
  const path = (element) => {
    const names = [];
    for (let one = element; one && one !== document.body; one = one.parentElement) {
      names.unshift(one.tagName.toLowerCase() + (one.id ? `#${one.id.slice(0, 30)}` : one.classList.length ? `.${[...one.classList].join(".")}` : ""));
    }
    return names.slice(-5).join(" > ");
  };
  const scrolls = (element) => ["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(element).overflowX);
  const shown = (element) => element.checkVisibility() && element.getClientRects().length && !element.closest(".unseen, .skip");
  const inside = (element) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) if (scrolls(one)) return true;
    return false;
  };
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  const outer = document.documentElement;
  if (outer.scrollWidth > innerWidth) found.push(`the page is ${outer.scrollWidth} wide in a window of ${innerWidth}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!shown(element) || element.closest("svg") !== null && element.tagName !== "svg" || inside(element)) continue;
    const own = element.getBoundingClientRect(), holder = element.parentElement.getBoundingClientRect();
    const beyond = Math.max(own.right - holder.right, holder.left - own.left, own.right - innerWidth, -own.left);
    if (beyond > TOLERANCE && getComputedStyle(element).display !== "inline") found.push(`${path(element)} reaches ${Math.round(beyond)} beyond what holds it`);
    if (!scrolls(element) && element.scrollWidth > element.clientWidth + TOLERANCE && element.clientWidth) {
      found.push(`${path(element)} is ${element.clientWidth} wide and holds ${element.scrollWidth}`);
    }
    if (["TD", "TH"].includes(element.tagName) && element.innerText.length > WORDY && own.width < NARROW) {
      found.push(`${path(element)} tells ${element.innerText.length} characters in ${Math.round(own.width)} pixels`);
    }
  }
  for (const drawing of document.querySelectorAll("svg")) {
    const boxes = [...drawing.querySelectorAll("text")].filter(shown).map((text) => [text, text.getBoundingClientRect()]);
    for (const [index, [one, a]] of boxes.entries()) {
      for (const [other, b] of boxes.slice(index + 1)) {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left), down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 0 && down > TOLERANCE) found.push(`${path(drawing)}: “${one.textContent}” covers “${other.textContent}”`);
      }
    }
  }
  return [...new Set(found)];
})();
