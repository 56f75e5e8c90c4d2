import { $, chart, clock, draw, make, ms, number, plain, rate } from "./dom.js";
import * as rooms from "./room.js";

const KEPT_LISTS = 100, KEPT_LETTERS = 50, POINTS = 120, SHOWN_ROOMS = 12;
const state = { words: { features: {}, filters: {}, dead: {} }, lists: [], letters: [], chosen: null, paused: false, series: {}, tiles: {}, rooms: new Map() };

// Figures

const TILES = {
  records: ["Events", true], lists: ["Lists", true], latency: ["Latency", true],
  lag: ["Lag", true], degraded: ["Degraded", false], dead: ["Dead letters", false],
};

function tiles() {
  for (const [name, [title, drawn]] of Object.entries(TILES)) {
    const value = make("p"), note = make("small"), tile = make("div", { class: "tile", id: `tile-${name}` }, make("h2", {}, title), value);
    state.tiles[name] = { value, note, lines: [] };
    state.series[name] = [[], []];
    if (drawn) {
      const [svg, lines] = chart(POINTS, ["two", "one"]);
      state.tiles[name].lines = lines;
      tile.append(svg);
    }
    tile.append(note);
    $("figures").append(tile);
  }
}

function show(name, text, note, ...values) {
  const tile = state.tiles[name], series = state.series[name];
  tile.value.textContent = text;
  tile.note.textContent = note;
  values.forEach((value, position) => { series[position] = [...series[position], value ?? 0].slice(-POINTS); });
  draw(tile.lines, series, POINTS);
}

function figures(now) {
  const status = $("status"), lag = Object.values(now.lag).reduce((sum, one) => sum + one, 0);
  status.textContent = now.not_ready.length ? now.not_ready.join("; ") : "serving";
  status.className = `pill ${now.not_ready.length ? "bad" : "good"}`;
  $("model").textContent = [now.model.name, now.model.revision, (now.model.provider || "").replace("ExecutionProvider", ""), now.model.blend].filter(Boolean).join(" · ") || "–";
  $("reading").textContent = reads(now.reading);
  $("memory").textContent = now.memory_bytes ? `${number(now.memory_bytes / 2 ** 20)} MiB` : "–";
  show("records", `${rate(now.records_s)}/s`, "read from Kafka", now.records_s);
  show("lists", `${rate(now.lists_s)}/s`, `${number(now.lists_total)} so far`, now.lists_s);
  show("latency", ms(now.latency.p50), `p50; p99 ${ms(now.latency.p99)}`, now.latency.p50, now.latency.p99);
  show("lag", number(lag), `records; ${number(now.queue)} fetched and waiting`, lag);
  const kinds = Object.entries(now.degraded).map(([kind, count]) => `${kind} ${number(count)}`).join(", ");
  show("degraded", now.degraded_share === null ? "–" : `${number(100 * now.degraded_share, 1)} %`, kinds || "of the lists of the last 10 s");
  const reasons = Object.entries(now.dead_letters).map(([reason, count]) => `${plain(reason)} ${number(count)}`).join(", ");
  show("dead", number(now.dead_letters_total), reasons || "since the worker started");
  const ranking = now.stages.filter((one) => !["rank", "apply", "item_stats"].includes(one.stage)).reduce((sum, one) => sum + one.seconds, 0);
  rows("stages", now.stages.map((one) => [
    plain(one.stage), number(one.p50, 1), number(one.p99, 1),
    ["rank", "apply", "item_stats"].includes(one.stage) ? "" : `${number((100 * one.seconds) / (ranking || 1))} % of ranking`,
  ]));
  const topics = [...new Set([...Object.keys(now.lag), ...Object.keys(now.topics)])];
  rows("lag", topics.map((topic) => [topic, rate(now.topics[topic] || 0), number(now.lag[topic] || 0)]));
  rows("removed", [["kept", number(now.kept)], ...Object.entries(now.removed).map(([filter, count]) => [worded(filter, state.words.filters), number(count)])]);
}

function reads(reading) {
  if (reading.promised === undefined) return "–";
  const what = reading.promised === 0 ? "reads nothing: no time" : reading.promised === 1 ? "reads all it is asked" : `reads ${number(100 * reading.promised)} % of what it is asked`;
  const able = reading.scored_per_s === undefined ? "" : `; scores ${number(reading.scored_per_s)}/s`;
  return `${what} (${rate(reading.wanted_per_s)} pairs/s${able}), busy ${number(100 * reading.model)} %`;
}

