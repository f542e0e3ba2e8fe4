// Keeps an open page true without a reload, and tells times in the reader's own zone. Nothing here is needed.
(() => {
  "use strict";
  const body = document.body;
  const root = body.dataset.root ?? "./";
  const locale = document.documentElement.lang;
  const tip = document.createElement("p");
  tip.className = "tip";
  tip.hidden = true;

  const localTimes = (within) => {
    for (const time of within.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (time.dateTime.length < 11 || Number.isNaN(at.getTime())) continue;
      time.title = `${at.toLocaleString(locale)} · ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
    }
  };

  const follow = (bars) => {
    const days = Number(bars.dataset.days);
    const list = bars.closest(".part")?.querySelector(".troubles");
    bars.addEventListener("pointermove", (event) => {
      const box = bars.getBoundingClientRect();
      const day = Math.min(days - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * days)));
      const found = list?.querySelector(`[data-back="${days - 1 - day}"]`);
      const date = new Date(Date.now() - (days - 1 - day) * 86400000);
      tip.textContent = found ? found.textContent.trim() : date.toLocaleDateString(locale, { dateStyle: "long" });
      tip.hidden = false;
      const left = Math.min(box.left + window.scrollX, document.documentElement.clientWidth - tip.offsetWidth - 8);
      const wanted = event.clientX + window.scrollX - tip.offsetWidth / 2;
      tip.style.setProperty("left", `${Math.max(Math.min(wanted, box.right - tip.offsetWidth), Math.max(8, left))}px`);
      tip.style.setProperty("top", `${box.bottom + window.scrollY + 4}px`);
    });
    bars.addEventListener("pointerleave", () => (tip.hidden = true));
  };

  const wake = (within) => {
    localTimes(within);
    for (const bars of within.querySelectorAll("svg.bars")) follow(bars);
  };

  const renew = async () => {
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = fresh.querySelector("main");
    if (!main) return;
    const headline = document.querySelector(".headline");
    const next = main.querySelector(".headline");
    // What is spoken stays in place and changes its words, so that it is read out.
    if (headline && next) {
      headline.className = next.className;
      if (headline.textContent !== next.textContent) headline.replaceChildren(...next.cloneNode(true).childNodes);
      next.replaceWith(headline);
    }
    const opened = [...document.querySelectorAll("main details")].map((found) => found.open);
    [...main.querySelectorAll("details")].forEach((found, at) => {
      if (opened[at]) found.open = true;
    });
    document.querySelector("main").replaceChildren(...main.childNodes);
    document.title = fresh.title;
    body.dataset.updated = fresh.body.dataset.updated;
    wake(document);
  };

  const look = async () => {
    try {
      if (document.visibilityState === "visible") {
        const answer = await fetch(`${root}api/v2/status.json`, { cache: "no-cache" });
        if (answer.ok && (await answer.json()).page.updated_at !== body.dataset.updated) await renew();
      }
    } catch {
      // Offline: what is shown stays.
    }
    setTimeout(look, 20000 + Math.random() * 20000);
  };

  body.append(tip);
  wake(document);
  if (document.querySelector(".headline")) setTimeout(look, 20000 + Math.random() * 20000);
})();
