// Open requests as circles on a plain grid: no tile server, so nobody learns who looks at which street.
// The list beside the map holds the same requests for everyone who does not use it.

const REFETCH_MS = 10_000;
// Markers stay clear of the buttons at the top left and of the scale at the bottom.
const MARGINS = { paddingTopLeft: [60, 20], paddingBottomRight: [20, 40] };
const frame = document.getElementById("map-frame");
const element = document.getElementById("map");
const colours = () => getComputedStyle(document.documentElement);
const colour = (name) => colours().getPropertyValue(name).trim();
const markers = new Map();
let map, points, grid, ring, bounds;
let fetched = 0;
let reading = false;

function start() {
  frame.hidden = false;
  map = L.map(element, { preferCanvas: true, attributionControl: false, zoomAnimation: !still(), fadeAnimation: !still(), maxZoom: 18 });
  map.setView([0, 0], 2);
  L.control.scale({ maxWidth: 140 }).addTo(map);
  grid = L.layerGroup().addTo(map);
  points = L.layerGroup().addTo(map);
  allButton().addTo(map);
  map.on("moveend", drawGrid);
  map.on("popupopen", () => { reading = true; });
  map.on("popupclose", () => { reading = false; });
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function allButton() {
  const control = L.control({ position: "topleft" });
  control.onAdd = () => {
    const box = L.DomUtil.create("div", "leaflet-bar");
    const button = L.DomUtil.create("button", "", box);
    button.type = "button";
    button.textContent = "⤢";
    button.title = "Show all requests";
    button.setAttribute("aria-label", button.title);
    L.DomEvent.disableClickPropagation(box);
    button.addEventListener("click", fit);
    return box;
  };
  return control;
}

function fit() {
  if (bounds?.isValid()) map.fitBounds(bounds, { ...MARGINS, maxZoom: 16, animate: !still() });
}

function drawGrid() {
  grid.clearLayers();
  const seen = map.getBounds().pad(0.2);
  const step = stepFor(map.getBounds().getEast() - map.getBounds().getWest());
  const style = { color: colour("--map-line"), weight: 1, interactive: false };
  const [west, east] = [seen.getWest(), seen.getEast()];
  const [south, north] = [Math.max(-85, seen.getSouth()), Math.min(85, seen.getNorth())];
  for (let x = Math.ceil(west / step) * step; x < east; x += step) grid.addLayer(L.polyline([[south, x], [north, x]], style));
  for (let y = Math.ceil(south / step) * step; y < north; y += step) grid.addLayer(L.polyline([[y, west], [y, east]], style));
  points.eachLayer((one) => one.bringToFront());
}

function stepFor(width) {
  const raw = width / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw);
}

function popup(properties) {
  const box = document.createElement("div");
  const link = box.appendChild(document.createElement("a"));
  link.href = properties.page;
  link.textContent = properties.service_name;
  const stage = box.appendChild(document.createElement("p"));
  stage.textContent = properties.stage_label + (properties.anonymous ? ", place rounded" : "");
  return box;
}

function circle({ geometry, properties }) {
  const [long, lat] = geometry.coordinates;
  const filled = properties.stage === "submitted" ? 0 : 0.65;
  const style = { radius: 7, color: colour("--accent"), weight: 2, fillColor: colour("--accent"), fillOpacity: filled, fill: true };
  return L.circleMarker([lat, long], style).bindPopup(() => popup(properties));
}

function tell(rest) {
  const words = document.getElementById("map-rest");
  words.hidden = !rest;
  words.textContent = `${rest.toLocaleString("en")} more ${rest === 1 ? "has" : "have"} no place`;
}

async function load() {
  fetched = Date.now();
  const answer = await fetch(element.dataset.geojson, { cache: "no-cache" });
  if (!answer.ok) return;
  const { features, without_place: rest } = await answer.json();
  tell(rest);
  if (!map && features.length) start();
  if (!map || reading) return; // While someone reads a popup, the next refresh brings the rest.
  const first = bounds === undefined;
  points.clearLayers();
  markers.clear();
  for (const feature of features) {
    const marker = circle(feature).addTo(points);
    markers.set(feature.id, marker);
  }
  bounds = L.latLngBounds([...markers.values()].map((one) => one.getLatLng()));
  element.dataset.points = String(markers.size);
  if (first) fit();
}

function point(event) {
  const id = event.target.closest?.("[data-request]")?.dataset.request;
  ring?.remove();
  const marker = id && markers.get(id);
  if (!marker) return;
  ring = L.circleMarker(marker.getLatLng(), { radius: 13, weight: 3, color: colour("--mark"), fill: false, interactive: false }).addTo(map);
}

if (element && globalThis.L) {
  load();
  addEventListener("mouseover", point);
  addEventListener("focusin", point);
  document.addEventListener("townhall:refreshed", () => { if (Date.now() - fetched > REFETCH_MS) load(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { load(); if (map) drawGrid(); });
}
