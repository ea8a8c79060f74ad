/**
 * The overview page: reads the REST API as any client does, and draws. Nothing comes from elsewhere. What cannot be read is
 * said in its place; the rest is shown.
 */

const REFRESH_MS = 5_000;
const LIST_SIZE = 1000;
const REJECTIONS_MAX = 20;

const config = JSON.parse(document.getElementById("kuma-config").textContent || "{}");
const api = (config.apiUrl || "/").replace(/\/+$/, "");

/** Where the sync of a zone stands, the worst first. */
const SYNC_STATES = {
  rejected: ["bad", "rejected"],
  oversize: ["bad", "too large"],
  held: ["warn", "held"],
  pending: ["warn", "pending"],
  unsubscribed: ["warn", "not subscribed"],
  synced: ["good", "in sync"],
};

async function read(path) {
  try {
    const response = await fetch(`${api}${path}`, { headers: { accept: "application/json" } });
    const body = await response.json();
    if (!response.ok)
      return { problem: [body.title, body.detail].filter(Boolean).join(": ") || `HTTP ${response.status}` };
    return { value: body };
  } catch (error) {
    return { problem: `cannot be read: ${String(error)}` };
  }
}

async function refresh() {
  const [index, sync, zones, meshes, meshInsights, insight] = await Promise.all([
    read("/"),
    read("/sync"),
    read(`/zones/_overview?size=${LIST_SIZE}`),
    read(`/meshes?size=${LIST_SIZE}`),
    read(`/mesh-insights?size=${LIST_SIZE}`),
    read("/global-insight"),
  ]);
  drawHead(index, sync);
  const main = document.getElementById("main");
  main.replaceChildren(
    figures(sync, zones, insight),
    zoneSection(sync, zones),
    holdSection(sync),
    ...rejectionSections(sync),
    meshSection(meshes, meshInsights),
  );
  const freshness = document.getElementById("freshness");
  const isStale = index.problem !== undefined;
  freshness.classList.toggle("stale", isStale);
  freshness.textContent = isStale
    ? `not reachable since ${freshness.dataset.at ?? "the start"}`
    : `as of ${clockTime()}`;
  if (!isStale) freshness.dataset.at = clockTime();
}

function drawHead({ value: index }, { value: sync }) {
  if (index === undefined) return;
  const role = config.mode === "zone" ? `Zone ${sync?.name ?? ""}` : "Global control plane";
  document.title = `${role} · Isthmus`;
  document.getElementById("title").textContent = role;
  const facts = [`Kuma API ${index.version}`, `instance ${index.instanceId}`];
  if (index.clusterId) facts.push(`cluster ${index.clusterId}`);
  if (sync !== undefined) facts.push(`revision ${sync.revision}`);
  document.getElementById("subtitle").textContent = facts.join(" · ");
  for (const [id, path] of [
    ["link-sync", "/sync"],
    ["link-zones", "/zones/_overview"],
    ["link-openapi", "/openapi.json"],
  ])
    document.getElementById(id).href = `${api}${path}`;
}

function figures({ value: sync }, { value: zones }, { value: insight }) {
  const shown = [];
  const peers = sync?.zones ?? [];
  const isZone = config.mode === "zone";
  if (isZone) {
    const [peer] = peers;
    shown.push(figure("Global", peer === undefined ? "none" : peer.online ? "connected" : "away", ""));
  } else if (zones !== undefined) {
    const online = zones.items.filter(isOnline).length;
    shown.push(figure("Zones online", `${online} / ${zones.total}`, online === zones.total ? "" : "bad-text"));
  }
  if (sync !== undefined) {
    const behind = peers.filter(({ online, worst }) => online && worst.state !== "synced").length;
    shown.push(
      figure(isZone ? "In sync" : "Zones behind", isZone ? yesNo(behind === 0) : behind, behind > 0 ? "bad-text" : ""),
    );
    shown.push(figure("Holds", sync.holds.length, sync.holds.length > 0 ? "bad-text" : ""));
  }
  if (insight !== undefined) {
    const { standard, gatewayBuiltin, gatewayDelegated } = insight.dataplanes;
    const total = standard.total + gatewayBuiltin.total + gatewayDelegated.total;
    const online = standard.online + gatewayBuiltin.online + gatewayDelegated.online;
    shown.push(figure("Proxies online", `${online} / ${total}`, ""));
    shown.push(figure("Services", insight.resources.MeshService?.total ?? insight.services.internal.total, ""));
    shown.push(figure("Policies", insight.policies.total, ""));
  }
  return element("div", { class: "figures" }, ...shown);
}

const figure = (name, value, style) =>
  element(
    "div",
    { class: "figure" },
    element("strong", { class: style }, value),
    element("span", { class: "name" }, name),
  );

function zoneSection(sync, zones) {
  if (zones.problem !== undefined) return note("Zones", zones.problem);
  const peers = new Map((sync.value?.zones ?? []).map((peer) => [peer.zone, peer]));
  const rows = zones.value.items.map((zone) => {
    const peer = peers.get(zone.name);
    const insight = zone.zoneInsight ?? {};
    const last = insight.subscriptions?.at(-1);
    const version = last?.version?.kumaCp?.version ?? peer?.version ?? "";
    const [style, text] = zoneState(zone);
    return [
      cell(zone.name),
      cell(text, `state ${style}`),
      syncCell(peer),
      cell(peer === undefined ? "" : sum(peer.rows, "pendingResources"), "number"),
      cell(peer?.isIsthmus ? `${version} (Isthmus)` : version),
      cell(since(last?.disconnectTime ?? last?.connectTime)),
    ];
  });
  const head = ["Zone", "Connection", "Sync", ["Pending", "number"], "Version", "Since"];
  return section("Zones", table(head, rows, "No zone has connected yet."), count(rows.length, zones.value.total));
}

