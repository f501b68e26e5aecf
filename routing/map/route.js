"use strict";
// Drives side by side: where two share a street, the one drawn first is the wider one, so that both are seen.

const WIDEST = 9, STEP = 3.5, LEAST = 2; // pixels
const span = (seconds) => (seconds < 60 ? `${seconds} s` : `${number(Math.floor(seconds / 60))} min ${String(seconds % 60).padStart(2, "0")} s`);
const km = (metres) => `${number(metres / 1000, 1)} km`;
const more = (value, text) => (value < 0 ? `−${text(-value)}` : `+${text(value)}`);

function layers() {
  const area = ["in", "Polygon", ["geometry-type"]]; // a MultiPolygon too
  const width = (extra) => ["+", extra, ["max", LEAST, ["-", WIDEST, ["*", STEP, ["get", "rank"]]]]];
  const line = (id, colour, extra) => data.routes.map((_, rank) => ({ id: `${id}-${rank}`, type: "line", source: "lines",
    layout: ROUND, filter: ["==", ["get", "rank"], rank], paint: { "line-color": colour, "line-width": width(extra) } }));
  const [edges, lines] = [line("edge", "#fff", 2.5), line("route", ["get", "colour"], 0)];
  return [
    { id: "background", type: "background", paint: { "background-color": "#e9e6e0" } },
    { id: "zones", type: "fill", source: "zones", filter: area, paint: { "fill-color": "#10b981", "fill-opacity": 0.17 } },
    ...streetLayers(),
    { id: "zones-edge", type: "line", source: "zones", filter: area,
      paint: { "line-color": "#0f8a6b", "line-width": 1.8, "line-dasharray": [4, 2] } },
    edges[0], ...lines.flatMap((one, rank) => (rank ? [edges[rank], one] : [one])),
  ];
}

function routeRow(route) {
  return el("li", { colour: route.colour }, el("i"),
    el("span", {}, [CATEGORY[route.category], critair(route.critair), ENERGY[route.energy]].join(" · ")),
    el("b", {}, `${span(route.travel_s)} · ${km(route.distance_m)}`),
    route.avoided.length ? el("em", {}, `${more(route.extra_s, span)} et ${more(route.extra_m, km)} : contourne la zone`) : null);
}

function banRow(ban) {
  const decree = /^https?:\/\//i.test(ban.decree_url)
    ? el("a", { href: ban.decree_url, target: "_blank", rel: "noopener noreferrer" }, "Arrêté") : ban.decree_url;
  return el("li", {}, el("div", {}, el("span", {}, ban.name),
    el("p", {}, `${CATEGORY[ban.category]} : interdit à partir de ${critair(ban.first_banned)}`),
    el("p", {}, `${ban.hours}${ban.until ? `, ce jour jusqu’à ${ban.until}` : ""} `, decree)));
}

byId("city").textContent = data.city;
byId("day").textContent = `${longDay(data.day)}, départ à ${data.time}`;
byId("routes").replaceChildren(...data.routes.map(routeRow));
byId("bans").replaceChildren(...data.bans.map(banRow));
let map = null;
try {
  const beside = window.innerWidth > 760 ? byId("card").offsetWidth : 0;
  const shown = { streets: data.streets, zones: data.zones, lines: data.lines };
  map = openMap(shown, layers(), extent([data.lines]), { top: 50, right: 60, bottom: 50, left: beside + 60 });
  data.ends.forEach((at, index) => {
    const last = data.ends.length - 1;
    const label = index === 0 ? "A" : index === last ? "B" : String(index);
    const name = index === 0 ? "Départ" : index === last ? "Arrivée" : `Étape ${index}`;
    const node = el("div", { class: "end" }, label);
    new maplibregl.Marker({ element: node }).setLngLat(at).addTo(map);
    node.setAttribute("aria-label", name); // only now: addTo writes its own
  });
} catch (error) {
  byId("no-map").hidden = false;
  console.error(error);
}