function worded(code, words) {
  const text = words[code];
  return make("span", {}, plain(code), text ? make("span", { class: "words" }, text) : null);
}

function rows(id, table) {
  $(id).tBodies[0].replaceChildren(...table.map((cells) => make("tr", {}, ...cells.map((cell, column) =>
    column === 0 ? make("td", {}, cell) : make("td", { class: typeof cell === "string" && /^[\d–]/.test(cell) ? "n" : null }, cell)))));
}

// Lists

const DID = { views: "looked at", purchases: "bought", danmaku: "wrote", feedback: "answered" };

function happened(list) {
  if (list.text) return `wrote “${list.text}”`;
  const did = DID[list.topic] || list.topic;
  return list.item ? `${did} ${list.item}` : list.topic === "danmaku" ? "wrote a comment" : did;
}

function lists(found) {
  if (state.paused) return;
  for (const list of found) {
    $("weights").textContent = list.weights;
    if (list.room && !state.rooms.has(list.room)) {
      state.rooms.set(list.room, list.room_title);
      $("rooms").append(make("option", { value: list.room }, list.room_title || list.room));
      if (state.rooms.size <= SHOWN_ROOMS) $("room-buttons").append(make("button", { type: "button", "data-room": list.room }, list.room_title || list.room));
    }
    state.lists.unshift(list);
    const button = make("button", { type: "button", "data-id": list.id },
      make("span", { class: "who" },
        make("span", { class: "did" }, make("strong", {}, list.viewer), ` ${happened(list)}`, list.degraded ? make("span", { class: "note" }, ` ${list.degraded}`) : null),
        make("span", { class: "took" }, `${clock(list.generated_ts)} · ${ms(list.waited_ms)}`)),
      make("span", { class: "top" }, list.items.slice(0, 3).map((item) => item.title).join(" · ") || "an empty list"));
    $("lists").prepend(make("li", {}, button));
  }
  state.lists.length = Math.min(state.lists.length, KEPT_LISTS);
  while ($("lists").children.length > KEPT_LISTS) $("lists").lastElementChild.remove();
  // Without a choice the first list is shown; with a chosen viewer or room always the newest, until one is clicked.
  const follows = $("user").value || $("room").value;
  if (state.chosen === null || (state.chosen === "" && follows)) open(state.lists[0], false);
}

