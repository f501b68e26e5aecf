"use strict";
// What the pages share: their data, French words and numbers, elements, and the streets under everything. Every text
// goes through textContent: nothing a user wrote is ever read as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

const CATEGORY = { vp: "Voiture", vul: "Utilitaire", pl: "Poids lourd", "2rm": "Deux-roues", cargo_bike: "Vélo-cargo" };
const ENERGY = { diesel: "diesel", petrol: "essence", e10: "E10", e85: "E85", electric: "électrique", human: "musculaire" };
const critair = (name) => (name === "NC" ? "non classé" : `Crit’Air ${name === "EL" ? "E" : name.slice(1)}`);
const number = (value, digits = 0) => value.toLocaleString("fr-FR", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const plural = (count, noun) => `${number(count)} ${noun}${count > 1 && !/[sx]$/.test(noun) ? "s" : ""}`;
const longDay = (iso) => new Date(`${iso}T12:00:00Z`).toLocaleDateString("fr-FR", { dateStyle: "full", timeZone: "UTC" });

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "colour") node.style.setProperty("--colour", value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

const ROAD = (major, primary, secondary, tertiary, local, path) => ["match", ["get", "road_class"],
  [0, 1], major, 2, primary, 3, secondary, 4, tertiary, [5, 6, 7], local, path];
const byZoom = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];
const ROUND = { "line-cap": "round", "line-join": "round" };

function streetLayers() {
  const line = (id, colour, width) => ({
    id, type: "line", source: "streets", layout: ROUND, paint: { "line-color": colour, "line-width": width },
  });
  return [
    line("streets-edge", ROAD("#dcae66", "#d9bd8a", "#cfc9bf", "#d1ccc3", "#d5d0c8", "#dedad2"), byZoom(
      11, ROAD(2.6, 2, 0, 0, 0, 0), 14, ROAD(6, 5, 4, 3.2, 1.6, 0.6), 17, ROAD(20, 18, 16, 14, 10, 4))),
    line("streets", ROAD("#fbdca4", "#fdeccb", "#fff", "#fff", "#fff", "#f8f6f2"), byZoom(
      11, ROAD(1.8, 1.5, 1.4, 1.2, 0.8, 0.4), 14, ROAD(4.6, 3.8, 3, 2.4, 1.4, 0.7), 17, ROAD(17, 15, 13, 11, 7.5, 2.5))),
  ];
}

function extent(collections) {
  const box = new maplibregl.LngLatBounds();
  const grow = (part) => (typeof part[0] === "number" ? box.extend(part) : part.forEach(grow));
  for (const collection of collections) for (const feature of collection.features) grow(feature.geometry.coordinates);
  return box;
}

// A map of named feature collections; the page is ready when everything is drawn.
function openMap(collections, layers, bounds, padding) {
  const source = ([name, geojson]) => [name, { type: "geojson", data: geojson, tolerance: 0.2 }];
  const opened = new maplibregl.Map({
    container: "map",
    style: { version: 8, sources: Object.fromEntries(Object.entries(collections).map(source)), layers },
    bounds,
    fitBoundsOptions: { padding },
    attributionControl: { compact: false, customAttribution: data.attribution },
    dragRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    locale: {
      "NavigationControl.ZoomIn": "Zoomer", "NavigationControl.ZoomOut": "Dézoomer", "Popup.Close": "Fermer", "Map.Title": "Carte",
    },
  });
  opened.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  opened.addControl(new maplibregl.ScaleControl(), "bottom-left");
  opened.once("idle", () => { document.body.dataset.ready = "true"; });
  return opened;
}
