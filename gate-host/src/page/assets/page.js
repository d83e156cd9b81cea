// Follows the lane's screen and shows it. All words are in texts.json, all pictures in
// index.html, so nothing has to be fetched when the lane has gone.

import texts from "./texts.json" with { type: "json" };

const CLOSED = { screen: "out-of-service" };
const SILENCE_MS = 3000; // the server beats every second
const WATCH_MS = 500;

const body = document.body;
const find = (selector) => document.querySelector(selector);
const pictures = new Map([...document.querySelectorAll("[data-picture]")].map((p) => [p.dataset.picture, p]));
const languages = [...document.querySelectorAll(".instruction [lang]")];
const ring = find(".ring");
const reading = find(".reading");
const reminder = find(".reminder");
for (const line of reminder.querySelectorAll("[lang]")) line.textContent = texts.reminder[line.lang].say;

/** The moment's key in texts.json: the screen, and its hint if there is one. */
const momentOf = ({ screen, hint = "none" }) => (hint === "none" ? screen : `${screen}.${hint}`);

function show(published) {
  const moment = momentOf(published);
  // A moment that this page does not know comes from a newer gate: closed is never wrong.
  const text = texts[moment] ?? texts[CLOSED.screen];
  if (body.dataset.moment !== moment) {
    body.dataset.moment = moment;
    body.dataset.screen = published.screen;
    body.dataset.tone = text.tone;
    for (const [name, picture] of pictures) picture.toggleAttribute("hidden", name !== text.picture);
    for (const language of languages) {
      language.querySelector(".say").textContent = text[language.lang].say;
      language.querySelector(".more").textContent = text[language.lang].more ?? "";
    }
  }
  progress(published);
  reportPaint(published);
}

/** The ring of the chip reading, and the word to leave the document while looking up. */
function progress({ screen, percent }) {
  const known = percent !== undefined;
  ring.toggleAttribute("hidden", !known);
  reading.hidden = !known;
  reminder.hidden = !(screen === "look-here" && percent < 100);
  if (!known) return;
  reading.setAttribute("aria-valuenow", percent);
  ring.querySelector(".done").style.strokeDasharray = `${percent} 100`;
}

/** For measurements: the second frame callback runs when the first frame is out. */
function reportPaint({ screen, since_ms }) {
  if (since_ms === undefined) return;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    window.paintedAt = { screen, since_ms, painted_ms: Date.now() };
  }));
}

// ---- The stream, and the watch over it ----

let stream;
let bundle;
let opened;
let heard = performance.now();

function open() {
  stream?.close();
  opened = performance.now();
  stream = new EventSource("/events");
  stream.addEventListener("screen", (event) => {
    heard = performance.now();
    show(JSON.parse(event.data));
  });
  stream.addEventListener("beat", (event) => {
    heard = performance.now();
    bundle ??= event.data;
    if (bundle !== event.data) location.reload(); // the gate was updated
  });
}

/** Silence closes the lane on screen. A lost stream mends itself; a refused or a dead one does not. */
function watch() {
  const now = performance.now();
  const silent = now - heard > SILENCE_MS;
  if (silent) show(CLOSED);
  if (stream.readyState === EventSource.CLOSED || (silent && now - opened > SILENCE_MS)) open();
}

open();
setInterval(watch, WATCH_MS);
