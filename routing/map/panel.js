"use strict";
// Words, marks, popups and the panel.

// Maps, not objects: an order may be called "constructor".
const moves = new Map(Object.entries(data.moves));
const dropped = new Map(Object.entries(data.dropped));
const added = new Set(data.added);
const state = { view: data.after, vehicle: null };

// ------------------------------------------------------------------------------------------------- words and numbers
const KIND = { hub: "dépôt", home: "domicile", relay: "point relais", locker: "consigne", post_office: "bureau de poste" };
const LIMIT = { parcels: "colis", load_g: "masse", volume_dm3: "volume" };
const at = (where) => (where ? `sur ${where.vehicle} à ${where.at}` : "hors tournée");

function history(order) {
  const move = moves.get(order);
  if (move && move.was) return `était ${at(move.was)}, maintenant ${at(move.now)}`;
  if (move) return `déplacée, maintenant ${at(move.now)}`;
  if (dropped.has(order)) return `était ${at(dropped.get(order))}, maintenant hors tournée`;
  return added.has(order) ? "nouvelle commande" : "";
}

function news(order) {
  const text = history(order);
  return text ? el("mark", { class: added.has(order) ? "new" : "" }, text) : null;
}

// ------------------------------------------------------------------------------------------------------------ elements
// Marks are paths on a 24 x 24 square, [path, fill, stroke]: drawn as SVG in the page and on a canvas for the map.
const ICONS = {
  relay: [["M12 2.5 21.5 12 12 21.5 2.5 12Z", "#fff", "#334155"], ["M12 8v8M8 12h8", "none", "#334155"]],
  locker: [["M4.5 4.5h15v15h-15Z", "#fff", "#334155"], ["M12 4.5v15M4.5 12h15", "none", "#334155"]],
  post_office: [["M3 6h18v12H3Z", "#fff", "#334155"], ["m3 6 9 7 9-7", "none", "#334155"]],
  postponed: [["M12 2 23 21.5H1Z", "#ffc247", "#7a4a00"], ["M12 9v6m0 2.4v.8", "none", "#7a4a00"]],
  unassigned: [["M7.5 1.5h9l6 6v9l-6 6h-9l-6-6v-9Z", "#d43333", "#fff"], ["m8 8 8 8m0-8-8 8", "none", "#fff"]],
  added: [["m12 1.5 3.1 6.9 7.4.8-5.5 5 1.5 7.3L12 17.8l-6.5 3.7L7 14.2l-5.5-5 7.4-.8Z", "#ffe066", "#3d3200"]],
  moved: [["M12 3a9 9 0 1 1-.01 0Z", "none", "#d6007a"], ["M12 8.5a3.5 3.5 0 1 1-.01 0Z", "#5b6675", "none"]],
  hub: [["M3 21V9.5L12 4l9 5.5V21h-5v-7H8v7Z", "#fff", "none"]],
  start: [["M12 4a8 8 0 1 1-.01 0Z", "#5b6675", "#1b2430"]],
  stop: [["M12 5.5a6.5 6.5 0 1 1-.01 0Z", "#5b6675", "#fff"]],
  driven: [["M1 12h22", "none", "#5b6675"]],
  zone: [["M2 5h20v14H2Z", "#0f8a6b26", "#0f8a6b"]],
};
const STROKE = { moved: 3.5, driven: 4, start: 3 };

