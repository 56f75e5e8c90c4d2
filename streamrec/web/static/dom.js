// Everything that comes from the worker is written as text, never as HTML.
export const $ = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const number = (value, digits = 0) =>
  value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
export const rate = (value) => number(value, value > 0 && value < 10 ? 1 : 0);
export const ms = (value) => (value === null || value === undefined ? "–" : `${number(value, value < 10 ? 1 : 0)} ms`);
export const clock = (stamp) => new Date(Number(stamp)).toLocaleTimeString("en-GB");
export const plain = (code) => code.replaceAll("_", " ");

const SVG = "http://www.w3.org/2000/svg";

// A chart of one line for each class, the last of which is drawn on top.
export function chart(points, kinds) {
  const svg = document.createElementNS(SVG, "svg"), lines = [];
  svg.setAttribute("viewBox", `0 0 ${points - 1} 30`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const kind of kinds) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", kind);
    svg.append(line);
    lines.unshift(line);
  }
  return [svg, lines];
}

export function draw(lines, series, points) {
  const most = Math.max(1e-9, ...series.flat());
  lines.forEach((line, position) => {
    const values = series[position], first = points - values.length;
    line.setAttribute("d", values.map((value, index) => `${index ? "L" : "M"}${first + index} ${(29 - (28 * value) / most).toFixed(2)}`).join(""));
  });
}