function zoneState(zone) {
  if (zone.zone?.enabled === false) return ["warn", "disabled"];
  if (isOnline(zone)) return ["good", "online"];
  return (zone.zoneInsight?.subscriptions ?? []).length > 0 ? ["bad", "offline"] : ["", "never connected"];
}

function isOnline(zone) {
  return (
    zone.zone?.enabled !== false &&
    (zone.zoneInsight?.subscriptions ?? []).some((each) => each.connectTime && !each.disconnectTime)
  );
}

/** A connected peer is shown with its worst type. */
function syncCell(peer) {
  if (peer === undefined || !peer.online) return cell("not connected", "state");
  const { state, type, oldestUnackedSeconds } = peer.worst;
  const [style, text] = SYNC_STATES[state] ?? ["", state];
  const details = [type, oldestUnackedSeconds > 0 ? `for ${age(oldestUnackedSeconds)}` : undefined].filter(Boolean);
  return cell(state === "synced" || details.length === 0 ? text : `${text}: ${details.join(" ")}`, `state ${style}`);
}

function holdSection(sync) {
  if (sync.problem !== undefined) return note("Held deletions", sync.problem);
  const rows = sync.value.holds.map((hold) => [
    cell(element("code", {}, hold.id)),
    cell(hold.state, "state warn"),
    cell(`${hold.wouldDelete} of ${hold.of}`, "number"),
    cell(since(new Date(hold.since).toISOString())),
    cell(hold.reason, "wide"),
  ]);
  const head = ["Hold", "State", ["Would delete", "number"], "Since", "Reason"];
  return section("Held deletions", table(head, rows, "Nothing is held back."), count(rows.length));
}

function rejectionSections(sync) {
  const rejections = (sync.value?.zones ?? []).flatMap((peer) =>
    peer.rows.flatMap((row) => row.rejected.map((rejection) => ({ ...rejection, zone: peer.zone, type: row.type }))),
  );
  if (rejections.length === 0) return [];
  const rows = rejections
    .slice(0, REJECTIONS_MAX)
    .map(({ zone, type, wireName, reason, since: at }) => [
      cell(zone),
      cell(type),
      cell(element("code", {}, wireName)),
      cell(since(new Date(at).toISOString())),
      cell(reason, "wide"),
    ]);
  return [
    section(
      "Rejected resources",
      table(["Zone", "Type", "Name", "Since", "Reason"], rows, ""),
      count(rows.length, rejections.length),
    ),
  ];
}

/** A mesh whose insight is still to come is shown without figures. */
function meshSection(meshes, { value: insights }) {
  if (meshes.problem !== undefined) return note("Meshes", meshes.problem);
  const insightOf = new Map((insights?.items ?? []).map((insight) => [insight.name, insight]));
  const rows = meshes.value.items.map(({ name, mtls }) => {
    const insight = insightOf.get(name);
    const number = (value) => cell(insight === undefined ? "" : (value ?? 0), "number");
    const { dataplanes, policies, resources } = insight ?? {};
    return [
      cell(name),
      cell(mtls?.enabledBackend || "off"),
      cell(insight === undefined ? "" : `${dataplanes?.online ?? 0} / ${dataplanes?.total ?? 0}`, "number"),
      number(resources?.MeshService?.total),
      number(resources?.MeshMultiZoneService?.total),
      number(sum(Object.values(policies ?? {}), "total")),
    ];
  });
  const head = [
    "Mesh",
    "mTLS backend",
    ["Proxies online", "number"],
    ["Services", "number"],
    ["Multi-zone services", "number"],
    ["Policies", "number"],
  ];
  return section("Meshes", table(head, rows, "There is no mesh."), count(rows.length, meshes.value.total));
}

function section(title, body, detail) {
  const head = element(
    "div",
    { class: "head" },
    element("h2", {}, title),
    element("span", { class: "detail" }, detail),
  );
  return element("section", {}, head, body);
}

const note = (title, text) => section(title, element("p", { class: "note" }, text), "");

function table(head, rows, whenEmpty) {
  if (rows.length === 0) return element("p", { class: "note" }, whenEmpty);
  const cells = head.map((each) => {
    const [text, style = ""] = [each].flat();
    return element("th", { class: style }, text);
  });
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...cells)),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row))),
    ),
  );
}

const cell = (content, style = "") => element("td", { class: style }, content);

/** Texts are set as texts, never as markup. */
function element(name, attributes, ...children) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== "") created.setAttribute(key, value);
  created.append(...children.map((child) => (child instanceof Node ? child : String(child ?? ""))));
  return created;
}

const sum = (items, member) => items.reduce((total, item) => total + (item[member] ?? 0), 0);
const count = (shown, total = shown) => (shown < total ? `${shown} of ${total}` : String(total));
const yesNo = (isSo) => (isSo ? "yes" : "no");
const clockTime = () => new Date().toLocaleTimeString();

function since(time) {
  const at = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? "" : `${age(Math.max(0, (Date.now() - at) / 1000))} ago`;
}

function age(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** One refresh after the other; a page that nobody sees asks for nothing. */
async function run() {
  await refresh();
  setTimeout(() => {
    if (document.visibilityState === "visible") void run();
    else document.addEventListener("visibilitychange", () => void run(), { once: true });
  }, REFRESH_MS);
}

void run();