function icon(name) {
  const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = make("svg");
  for (const pair of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": true })) svg.setAttribute(...pair);
  for (const [d, fill, stroke] of ICONS[name]) {
    const path = make("path");
    const drawn = { d, fill, stroke, "stroke-width": STROKE[name] ?? 1.8, "stroke-linejoin": "round" };
    for (const pair of Object.entries(drawn)) path.setAttribute(...pair);
    svg.append(path);
  }
  return svg;
}

function iconPixels(name) {
  const context = Object.assign(document.createElement("canvas"), { width: 52, height: 52 }).getContext("2d");
  context.setTransform(2, 0, 0, 2, 2, 2);
  context.lineJoin = "round";
  context.lineWidth = 1.8;
  for (const [d, fill, stroke] of ICONS[name]) {
    const path = new Path2D(d);
    if (fill !== "none") { context.fillStyle = fill; context.fill(path); }
    if (stroke !== "none") { context.strokeStyle = stroke; context.stroke(path); }
  }
  return context.getImageData(0, 0, 52, 52);
}

// -------------------------------------------------------------------------------------------------------------- popups
const popups = {
  stops: (stop) => [
    el("h3", {}, `Arrêt ${stop.sequence} · ${stop.arrival}`),
    el("p", {}, `${stop.vehicle} · ${KIND[stop.kind]} ${stop.name}`),
    el("p", {}, stop.address),
    stop.kind === "hub" ? el("p", {}, `nouveau chargement : ${plural(stop.loaded, "colis")}`) : null,
    el("p", {}, `service ${stop.start}–${stop.end}`, stop.zones.length ? ` · zone ${stop.zones.join(", ")}` : ""),
    ...stop.orders.map((order) => el("article", {},
      el("b", {}, order.id), ` · ${order.at} · ${plural(order.parcels, "colis")}`,
      el("p", {}, order.windows.length ? `créneau ${order.windows.join(", ")}` : "sans créneau"),
      order.late_minutes ? el("p", {}, `en retard de ${order.late_minutes} min sur l’heure promise`) : null,
      order.boxes.length ? el("p", {}, `casier ${order.boxes.join(", ")}`) : null,
      news(order.id))),
  ],
  lone: (order) => [
    el("h3", {}, order.kind === "postponed" ? `Reporté · ${longDay(order.to_day)}` : "Non servi"),
    el("p", {}, el("b", {}, order.order), ` · ${plural(order.parcels, "colis")}`),
    el("p", {}, order.address),
    order.windows.length ? el("p", {}, `créneau ${order.windows.join(", ")}`) : null,
    ...order.reasons.map((reason) => el("article", {}, el("b", {}, reason.label), el("p", {}, reason.text), el("p", {}, reason.code))),
    news(order.order),
  ],
  places: (place) => [
    el("h3", {}, place.name || place.id),
    el("p", {}, [KIND[place.kind], place.brand, place.id].filter(Boolean).join(" · ")),
    el("p", {}, place.address),
    el("p", {}, place.hours ? `ouvert ${place.hours}` : "toujours ouvert"),
    place.boxes.length ? el("p", {}, `casiers libres : ${place.boxes.map((box) => `${box.free} ${box.size}`).join(", ")}`) : null,
  ],
  zones: (zone) => [
    el("h3", {}, zone.name || "Zone à faibles émissions"),
    el("p", {}, zone.id, zone.legal_persons_only ? " · personnes morales seulement" : ""),
    ...zone.rules.map((rule) => el("article", {},
      el("b", {}, CATEGORY[rule.category]), ` : interdit à partir de ${critair(rule.first_banned)}`, el("p", {}, rule.hours))),
    zone.rules.length ? null : el("p", {}, "aucune restriction"),
    /^https?:\/\//i.test(zone.decree_url)
      ? el("a", { href: zone.decree_url, target: "_blank", rel: "noopener noreferrer" }, "Arrêté") : el("p", {}, zone.decree_url),
  ],
  starts: (start) => [el("h3", {}, start.vehicle), el("p", {}, "en route : la tournée repart d’ici")],
  hubs: (hub) => [el("h3", {}, hub.name || hub.id), el("p", {}, `dépôt · ${hub.id}`)],
};
// --------------------------------------------------------------------------------------------------------------- panel
function renderTotals() {
  const { totals, done } = state.view;
  const was = data.before && state.view !== data.before ? data.before.totals : null;
  const figure = (label, name, format = number, mark = "") => el("div", { class: mark },
    el("dt", {}, label, was ? el("small", {}, `avant ${format(was[name])}`) : ""), el("dd", {}, format(totals[name])));
  byId("totals").replaceChildren(
    figure(`Servies / ${number(totals.orders)}`, "served"),
    figure("Reporté", "postponed", number, totals.postponed ? "late" : ""),
    figure("Non servi", "unassigned", number, totals.unassigned ? "lost" : ""),
    figure("km", "distance_m", (metres) => number(metres / 1000)),
    figure("kg CO2e", "co2e_g", (grams) => number(grams / 1000, 1)),
    figure("coût", "cost_cents", (cents) => `${number(cents / 100)} €`));
  byId("done").textContent = done ? `${plural(done, "commande")} déjà remise${done > 1 ? "s" : ""} avant ce plan` : "";
}

function stepRow(stop) {
  const { sequence, arrival, name, address, orders } = stop.properties;
  const marks = orders.map((order) => news(order.id)).filter(Boolean).map((mark) => el("small", {}, mark));
  return el("li", {}, el("button", { class: "row", type: "button", onclick: () => show("stops", stop) },
    el("span", {}, arrival), el("span", {}, `${sequence}. ${name || address || orders[0].id}`, ...marks)));
}

function steps(tour) {
  const pauses = (after) => tour.breaks.filter((taken) => taken.after_stop === after)
    .map((taken) => el("li", { class: "pause" }, `${taken.start} · pause de ${taken.minutes} min`));
  const stops = state.view.stops.features.filter((stop) => stop.properties.vehicle === tour.vehicle);
  return el("ol", { class: "steps" }, ...pauses(0), ...stops.flatMap((stop) => [stepRow(stop), ...pauses(stop.properties.sequence)]));
}

function tourItem(tour) {
  const open = tour.vehicle === state.vehicle;
  const stops = state.view.stops.features.filter((stop) => stop.properties.vehicle === tour.vehicle).length;
  const button = el("button", { class: "tour", type: "button", colour: tour.colour, "aria-expanded": open, "data-vehicle": tour.vehicle,
    onclick: () => select(open ? null : tour.vehicle) },
    el("i"), el("b", {}, tour.name ? `${tour.name} · ${tour.vehicle}` : tour.vehicle), el("time", {}, `${tour.start}–${tour.end}`),
    el("span", { class: "class" }, `${CATEGORY[tour.category]} · ${critair(tour.critair)} · ${ENERGY[tour.energy]}`),
    el("span", { class: "figures" }, el("span", {}, plural(stops, "arrêt")), el("span", {}, `${number(tour.distance_m / 1000, 1)} km`),
      el("span", { class: "meter" }, el("s", { style: `width: ${Math.min(100, tour.load_percent)}%` })),
      el("span", { title: `charge, au plus juste : ${LIMIT[tour.load_limit]}` }, `${tour.load_percent} %`)));
  return el("li", {}, button, ...(open ? [steps(tour)] : []));
}

function renderLists() {
  const ofOrder = new Map(state.view.stops.features.flatMap((stop) => stop.properties.orders.map((order) => [order.id, ["stops", stop]])));
  for (const lone of state.view.lone.features) ofOrder.set(lone.properties.order, ["lone", lone]);
  const row = (id, text) => el("li", {}, el("button", { class: "row", type: "button", onclick: () => show(...ofOrder.get(id)) },
    el("span", {}, id, el("small", {}, text))));
  const list = (mark, label, rows) => (rows.length
    ? [el("details", {}, el("summary", {}, icon(mark), label, el("span", {}, number(rows.length))), el("ul", {}, ...rows))] : []);
  const lone = (kind) => state.view.lone.features.map((each) => each.properties).filter((each) => each.kind === kind)
    .map((each) => row(each.order, each.reasons[0].label));
  const known = (ids) => ids.filter((id) => ofOrder.has(id)).map((id) => row(id, history(id)));
  byId("lists").replaceChildren(
    ...list("unassigned", "Non servi", lone("unassigned")), ...list("postponed", "Reporté", lone("postponed")),
    ...list("moved", "Arrêts déplacés", known([...moves.keys()])), ...list("added", "Nouvelles commandes", known(data.added)));
}

function renderPanel() {
  renderTotals();
  byId("tours").replaceChildren(...state.view.tours.map(tourItem));
  byId("all").hidden = state.vehicle === null;
  renderLists();
}
