"use strict";
// The map itself and what a click or a key does; the panel and its words are in panel.js.

// ----------------------------------------------------------------------------------------------------------------- map
const OF_PLAN = ["lines", "stops", "starts", "lone"]; // sources that change with the plan shown
const SHARED = ["relay", "locker", "post_office"];
// Layers that answer a click, the first one hit wins, and the collection their features come from.
const CLICK = { lone: "lone", stops: "stops", starts: "starts", relay: "places", locker: "places", post_office: "places",
  "tours-line": "lines", "tours-straight": "lines", "zones-edge": "zones", zones: "zones" };
let pins = [];

// Each feature with whether one of its orders changed vehicle (moved) or is new (added).
function marked(collection) {
  const mark = ({ properties, ...rest }) => {
    const ids = properties.orders ? properties.orders.map((order) => order.id) : [properties.order];
    const flags = { moved: ids.some((id) => moves.has(id)), added: ids.some((id) => added.has(id)) };
    return { ...rest, properties: { ...properties, ...flags } };
  };
  return { ...collection, features: collection.features.map(mark) };
}

function tourLayers() {
  const line = (id, straight, paint) => ({
    id, type: "line", source: "lines", layout: ROUND, filter: ["==", ["get", "straight"], straight], paint,
  });
  const tour = { "line-color": ["get", "colour"], "line-width": byZoom(10, 2.2, 16, 6) };
  return [
    line("tours-edge", false, { "line-color": "#fff", "line-width": byZoom(10, 3.6, 16, 9) }),
    line("tours-line", false, tour), line("tours-straight", true, { ...tour, "line-dasharray": [1.2, 1.8] }),
    line("tour-selected", false, tour), // again, above what the other tours' faint lines would tint
  ];
}

function markLayers() {
  const image = (id, source, name, filter, size, offset = [0, 0]) => ({ id, type: "symbol", source, filter,
    layout: { "icon-image": name, "icon-allow-overlap": true, "icon-size": size, "icon-offset": offset } });
  const circle = (id, source, filter, radius, colour, stroke, width) => ({ id, type: "circle", source, filter,
    paint: { "circle-radius": radius, "circle-color": colour, "circle-stroke-color": stroke, "circle-stroke-width": width } });
  const own = ["get", "colour"];
  return [
    ...SHARED.map((kind) => image(kind, "places", kind, ["==", ["get", "kind"], kind], byZoom(10, 0.45, 15, 0.9))),
    circle("moved", "stops", ["get", "moved"], byZoom(10, 5.5, 15, 13), "#d6007a", "#d6007a", byZoom(10, 2.2, 15, 3.5)),
    circle("stops", "stops", true, byZoom(10, 2.6, 15, 8), own, "#fff", byZoom(10, 0.8, 15, 2)),
    circle("starts", "starts", true, 8, own, "#1b2430", 3),
    image("added", "stops", "added", ["get", "added"], byZoom(10, 0.4, 15, 0.6), [13, -13]),
    image("lone", "lone", ["get", "kind"], true, byZoom(10, 0.7, 15, 1)),
  ];
}

function layers() {
  const area = ["in", "Polygon", ["geometry-type"]]; // a MultiPolygon too
  const dashes = { "line-color": "#0f8a6b", "line-width": 1.6, "line-dasharray": [4, 2] };
  return [
    { id: "background", type: "background", paint: { "background-color": "#e9e6e0" } },
    { id: "zones", type: "fill", source: "zones", filter: area, paint: { "fill-color": "#10b981", "fill-opacity": 0.13 } },
    ...streetLayers(),
    { id: "zones-edge", type: "line", source: "zones", paint: dashes },
    ...tourLayers(), ...markLayers(),
  ];
}

function createMap() {
  const shown = Object.fromEntries(OF_PLAN.map((name) => [name, marked(state.view[name])]));
  const drawn = extent([state.view.lines, state.view.stops, state.view.hubs]);
  const created = openMap({ streets: data.streets, zones: data.zones, places: data.places, ...shown }, layers(),
    drawn.isEmpty() ? extent([data.streets]) : drawn, 48);
  created.on("styleimagemissing", ({ id }) => created.addImage(id, iconPixels(id), { pixelRatio: 2 }));
  created.on("click", onClick);
  created.on("mousemove", (event) => { created.getCanvas().style.cursor = hit(event.point) ? "pointer" : ""; });
  return created;
}

function hit(point) {
  const near = [[point.x - 3, point.y - 3], [point.x + 3, point.y + 3]];
  const found = map.queryRenderedFeatures(near, { layers: Object.keys(CLICK) });
  const top = Object.keys(CLICK).find((layer) => found.some((feature) => feature.layer.id === layer));
  return top && { layer: top, ids: [...new Set(found.filter((feature) => feature.layer.id === top).map((feature) => feature.id))] };
}

function onClick(event) {
  const target = hit(event.point);
  if (!target) return;
  const name = CLICK[target.layer];
  // Features come back from the tiles with nested values as text: the originals are found by id.
  const features = target.ids.map((id) => (data[name] ?? state.view[name]).features[id]);
  if (name === "lines") select(features[0].properties.vehicle);
  else openPopup(name, name === "zones" ? features.map((each) => ({ ...each, at: event.lngLat })) : features.slice(0, 8));
}

