// What pages do better with a script; all of it works without one.
"use strict";
(() => {
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const later = (wait, work) => {
    let timer;
    return (...values) => { clearTimeout(timer); timer = setTimeout(() => work(...values), wait); };
  };

  // A part of another page in place of the same part of this one; an answer that was overtaken is dropped.
  const requests = {};
  const fetchPart = async (address, id) => {
    requests[id]?.abort();
    const request = requests[id] = new AbortController();
    try {
      const answer = await fetch(address, { signal: request.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.getElementById(id);
      if (part && !request.signal.aborted) {
        find("#" + id).replaceChildren(...part.childNodes);
        showCopies();
      }
      return page;
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };

  const showCopies = () => { if (navigator.clipboard) all(".copy").forEach((button) => { button.hidden = false; }); };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.(".copy");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  showCopies();

  // The index: a filter that narrows as one types.
  const filter = find("#filter");
  const narrow = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    all(".group").forEach((group) => {
      let some = false;
      group.querySelectorAll("tbody tr").forEach((row) => {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) { some = true; shown += 1; }
      });
      group.hidden = !some;
    });
    find(".nothing").hidden = shown > 0;
  };
  if (filter && !filter.defaultValue) {  // else the page holds only what was filtered already
    filter.addEventListener("input", narrow);
    filter.form.addEventListener("submit", (event) => { event.preventDefault(); narrow(); });
  }

  // The basket: a bar that goes along with the ticks; its button shows the ways to take them.
  const basket = find("#basket-form");
  if (basket) {
    let isOpen = false;
    const ticks = () => all("#basket-form input[name=feeds]:checked").map((box) => box.value).sort();
    const fill = () => {
      const names = ticks();
      find("#ticked").hidden = !names.length;
      find("#ticked").textContent = names.join(", ");
      basket.classList.toggle("filled", names.length > 0);
      isOpen &&= names.length > 0;
      if (!isOpen) { find("#basket").replaceChildren(); return; }
      const address = new URL(basket.dataset.basket, location);
      address.searchParams.set("feeds", names.join(","));
      fetchPart(address, "basket");
    };
    basket.addEventListener("change", later(100, fill));
    basket.addEventListener("submit", (event) => {
      if (event.target !== basket || !ticks().length) return;
      event.preventDefault();
      isOpen = !isOpen;
      fill();
    });
    if (ticks().length) fill();
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(".own") || !find("#basket")) return;
    event.preventDefault();
    const address = new URL(form.action);
    address.search = new URLSearchParams(new FormData(form));
    fetchPart(address, "basket");
  });

  // Search: results as one types, and the cursor where a query cannot be read.
  const query = find("form.search #q");
  if (query?.dataset.position) {
    query.focus();
    query.setSelectionRange(+query.dataset.position, +query.dataset.position + 1);
  }
  if (query && find("#found")) {
    const ask = later(350, async () => {
      const address = new URL(query.form.action);
      address.search = new URLSearchParams(new FormData(query.form));
      const page = await fetchPart(address, "found");
      if (!page) return;
      document.title = page.title;
      history.replaceState(null, "", address);
      const isBad = Boolean(find("#q-problem"));
      query.toggleAttribute("aria-invalid", isBad);
      if (isBad) query.setAttribute("aria-invalid", "true");
    });
    query.addEventListener("input", ask);
  }

  // A feed's page: kinds at once, and the keys j, k and o.
  const cards = all(".card");
  const kinds = all(".kinds a");
  const present = new Set(cards.map((card) => card.dataset.kind));
  kinds.forEach((link) => link.addEventListener("click", (event) => {
    const wanted = link.dataset.kinds.split(" ").filter(Boolean);
    if (!wanted.length || !wanted.every((kind) => present.has(kind)) || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    cards.forEach((card) => { card.hidden = !wanted.includes(card.dataset.kind); });
    all("section.day").forEach((day) => { day.hidden = !day.querySelector(".card:not([hidden])"); });
    kinds.forEach((other) => other.toggleAttribute("aria-current", other === link));
    link.setAttribute("aria-current", "true");
  }));
  const step = (by) => {
    const shown = cards.filter((card) => !card.hidden);
    const here = shown.indexOf(document.activeElement?.closest(".card"));
    const next = shown[here < 0 ? (by > 0 ? 0 : shown.length - 1) : here + by];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "start" });
  };
  if (cards.length) document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.target.matches("input, textarea, select")) return;
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
    if (event.key === "o") document.activeElement?.closest(".card")?.querySelector(".open")?.click();
  });
})();
