/** Tables of resources with kumactl's columns, and wider ones. */
import type { ResourceType, RestResource } from "@isthmus/api";
import { displayName, ORIGIN_LABEL, ZONE_LABEL } from "@isthmus/resources";
import { ago } from "./age.ts";
import { isTrueAt, listAt, objectAt, textAt } from "./member.ts";

export interface Column {
  readonly title: string;
  readonly cell: (resource: RestResource, nowMs: number) => string;
}

export interface Columns {
  readonly header: readonly string[];
  readonly row: (resource: RestResource, nowMs: number) => readonly string[];
}

const mesh: Column = { title: "MESH", cell: (resource) => resource.mesh ?? "" };
const name: Column = { title: "NAME", cell: (resource) => resource.name };
/** Of the last change, as kumactl has it. */
const age: Column = { title: "AGE", cell: (resource, nowMs) => ago(resource.modificationTime, nowMs) };

/** Columns between NAME and AGE of types that have some. */
const OF_TYPE: Readonly<Record<string, readonly Column[]>> = {
  Mesh: [
    { title: "mTLS", cell: (resource) => mtlsOf(resource) },
    { title: "LOCALITY", cell: (resource) => onOff(isTrueAt(resource, "routing", "localityAwareLoadBalancing")) },
    { title: "ZONEEGRESS", cell: (resource) => onOff(isTrueAt(resource, "routing", "zoneEgress")) },
  ],
  Dataplane: [
    { title: "TAGS", cell: (resource) => formatTags(dataplaneTags(resource)) },
    {
      title: "ADDRESS",
      cell: (resource) =>
        textAt(resource, "networking", "advertisedAddress") ?? textAt(resource, "networking", "address") ?? "",
    },
  ],
  ExternalService: [
    { title: "TAGS", cell: (resource) => formatTags([objectAt(resource, "tags")]) },
    { title: "ADDRESS", cell: (resource) => textAt(resource, "networking", "address") ?? "" },
  ],
};

const WIDE: readonly Column[] = [
  { title: "DISPLAY NAME", cell: (resource) => displayName({ name: resource.name, labels: resource.labels ?? {} }) },
  { title: "ZONE", cell: (resource) => resource.labels?.[ZONE_LABEL] ?? "" },
  { title: "ORIGIN", cell: (resource) => resource.labels?.[ORIGIN_LABEL] ?? "" },
];

export function columnsOf(type: Pick<ResourceType, "name" | "scope">, isWide = false): Columns {
  const own = Object.hasOwn(OF_TYPE, type.name) ? (OF_TYPE[type.name] ?? []) : [];
  const columns = [...(type.scope === "Mesh" ? [mesh] : []), name, ...own, ...(isWide ? WIDE : []), age];
  return {
    header: columns.map(({ title }) => title),
    row: (resource, nowMs) => columns.map(({ cell }) => cell(resource, nowMs)),
  };
}

/** Of all inbounds, or of the gateway. */
export function dataplaneTags(dataplane: unknown): readonly object[] {
  const gateway = objectAt(dataplane, "networking", "gateway", "tags");
  const inbounds = listAt(dataplane, "networking", "inbound").map((inbound) => objectAt(inbound, "tags"));
  return Object.keys(gateway).length > 0 ? [gateway] : inbounds;
}

/** `a=1,2 b=3`: keys in order, with all values that they have anywhere. */
export function formatTags(tags: readonly object[]): string {
  const values = new Map<string, Set<string>>();
  for (const [key, value] of tags.flatMap((each) => Object.entries(each))) {
    const known = values.get(key) ?? new Set();
    values.set(key, known.add(String(value)));
  }
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, all]) => `${key}=${[...all].sort().join(",")}`)
    .join(" ");
}

function mtlsOf(resource: RestResource): string {
  const enabled = textAt(resource, "mtls", "enabledBackend");
  if (enabled === undefined) return "off";
  const backend = listAt(resource, "mtls", "backends").find((each) => textAt(each, "name") === enabled);
  return `${textAt(backend, "type") ?? "?"}/${enabled}`;
}

const onOff = (isOn: boolean): string => (isOn ? "on" : "off");