function renderMap() {
  const dim = (layer, property, bright, faint) => map.setPaintProperty(layer, property,
    state.vehicle === null ? bright : ["case", ["==", ["get", "vehicle"], state.vehicle], bright, faint]);
  dim("tours-edge", "line-opacity", 0.85, 0);
  for (const layer of ["tours-line", "tours-straight"]) dim(layer, "line-opacity", 1, 0.13);
  for (const layer of ["stops", "starts", "moved"]) dim(layer, "circle-stroke-opacity", 1, 0.18);
  for (const layer of ["stops", "starts"]) dim(layer, "circle-opacity", 1, 0.15);
  dim("moved", "circle-opacity", 0.16, 0.03);
  dim("added", "icon-opacity", 1, 0.2);
  map.setFilter("tour-selected", ["all", ["!", ["get", "straight"]], ["==", ["get", "vehicle"], state.vehicle ?? ""]]);
  renderPins();
}

function marker(feature, kind, label, attributes, content) {
  const open = (event) => { event.stopPropagation(); openPopup(kind, [feature]); };
  const node = el("button", { type: "button", ...attributes, onclick: open }, content);
  const made = new maplibregl.Marker({ element: node }).setLngLat(feature.geometry.coordinates).addTo(map);
  node.setAttribute("aria-label", label); // only now: addTo writes its own
  return made;
}

function renderPins() {
  for (const pin of pins) pin.remove();
  const hubs = state.view.hubs.features.map((hub) => marker(hub, "hubs", `Dépôt ${hub.properties.id}`, { class: "hub" }, icon("hub")));
  const stops = marked(state.view.stops).features.filter((stop) => stop.properties.vehicle === state.vehicle).map((stop) => {
    const { sequence, arrival, colour } = stop.properties;
    const flags = ["pin", ...["moved", "added"].filter((name) => stop.properties[name])].join(" ");
    return marker(stop, "stops", `Arrêt ${sequence}, ${arrival}`, { class: flags, colour }, String(sequence));
  });
  pins = [...hubs, ...stops];
}

let popup = null;

function openPopup(kind, features) {
  if (popup) popup.remove();
  const content = el("div", { class: "popup" }, ...features.flatMap((feature) => popups[kind](feature.properties)));
  popup = new maplibregl.Popup({ maxWidth: "330px", offset: 12 })
    .setLngLat(kind === "zones" ? features[0].at : features[0].geometry.coordinates).setDOMContent(content).addTo(map);
}

function show(kind, feature) {
  if (!map) return;
  map.easeTo({ center: feature.geometry.coordinates, zoom: Math.max(map.getZoom(), 14) });
  openPopup(kind, [feature]);
}

// ------------------------------------------------------------------------------------------------------------- actions
function render() {
  if (popup) popup.remove();
  if (!state.view.tours.some((tour) => tour.vehicle === state.vehicle)) state.vehicle = null;
  const focused = document.activeElement.dataset.vehicle;
  renderPanel();
  if (focused) tourButton(focused)?.focus({ preventScroll: true }); // the list was built anew: keep the keyboard's place
  if (map) renderMap();
}

function tourButton(vehicle) {
  return document.querySelector(`[data-vehicle="${CSS.escape(vehicle)}"]`);
}

function showPlan(view) {
  state.view = view;
  if (map) for (const name of OF_PLAN) map.getSource(name).setData(marked(view[name]));
  render();
}

function select(vehicle) {
  state.vehicle = vehicle;
  render();
  if (vehicle !== null) tourButton(vehicle).scrollIntoView({ block: "nearest" });
  if (!map) return;
  const mine = (feature) => vehicle === null || feature.properties.vehicle === vehicle;
  const box = extent([state.view.lines, state.view.stops].map(({ features }) => ({ features: features.filter(mine) })));
  if (!box.isEmpty()) map.fitBounds(box, { padding: 60, maxZoom: 15.5 });
}

function renderLegend() {
  const toggle = (mark, label, ids) => {
    const box = el("input", { type: "checkbox", checked: "", onchange: () => {
      for (const id of ids) map.setLayoutProperty(id, "visibility", box.checked ? "visible" : "none");
    } });
    return el("label", {}, icon(mark), label, box);
  };
  const row = (mark, label) => el("div", {}, icon(mark), label);
  const kinds = new Set(data.places.features.map((place) => place.properties.kind));
  byId("legend-rows").replaceChildren(
    row("driven", "tournée (une couleur par véhicule)"), row("stop", "arrêt"), row("start", "véhicule en route"),
    ...(data.before ? [row("moved", "arrêt déplacé"), row("added", "nouvelle commande")] : []),
    row("postponed", "reporté"), row("unassigned", "non servi"),
    ...SHARED.filter((kind) => kinds.has(kind)).map((kind) => toggle(kind, KIND[kind], [kind])),
    ...(data.zones.features.length ? [toggle("zone", "zone à faibles émissions", ["zones", "zones-edge"])] : []));
}

let map = null;
byId("city").textContent = data.city;
byId("day").textContent = longDay(data.after.day);
byId("after-time").textContent = data.after.created;
if (data.before) {
  byId("before-time").textContent = data.before.created;
  byId("switch").hidden = false;
}
byId("switch").addEventListener("change", (event) => showPlan(data[event.target.value]));
byId("all").addEventListener("click", () => select(null));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (popup && popup.isOpen()) popup.remove();
  else if (state.vehicle !== null) select(null);
});
try {
  map = createMap();
  renderLegend();
  byId("legend").open = window.innerHeight > 600; // else it would hide much of the map
} catch (error) {
  byId("no-map").hidden = false;
  console.error(error);
}
renderPanel();
if (map) map.once("load", render);
