// The room that the page watches: what it is about, and what its comments were taken for.
import { $, chart, clock, draw, make, number, plain } from "./dom.js";

const KEPT_COMMENTS = 40, POINTS = 120;
const PARTS = ["room-heat", "room-questions", "room-wanted", "room-bursts", "room-said"];
const MOODS = ["positive", "neutral", "negative"];
const [heatChart, heatLines] = chart(POINTS, ["one"]);
const ASKS = { ask_price: "price", ask_size: "size", ask_stock: "stock", ask_delivery: "delivery", ask_quality: "quality", ask_show: "a closer look" };
const SOURCES = { catalogue: "from the catalogue", host: "said by the host", policy: "by the shop's policy" };
let heat = [], now = null, told = 0;

// Choose a room, or none.
export function watch(room) {
  heat = [];
  now = null;
  $("room-view").hidden = !room;
  $("room-title").textContent = room;
  $("on-air").replaceChildren(make("p", { class: "empty" }, "…"));
  for (const id of [...PARTS, "room-comments"]) $(id).replaceChildren();
  $("no-comments").hidden = false;
}

export function room(said) {
  told = Date.now();
  now = said;
  $("room-title").textContent = said.title || said.room;
  if (!said.known) {
    for (const id of PARTS) $(id).replaceChildren();
    $("on-air").replaceChildren(make("p", { class: "empty" }, "Nothing is known of this room: it is not live, or nobody has said anything yet."));
    return;
  }
  heat = [...heat, said.comments].slice(-POINTS);
  onAir();
  draw(heatLines, [heat], POINTS);
  const all = MOODS.reduce((sum, mood) => sum + (said.mood[mood] || 0), 0);
  $("room-heat").replaceChildren(
    make("p", { class: "big" }, number(said.comments), make("small", {}, " comments a minute")), heatChart,
    make("p", { class: "empty" }, `${number(said.viewers)} people wrote in the last minutes`),
    ...MOODS.map((mood) => bar(mood, said.mood[mood] || 0, all)));
  list("room-questions", said.questions, question, "No question is open.");
  list("room-wanted", said.wanted, (one) => [make("span", {}, one.title), make("span", { class: "took" }, number(one.amount, 1))], "Nothing yet.");
  list("room-bursts", said.bursts, burst, "None.");
  list("room-said", said.said, (one) => [make("strong", {}, one.title), make("span", { class: "words" }, one.points.join(" · "))], "Nothing yet.");
}

export function comments(found) {
  $("no-comments").hidden = true;
  $("room-comments").prepend(...found.reverse().map(comment));
  while ($("room-comments").children.length > KEPT_COMMENTS) $("room-comments").lastElementChild.remove();
}

function onAir() {
  if (!now || !now.known) return;
  if (!now.on_air) {
    $("on-air").replaceChildren(make("p", { class: "big" }, "Nothing known to be on air"), now.speech ? make("p", { class: "speech" }, now.speech) : "");
    return;
  }
  const seconds = now.for_s === null ? null : Math.floor(now.for_s + (Date.now() - told) / 1000);
  const by = now.by === "room" ? "by the room's record" : `by what the host says, ${number(100 * now.confidence)} % sure`;
  $("on-air").replaceChildren(
    make("p", { class: "big" }, now.on_air),
    make("p", { class: "empty" }, [seconds === null ? null : `for ${seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}`, by].filter(Boolean).join(" · ")),
    now.speech ? make("p", { class: "speech" }, now.speech) : "",
    now.shown.length ? make("p", { class: "empty" }, `before: ${now.shown.join(" · ")}`) : "");
}

function bar(mood, value, all) {
  const filled = make("span", { class: `bar ${mood}` });
  filled.style.width = `${(100 * value) / (all || 1)}%`;
  return make("div", { class: "part" }, make("span", {}, mood), make("span", {}, filled), make("span", {}, number(value, 1)));
}

function question(one) {
  return [
    make("span", {}, one.text ? `“${one.text}”` : `About ${ASKS[one.intent] || plain(one.intent)}`,
      one.asked > 1 ? make("span", { class: "took" }, ` ×${number(one.asked)}`) : null,
      one.item ? make("span", { class: "words" }, one.item) : null),
    one.answer
      ? make("span", { class: "answer" }, one.answer, make("span", { class: "words" }, SOURCES[one.source] || ""))
      : make("span", { class: "note" }, "open"),
  ];
}

function burst(one) {
  return [
    make("span", {}, one.text ? `“${one.text}”` : "like comments"),
    make("span", { class: "took" }, `${number(one.comments)} by ${number(one.users)} people · ${clock(one.ts)}`),
  ];
}

function comment(one) {
  const chips = [
    ...one.intents.map((intent) => make("span", { class: "chip" }, plain(intent))),
    one.sentiment === "neutral" ? null : make("span", { class: `chip ${one.sentiment}` }, one.sentiment),
    ...one.items.map((item) => make("span", { class: "chip item" }, `${item.title} (${plain(item.ref)})`)),
    ...one.unwanted.map((title) => make("span", { class: "chip item" }, make("s", {}, title), " not wanted")),
  ];
  return make("li", {},
    make("span", { class: "who" }, make("span", {}, make("strong", {}, one.viewer), one.text ? ` ${one.text}` : ""), make("span", { class: "took" }, `${clock(one.ts)} · ${one.lang}`)),
    make("span", { class: "chips" }, ...chips));
}

function list(id, found, show, none) {
  $(id).replaceChildren(...(found.length ? found.map((one) => make("li", {}, ...show(one))) : [make("li", { class: "empty" }, none)]));
}

setInterval(onAir, 1000);
