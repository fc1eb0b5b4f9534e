"use strict";
// Everything works without this; with it pages stay fresh, drafts are kept and keys help.
(() => {
  const EVERY_MS = 10000, KEEP_MS = 2000;
  const byId = (id) => document.getElementById(id);
  const form = byId("answer"), text = byId("text"), news = byId("news");
  const ticket = document.querySelector("[data-here]");
  const queue = document.querySelector("[data-poll]");

  // Keys, unless somebody wants none (WCAG 2.1.4).
  const off = byId("keys-off");
  const keysOff = () => localStorage.getItem("keys") === "off";
  if (off) {
    off.checked = keysOff();
    off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on"));
  }
  const links = () => [...document.querySelectorAll("#queue .subject")];
  const move = (by) => {
    const all = links(), at = all.indexOf(document.activeElement);
    const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
    if (next) next.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === text) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (typing || event.ctrlKey || event.metaKey || event.altKey || keysOff()) return;
    const deeds = {
      "/": () => byId("q").focus(), j: () => move(1), k: () => move(-1),
      r: () => text && text.focus(), n: () => byId("note") && byId("note").focus(),
      g: () => { location.href = document.querySelector(".top nav a").href; },
    };
    if (deeds[event.key]) { event.preventDefault(); deeds[event.key](); }
  });

  // A ticket: who else is here, whether it has changed, and the draft.
  if (ticket) {
    const key = document.querySelector("[name=form_key]").value;
    let typed = false, kept = text ? text.value : "", told = false;
    const say = async () => {
      const body = new URLSearchParams({ form_key: key, version: ticket.dataset.version });
      if (typed) { body.set("typed", "1"); body.set("text", text.value); }
      const asked = typed ? text.value : kept;
      const answer = await fetch(ticket.dataset.here, { method: "POST", body, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (typed) { kept = asked; byId("kept").textContent = "Kept as a draft."; }
      const words = now.here.map((one) => `${one.name} ${one.writing ? "is writing" : "is here"}.`);
      if (String(now.version) !== ticket.dataset.version) {
        words.push("This ticket has changed: open it again before you send.");
      }
      const here = byId("here"), said = words.join(" ");
      if (here.textContent.trim() !== said) here.textContent = said;
      told = false;
    };
    const quietly = () => say().catch(() => {
      if (!told && typed) byId("kept").textContent = "Not kept: you may have been signed out.";
      told = true;
    });
    let timer = 0;
    if (text) {
      text.addEventListener("input", () => {
        typed = true;
        byId("kept").textContent = "";
        clearTimeout(timer);
        timer = setTimeout(quietly, KEEP_MS);
      });
      form.addEventListener("submit", () => { clearTimeout(timer); typed = false; kept = text.value; });
      addEventListener("beforeunload", (event) => {
        if (typed && text.value !== kept) event.preventDefault();
      });
    }
    quietly();
    setInterval(() => { if (!document.hidden) quietly(); }, EVERY_MS);
  }

  // Notices, where somebody wants them and the browser may: each once.
  const notices = byId("notices"), can = "Notification" in window;
  const wanted = () => can && localStorage.getItem("notices") === "on" && Notification.permission === "granted";
  if (notices) {
    notices.disabled = !can;
    notices.checked = wanted();
    notices.addEventListener("change", async () => {
      if (notices.checked && await Notification.requestPermission() !== "granted") notices.checked = false;
      localStorage.setItem("notices", notices.checked ? "on" : "off");
    });
  }
  const tell = (news) => {
    const known = new Set(JSON.parse(localStorage.getItem("told") || "[]"));
    const fresh = news.filter((one) => !known.has(one.key));
    if (!fresh.length) return;
    const kept = [...known, ...fresh.map((one) => one.key)].slice(-500);
    localStorage.setItem("told", JSON.stringify(kept));
    for (const one of fresh.slice(0, 3)) {
      const shown = new Notification(`#${one.ticket}`, { body: one.words, tag: one.key });
      shown.onclick = () => { focus(); location.href = `${queue.dataset.root}/tickets/${one.ticket}`; };
    }
  };

  // The queue: say that it has changed; it is never moved under somebody's hands.
  if (queue) {
    setInterval(async () => {
      if (document.hidden && !wanted()) return;
      try {
        const answer = await fetch(queue.dataset.poll, { redirect: "error" });
        const now = await answer.json();
        if (wanted()) tell(now.news);
        if (document.hidden) return;
        if (now.mark === queue.dataset.mark) return;
        if (!links().includes(document.activeElement) && !document.querySelector("input:focus")) {
          location.reload();
        } else if (!news.textContent) {
          news.textContent = "The queue has changed: open it again to see it.";
        }
      } catch { /* The next time. */ }
    }, EVERY_MS);
  }
})();