function open(list, asked = true) {
  state.chosen = asked ? list.id : "";
  for (const button of $("lists").querySelectorAll("button")) {
    if (button.dataset.id === list.id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  const most = Math.max(1e-9, ...list.items.flatMap((item) => Object.values(item.scores).map(Math.abs)));
  const total = Object.values(list.phases_ms).reduce((sum, one) => sum + one, 0);
  $("detail").replaceChildren(
    make("div", { class: "head" },
      make("h2", { id: "detail-title" }, `${list.viewer} ${happened(list)}`),
      make("button", { type: "button", id: "only" }, "Only this viewer")),
    make("p", { class: "empty" }, [
      list.room ? `in ${list.room_title || list.room}` : null, `list ${list.seq}`, `answers ${list.covers} event${list.covers === 1 ? "" : "s"}`,
      `${number(total, 1)} ms of ranking`, list.model.name === "none" ? "without BERT" : `${list.model.name} ${list.model.revision} read ${list.model.depth}${list.model.pairs ? `: ${list.model.pairs}` : ""}`, `weights ${list.weights}`,
      list.degraded ? `degraded: ${list.degraded}` : null,
    ].filter(Boolean).join(" · ")),
    make("p", { class: "empty" }, "Open an item to see what makes its score."),
    make("ol", { class: "ranked" }, ...list.items.map((item, position) => ranked(item, position, most))),
    make("details", { id: "removed-here" }, make("summary", {}, "What the filters remove for this viewer now"), make("p", { class: "empty" }, "…")),
    make("details", {}, make("summary", {}, "Time by phase"), ...Object.entries(list.phases_ms).map(([name, value]) => part(plain(name), value, total, " ms"))),
  );
  $("removed-here").addEventListener("toggle", () => removedFor(list.viewer), { once: true });
  $("only").addEventListener("click", () => { $("user").value = list.viewer; $("room").value = ""; connect(); });
}

async function removedFor(viewer) {
  const answer = await fetch(`/removed?${new URLSearchParams({ viewer })}`);
  const said = await answer.json(), place = $("removed-here");
  if (!place) return;
  const found = Object.entries(said.removed || {});
  place.replaceChildren(place.firstElementChild, ...(found.length
    ? found.map(([filter, { count, titles }]) => make("p", { class: "empty" }, make("strong", {}, `${number(count)} by ${plain(filter)}: `), titles.join(" · "), count > titles.length ? " …" : ""))
    : [make("p", { class: "empty" }, said.error || "Nothing: every candidate stays.")]));
}

function ranked(item, position, most) {
  return make("li", {}, make("details", {},
    make("summary", {},
      make("span", { class: "rank" }, String(position + 1)), make("span", { class: "title" }, item.title), make("span", { class: "score" }, number(item.score, 3)),
      make("span", { class: "why" }, item.why.join(" "))),
    ...Object.entries(item.scores).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).map(([name, value]) => part(plain(name), value, most, "")),
    item.room ? make("p", { class: "empty" }, `On the shelf of ${item.room}.`) : null));
}

function part(name, value, most, unit) {
  const bar = make("span", { class: value < 0 ? "bar less" : "bar" });
  bar.style.width = `${(100 * Math.abs(value)) / (most || 1)}%`;
  return make("div", { class: "part" }, make("span", {}, name), make("span", {}, bar), make("span", {}, `${number(value, 3)}${unit}`));
}

// Dead letters

function letters(found) {
  state.letters = [...found.reverse(), ...state.letters].slice(0, KEPT_LETTERS);
  $("no-letters").hidden = true;
  rows("letters", state.letters.map((one) => [
    clock(one.timestamp), `${one.topic}-${one.partition}-${one.offset}`, plain(one.reason),
    make("span", {}, state.words.dead[one.reason] || "", make("span", { class: "words" }, one.value === null ? one.message : `${one.message} ${one.value}`)),
  ]));
}

// The stream

let source = null;

function connect() {
  source?.close();
  const chosen = new URLSearchParams();
  for (const name of ["user", "room"]) if ($(name).value.trim()) chosen.set(name, $(name).value.trim());
  state.lists = [];
  state.chosen = null;
  $("lists").replaceChildren();
  rooms.watch(chosen.get("room"));
  for (const button of $("room-buttons").children) button.setAttribute("aria-pressed", String(button.dataset.room === chosen.get("room")));
  source = new EventSource(`/feed?${chosen}`);
  const handlers = { words: (said) => { state.words = said; }, figures, lists, letters, room: rooms.room, comments: (found) => { if (!state.paused) rooms.comments(found); } };
  for (const [kind, handle] of Object.entries(handlers)) source.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    $("status").textContent = source.readyState === EventSource.CLOSED ? "refused: reload this page to log in again" : "connection lost, trying again";
    $("status").className = "pill bad";
  });
}

$("choice").addEventListener("submit", (event) => { event.preventDefault(); connect(); });
$("choice").addEventListener("reset", () => setTimeout(connect));
$("room-buttons").addEventListener("click", (event) => {
  const room = event.target.closest("button")?.dataset.room;
  if (!room) return;
  $("user").value = "";
  $("room").value = $("room").value.trim() === room ? "" : room;
  connect();
});
$("pause").addEventListener("click", () => {
  state.paused = !state.paused;
  $("pause").setAttribute("aria-pressed", String(state.paused));
});
$("lists").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const list = button && state.lists.find((one) => one.id === button.dataset.id);
  if (list) open(list);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { $("choice").reset(); return; }
  if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") { event.preventDefault(); $("user").focus(); }
  if (event.key === "p") $("pause").click();
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const buttons = [...$("lists").querySelectorAll("button")], at = buttons.indexOf(document.activeElement);
    if (!buttons.length || (at < 0 && event.target.closest("#detail"))) return;
    event.preventDefault();
    buttons[Math.max(0, Math.min(buttons.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
  }
});

tiles();
connect();
