// Runs in the page: says what somebody in front of it sees.

const all = (selector) => [...document.querySelectorAll(selector)];
const box = (element) => element.getBoundingClientRect();
const painted = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box(element).width > 1 && box(element).height > 1;
const outside = (r) => r.left < -0.5 || r.top < -0.5 || r.right > innerWidth + 0.5 || r.bottom > innerHeight + 0.5;

function luminance(colour) {
  const [r, g, b] = colour.match(/[\d.]+/g).map(Number).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function behind(element) {
  const colour = getComputedStyle(element).backgroundColor;
  return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
}

function contrast(element) {
  const [dark, light] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const spoken = (language) => all(`.instruction [lang=${language}] p`).filter(painted).map((line) => line.innerText);
const lines = all("main p").filter(painted);
const stage = box(document.querySelector(".stage"));

const clipped = [];
for (const element of [document.documentElement, document.body, ...all("main, main div, main p")].filter(painted)) {
  const name = element.className || element.tagName;
  if (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1) clipped.push(`${name} overflows`);
  if (outside(box(element))) clipped.push(`${name} leaves the display`);
}
for (const line of lines) {
  const r = box(line);
  if (r.left < stage.right && r.right > stage.left && r.top < stage.bottom && r.bottom > stage.top) clipped.push(`${line.innerText} covers the picture`);
  for (const other of lines) {
    const o = box(other);
    if (other !== line && r.left < o.right && r.right > o.left && r.top + 1 < o.bottom && r.bottom - 1 > o.top) clipped.push(`${line.innerText} covers ${other.innerText}`);
  }
}

const live = document.querySelector(".instruction");
const reading = document.querySelector("[role=progressbar]");
const done = document.querySelector(".ring .done");

return {
  moment: document.body.dataset.moment,
  screen: document.body.dataset.screen,
  tone: document.body.dataset.tone,
  pictures: all("[data-picture]").filter(painted).map((picture) => picture.dataset.picture),
  shapes: all(".shape [data-tone]").filter(painted).map((shape) => shape.dataset.tone),
  vi: spoken("vi"),
  en: spoken("en"),
  announced: live.getAttribute("role") === "status" && live.ariaLive === "assertive" && live.ariaAtomic === "true",
  percent: reading.hidden ? null : reading.ariaValueNow,
  drawn_percent: painted(done) ? String(parseFloat(done.style.strokeDasharray)) : null,
  reminded: painted(document.querySelector(".reminder")),
  clipped,
  contrast: Math.min(...lines.map(contrast)),
  smallest: Math.min(...lines.map((line) => parseFloat(getComputedStyle(line).fontSize))),
};
