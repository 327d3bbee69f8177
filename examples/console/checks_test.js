// Each returns what is wrong with the page, in words.

function path(element) {
  const text = element.textContent.trim().slice(0, 30);
  return element.tagName.toLowerCase() + (element.className ? "." + element.className : "") + ' "' + text + '"';
}

function sideways() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest(".scroll")).slice(0, 5).map(path);
}

// A table hides what is wider than itself.
function clipped() {
  const isWide = e => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > e.closest("table").getBoundingClientRect().right + 1;
  return [...document.querySelectorAll("tbody :is(td, th)")].filter(e => !e.closest(".scroll") && isWide(e)).slice(0, 5).map(path);
}

function rgba(color) {
  const parts = color.match(/[\d.]+/g).map(Number);
  return { channels: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
}

function over(top, under) {
  return top.channels.map((c, i) => c * top.alpha + under[i] * (1 - top.alpha));
}

function background(element) {
  if (!element) return [255, 255, 255];
  const own = rgba(getComputedStyle(element).backgroundColor);
  return own.alpha === 1 ? own.channels : over(own, background(element.parentElement));
}

function luminance(channels) {
  const [r, g, b] = channels.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// As WCAG 2.2 has it for AA: 4.5 to 1, and 3 to 1 for large text.
function contrast() {
  const wrong = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const elements = new Set([...document.querySelectorAll("input, select")]);
  while (walker.nextNode()) {
    if (walker.currentNode.textContent.trim()) elements.add(walker.currentNode.parentElement);
  }
  for (const element of elements) {
    const style = getComputedStyle(element);
    if (!element.getClientRects().length || element.closest(".unseen, .skip, option")) continue;
    const under = background(element);
    const [light, dark] = [luminance(over(rgba(style.color), under)), luminance(under)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    if (ratio < (isLarge ? 3 : 4.5)) wrong.push(ratio.toFixed(2) + " " + path(element));
  }
  return wrong;
}

function structure() {
  const wrong = [];
  const all = selector => [...document.querySelectorAll(selector)];
  const expect = (is, text) => is || wrong.push(text);
  expect(document.documentElement.lang === "en", "no language");
  for (const landmark of ["header", "main", "nav", "footer"]) expect(all("body > " + landmark + ", header " + landmark).length >= 1, "no " + landmark);
  expect(all("main").length === 1 && all("h1").length === 1, "main and h1 are not one each");
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    expect(next <= level + 1, "heading out of order: " + path(heading));
    level = next;
  }
  for (const input of all("input:not([type=hidden]), select, textarea")) expect(input.labels.length === 1 && input.labels[0].textContent.trim(), "no label: " + (input.id || input.name));
  for (const link of all("a, button")) expect(link.textContent.trim() || link.ariaLabel, "no text: " + link.outerHTML);
  for (const image of all("img")) expect(image.hasAttribute("alt"), "no alt: " + image.src);
  for (const nav of all("nav, form")) expect(nav.ariaLabel || nav.matches(".ask"), "no name: " + path(nav));
  for (const table of all("table")) expect(table.caption && table.caption.textContent.trim(), "no caption: " + path(table));
  for (const head of all("th")) expect(["col", "row"].includes(head.scope), "no scope: " + path(head));
  for (const group of all("fieldset")) expect(group.querySelector("legend"), "no legend");
  const ids = all("[id]").map(e => e.id);
  expect(new Set(ids).size === ids.length, "an id twice: " + ids.filter((id, i) => ids.indexOf(id) !== i));
  for (const name of ["aria-describedby", "aria-labelledby"]) {
    for (const element of all("[" + name + "]")) {
      for (const id of element.getAttribute(name).split(" ")) expect(document.getElementById(id), name + " to nothing: " + id);
    }
  }
  for (const link of all('a[href^="#"]')) expect(document.getElementById(link.hash.slice(1)), "a link to nothing: " + link.hash);
  for (const area of all("*")) {
    const style = getComputedStyle(area);
    const scrolls = area.scrollWidth > area.clientWidth + 1 && ["auto", "scroll"].includes(style.overflowX);
    expect(!scrolls || area.tabIndex === 0, "scrolls without the keyboard: " + path(area));
  }
  return wrong;
}

function focus() {
  const element = document.activeElement;
  if (element === document.body) return [];
  const style = getComputedStyle(element);
  return style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2 ? ["no visible focus: " + path(element)] : [];
}
