/**
 * What an apply would do, without sending anything: each document is checked as a server of this version would, and compared
 * with what the server has.
 */
import { type ApiClient, ApiError, type RestResource } from "@isthmus/api";
import {
  builtinTypes,
  isReservedLabel,
  nameViolations,
  type ParseFailure,
  parseResource,
  Registry,
  resourceToRest,
  type TypeDescriptor,
  validateResource,
} from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue, jsonEquals } from "@isthmus/std";
import { forEachBounded } from "../bounded.ts";
import { explainError } from "../connection/explain-error.ts";
import type { SourceDocument } from "../documents.ts";
import { CommandError } from "../exit-code.ts";
import { maskSecrets } from "../output/secret-mask.ts";
import { formatResourceYaml } from "../output/yaml.ts";
import { resourcePath } from "../resource-address.ts";
import { serverRole } from "../server-role.ts";
import { failureLines, type Target, targetsOf } from "./apply-documents.ts";
import { unifiedDiff } from "./text-diff.ts";

/** The server writes these itself, whatever it is sent. */
const OF_SERVER: ReadonlySet<string> = new Set(["creationTime", "modificationTime", "kri", "snis", "status"]);
const READS_AT_ONCE = 16;

export interface DryRunEntry {
  readonly change: "create" | "update" | "none";
  readonly type: string;
  readonly mesh: string;
  readonly name: string;
  /** `file.yaml:12` */
  readonly origin: string;
  /** Unified, of YAML; empty when nothing changes. */
  readonly diff: string;
}

export interface DryRun {
  readonly entries: readonly DryRunEntry[];
  readonly failures: readonly string[];
}

const registry = new Registry(builtinTypes);

export async function dryRun(
  client: ApiClient,
  documents: readonly SourceDocument[],
  options: { readonly mesh: string; readonly server: string; readonly onDone?: () => void },
): Promise<DryRun> {
  const [types, role] = await Promise.all([client.resourceTypes(), serverRole(client)]).catch((error: unknown) => {
    throw new CommandError(explainError(error, options.server));
  });
  const targets = targetsOf(documents, types, options.mesh);
  const results: (DryRunEntry | { readonly failures: readonly string[] })[] = [];
  await forEachBounded(targets, READS_AT_ONCE, async (target, index) => {
    results[index] =
      "failure" in target
        ? { failures: [target.failure] }
        : await compare(client, target, role?.mode ?? "zone", options.server);
    options.onDone?.();
  });
  return {
    entries: results.flatMap((result) => ("failures" in result ? [] : [result])),
    failures: results.flatMap((result) => ("failures" in result ? result.failures : [])),
  };
}

async function compare(
  client: ApiClient,
  target: Target,
  mode: "global" | "zone",
  server: string,
): Promise<DryRunEntry | { readonly failures: readonly string[] }> {
  const { document, type, mesh, name, label } = target;
  const descriptor = registry.get(type);
  const problem = descriptor === undefined ? undefined : violationsOf(descriptor, target.body, mode);
  if (problem !== undefined) return { failures: failureLines(target, problem, server) };
  let current: RestResource | undefined;
  try {
    current = await client.find(resourcePath(target.descriptor, mesh, name));
  } catch (error) {
    return { failures: failureLines(target, error, server) };
  }
  const before = current === undefined ? undefined : written(descriptor, current as JsonObject);
  const after = withServerLabels(written(descriptor, target.body), before);
  const entry = { type, mesh, name, origin: document.origin };
  if (before !== undefined && jsonEquals(before, after)) return { ...entry, change: "none", diff: "" };
  const diff = unifiedDiff(before === undefined ? "" : textOf(before), textOf(after), {
    before: before === undefined ? "nothing" : `${label} on the server`,
    after: `${label} in ${document.origin}`,
  });
  return { ...entry, change: before === undefined ? "create" : "update", diff };
}

/** As an error of the server, so that both read the same. */
function violationsOf(descriptor: TypeDescriptor, body: JsonObject, mode: "global" | "zone"): ApiError | undefined {
  const parsed = parseResource(descriptor, body, { validate: { mode } });
  const failure: ParseFailure | undefined = parsed.ok ? undefined : parsed.error;
  if (failure?.kind === "malformed") {
    return new ApiError({ status: 400, title: "Bad Request", detail: failure.detail });
  }
  const violations = failure?.violations ?? (parsed.ok ? invalid(descriptor, parsed.value, mode) : []);
  if (violations.length === 0) return undefined;
  return new ApiError({
    status: 400,
    title: "Could not process a resource",
    detail: "Resource is not valid",
    invalidParameters: violations,
  });
}

function invalid(
  descriptor: TypeDescriptor,
  resource: Parameters<typeof validateResource>[1],
  mode: "global" | "zone",
) {
  const names = nameViolations(descriptor, resource);
  return names.length > 0 ? names : validateResource(descriptor, resource, { mode });
}

/** Without what the server writes; with defaults, and without what it would drop. */
export function written(descriptor: TypeDescriptor | undefined, resource: JsonObject): JsonObject {
  return withoutServerMembers(descriptor === undefined ? resource : canonical(descriptor, resource));
}

function canonical(descriptor: TypeDescriptor, resource: JsonObject): JsonObject {
  const parsed = parseResource(descriptor, resource, { isFromServer: true });
  if (!parsed.ok) return resource;
  const spec = descriptor.defaults?.(parsed.value.spec) ?? parsed.value.spec;
  return resourceToRest(descriptor, { ...parsed.value, spec });
}

function withoutServerMembers(resource: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => !OF_SERVER.has(name)));
}

/** Labels that the server computes stay when a document does not name them. */
export function withServerLabels(after: JsonObject, before: JsonObject | undefined): JsonObject {
  const known = labelsOf(before);
  const kept = Object.entries(known).filter(([key]) => isReservedLabel(key));
  const labels: Record<string, JsonValue> = { ...Object.fromEntries(kept), ...labelsOf(after) };
  const { labels: _, ...rest } = after;
  return Object.keys(labels).length === 0 ? rest : { ...rest, labels };
}

function labelsOf(resource: JsonObject | undefined): JsonObject {
  const labels = resource?.["labels"];
  return isJsonObject(labels) ? labels : {};
}

const textOf = (resource: JsonObject): string => formatResourceYaml(maskSecrets(resource));
