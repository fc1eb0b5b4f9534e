// The letter is shown anew when a control changes or a file is saved. Without this script
// the page does the same with its button and by loading it again.
"use strict";

const controls = document.getElementById("controls");
const stage = document.getElementById("stage");
const findings = document.getElementById("findings");
const live = document.getElementById("live");
let asked = 0;

document.getElementById("show").hidden = true;
live.hidden = false;

function wish() {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(controls)) {
    if (value) values.set(name, value);
  }
  return "?" + values;
}

// As high as the letter is, so that the page scrolls and not the frame.
function fit(frame) {
  const page = frame.contentDocument && frame.contentDocument.documentElement;
  if (page) frame.style.height = Math.max(200, page.scrollHeight) + "px";
}

function watch() {
  const frame = stage.querySelector("iframe");
  if (!frame) return;
  frame.addEventListener("load", () => fit(frame));
  fit(frame);
}

async function part(name, number, into, done) {
  const answer = await fetch(name + wish());
  const text = await answer.text();
  if (number !== asked || !answer.ok) return;
  const parsed = new DOMParser().parseFromString(text, "text/html").body;
  done(into, parsed);
}

// A new frame is loaded behind the old one and takes its place when it is there: the page
// neither flickers nor jumps.
function show(into, parsed) {
  const before = into.querySelector("iframe");
  const after = parsed.querySelector("iframe");
  if (!before || !after) {
    into.replaceChildren(...parsed.childNodes);
    watch();
    return;
  }
  into.querySelector(".inbox").replaceWith(parsed.querySelector(".inbox"));
  into.querySelector(".paper").className = parsed.querySelector(".paper").className;
  const fresh = before.cloneNode(false);
  fresh.style.height = "0";
  fresh.addEventListener("load", () => {
    fit(fresh);
    before.remove();
  }, { once: true });
  fresh.src = after.getAttribute("src") + "&at=" + asked;
  before.after(fresh);
}

function swap(into, parsed) {
  into.replaceChildren(...parsed.childNodes);
}

function refresh() {
  asked += 1;
  const number = asked;
  part("stage", number, stage, show).catch(lost);
  part("findings", number, findings, swap).catch(lost);
}

function lost() {
  live.textContent = "not connected: is the preview still running?";
  live.classList.add("lost");
}

let typing = 0;
controls.addEventListener("change", () => {
  history.replaceState(null, "", wish());
  refresh();
});
controls.addEventListener("input", (event) => {
  if (event.target.name !== "contact") return;
  clearTimeout(typing);
  typing = setTimeout(() => {
    history.replaceState(null, "", wish());
    refresh();
  }, 400);
});
controls.addEventListener("submit", (event) => {
  event.preventDefault();
  refresh();
});
window.addEventListener("resize", () => {
  const frame = stage.querySelector("iframe");
  if (frame) fit(frame);
});

let stamp = document.body.dataset.stamp;
const changes = new EventSource("changes?stamp=" + stamp);
changes.addEventListener("open", () => {
  live.textContent = "shown anew after each save";
  live.classList.remove("lost");
});
changes.addEventListener("error", lost);
changes.addEventListener("message", (event) => {
  if (event.data === stamp) return;
  stamp = event.data;
  refresh();
});
watch();
