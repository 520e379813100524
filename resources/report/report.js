// The tooltip and the legend's switches; without it the page shows all the same, at rest.
"use strict";

const SHAPES = "http://www.w3.org/2000/svg";
const MOST_LINES = 14;

function shape(name, attributes) {
  const made = document.createElementNS(SHAPES, name);
  for (const key of Object.keys(attributes)) made.setAttribute(key, attributes[key]);
  return made;
}

function line(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function number(value, nothing) {
  return value === null ? nothing : String(Number(value.toPrecision(4)));
}

// Days are numbered from the first of the year 1, and JavaScript counts from 1970.
function day(value) {
  return new Date((value - 719163) * 86400000).toISOString().slice(0, 10);
}

function prepare(figure) {
  const chart = JSON.parse(figure.querySelector("script").textContent);
  const tip = figure.querySelector(".tip");
  const hidden = new Set();
  let current = null;

  function places() {
    const found = new Set();
    chart.series.forEach((series, which) => {
      if (!hidden.has(which)) series.x.forEach((x) => found.add(x));
    });
    return Array.from(found).sort((a, b) => a - b);
  }

  function clear() {
    current = null;
    tip.hidden = true;
    figure.querySelectorAll(".cursor").forEach((cursor) => cursor.replaceChildren());
  }

  function show(svg, x) {
    clear();
    current = x;
    const [left, top, right, bottom, lowX, highX, lowY, highY] = svg.dataset.axes.split(" ").map(Number);
    const across = left + ((x - lowX) / (highX - lowX)) * (right - left);
    const cursor = svg.querySelector(".cursor");
    cursor.append(shape("line", { x1: across, x2: across, y1: top, y2: bottom }));
    tip.replaceChildren(line("strong", chart.time ? day(x) : chart.x + ": " + number(x, chart.words.nothing)));
    let more = 0;
    chart.series.forEach((series, which) => {
      if (hidden.has(which)) return;
      series.x.forEach((one, at) => {
        if (one !== x) return;
        const y = series.y[at];
        if (y !== null) {
          const up = bottom - ((y - lowY) / (highY - lowY)) * (bottom - top);
          cursor.append(shape("circle", { cx: across, cy: up, r: 4, fill: series.colour }));
        }
        if (tip.childElementCount > MOST_LINES) { more += 1; return; }
        const note = series.notes && series.notes[at] ? " (" + series.notes[at] + ")" : "";
        tip.append(line("span", series.name + ": " + number(y, chart.words.nothing) + note));
      });
    });
    if (more) tip.append(line("span", chart.words.more.replace("{count}", more)));
    tip.hidden = false;
    const width = svg.clientWidth;
    const at = (across / svg.viewBox.baseVal.width) * width;
    const beside = at + 12 + tip.offsetWidth <= width ? at + 12 : at - 12 - tip.offsetWidth;
    tip.style.left = Math.max(0, Math.min(beside, width - tip.offsetWidth)) + "px";
  }

  function point(svg, event) {
    const box = svg.getBoundingClientRect();
    const [left, , right, , lowX, highX] = svg.dataset.axes.split(" ").map(Number);
    const across = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const x = lowX + ((across - left) / (right - left)) * (highX - lowX);
    const all = places();
    if (all.length) show(svg, all.reduce((best, one) => (Math.abs(one - x) < Math.abs(best - x) ? one : best)));
  }

  figure.querySelectorAll(".drawing svg").forEach((svg) => {
    svg.addEventListener("pointermove", (event) => point(svg, event));
    svg.addEventListener("pointerdown", (event) => point(svg, event));
    svg.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") clear(); });
    svg.addEventListener("blur", clear);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const all = places();
      if (event.key === "Escape") clear();
      if (!step || !all.length) return;
      event.preventDefault();
      const next = current === null ? (step > 0 ? 0 : all.length - 1) : all.indexOf(current) + step;
      show(svg, all[Math.max(0, Math.min(next, all.length - 1))]);
    });
  });

  figure.querySelectorAll(".legend button").forEach((button, which) => {
    button.addEventListener("click", () => {
      if (hidden.has(which)) hidden.delete(which); else hidden.add(which);
      button.setAttribute("aria-pressed", String(!hidden.has(which)));
      figure.querySelectorAll('.drawing [data-series="' + which + '"]').forEach((drawn) => {
        drawn.classList.toggle("off", hidden.has(which));
      });
      clear();
    });
  });
}

document.querySelectorAll("figure").forEach(prepare);
