/** Puts every document, some at a time; one that is refused does not stop the others. */
import { type ApiClient, ApiError, type ResourceType } from "@isthmus/api";
import { type Clock, type JsonObject, sleep, systemClock } from "@isthmus/std";
import { forEachBounded } from "../bounded.ts";
import { explainError } from "../connection/explain-error.ts";
import { ConnectionError } from "../connection/transport.ts";
import type { SourceDocument } from "../documents.ts";
import { CommandError } from "../exit-code.ts";
import { resourcePath } from "../resource-address.ts";
import { type Placed, writeOrder } from "./order.ts";

/** The server commits in groups, so that many writes at once take little longer than one. */
export const WRITES_AT_ONCE = 16;

export interface ApplyOptions {
  /** Mesh of resources that name none. */
  readonly mesh: string;
  readonly server: string;
  /** Lines about what was done, in order of the documents. */
  readonly report: (line: string) => void;
  readonly onDone?: () => void;
  readonly stop?: AbortSignal;
  readonly clock?: Clock;
}

export interface ApplyResult {
  readonly created: number;
  readonly updated: number;
  /** `file.yaml:3: MeshTimeout/a: reason` each, in order of the documents; one per violation. */
  readonly failures: readonly string[];
  /** Not sent: it was stopped before, or the server was lost. */
  readonly left: number;
  readonly isServerLost: boolean;
}

/** Too many requests, service unavailable. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);
const RETRY_MS = [100, 300, 1_000, 3_000];

/** A document with the place that it goes to. */
export interface Target extends Placed {
  readonly document: SourceDocument;
  readonly type: string;
  readonly label: string;
  readonly descriptor: ResourceType;
  readonly body: JsonObject;
}

type Outcome =
  | { readonly kind: "put"; readonly created: boolean; readonly warnings: readonly string[] }
  | { readonly kind: "failed"; readonly lines: readonly string[] };

/** Documents of types that the server does not have are failures. */
export function targetsOf(
  documents: readonly SourceDocument[],
  types: readonly ResourceType[],
  defaultMesh: string,
): readonly (Target | { readonly failure: string })[] {
  const byName = new Map(types.map((type) => [type.name, type]));
  return documents.map((document) => {
    const { resource, origin, originOf } = document;
    const label = `${resource.type}/${resource.name}`;
    const descriptor = byName.get(resource.type);
    if (descriptor === undefined) return { failure: `${originOf("type")}: ${label}: unknown type` };
    const given = resource["mesh"];
    if (descriptor.scope === "Mesh" && given !== undefined && typeof given !== "string") {
      return { failure: `${origin}: ${label}: mesh has to be a text` };
    }
    const mesh = descriptor.scope === "Mesh" ? ((given ?? defaultMesh) as string) : "";
    const body = descriptor.scope === "Mesh" ? { ...resource, mesh } : resource;
    return { document, type: resource.type, mesh, name: resource.name, label, descriptor, body };
  });
}

export async function applyDocuments(
  client: ApiClient,
  documents: readonly SourceDocument[],
  options: ApplyOptions,
): Promise<ApplyResult> {
  const types = await client.resourceTypes().catch((error: unknown) => {
    throw new CommandError(explainError(error, options.server));
  });
  const targets = targetsOf(documents, types, options.mesh);
  const outcomes: (Outcome | undefined)[] = targets.map((target) =>
    "failure" in target ? { kind: "failed", lines: [target.failure] } : undefined,
  );
  const writable = [...targets.entries()].flatMap(([index, target]) =>
    "failure" in target ? [] : [{ index, target }],
  );
  let shown = 0;
  const showDone = (): void => {
    for (let outcome = outcomes[shown]; outcome !== undefined; outcome = outcomes[shown]) {
      const target = targets[shown];
      if (outcome.kind === "put" && target !== undefined && "label" in target) {
        options.report(`${target.label} ${outcome.created ? "created" : "updated"}`);
        for (const warning of outcome.warnings) options.report(`  warning: ${warning}`);
      }
      shown += 1;
    }
  };

  const missingMeshes = new Set<string>();
  const lost = new AbortController();
  const stop = options.stop === undefined ? lost.signal : AbortSignal.any([options.stop, lost.signal]);
  for (const group of writeOrder(writable.map(({ target }) => target))) {
    await forEachBounded(
      group.flatMap((i) => writable[i] ?? []),
      WRITES_AT_ONCE,
      async ({ index, target }) => {
        const outcome = missingMeshes.has(target.mesh) ? notSent(target) : await put(client, target, options);
        if (outcome.kind === "lost") {
          lost.abort();
          return;
        }
        outcomes[index] = outcome;
        if (target.type === "Mesh" && outcome.kind === "failed" && !(await exists(client, target))) {
          missingMeshes.add(target.name);
        }
        options.onDone?.();
        showDone();
      },
      stop,
    );
  }
  showDone();
  const done = outcomes.filter((outcome) => outcome !== undefined);
  const puts = done.filter((outcome) => outcome.kind === "put");
  return {
    created: puts.filter(({ created }) => created).length,
    updated: puts.filter(({ created }) => !created).length,
    failures: done.flatMap((outcome) => (outcome.kind === "failed" ? outcome.lines : [])),
    left: outcomes.length - done.length,
    isServerLost: lost.signal.aborted,
  };
}

/** What has another outcome a little later is tried again; who cannot reach the server after that need not try the rest. */
async function put(
  client: ApiClient,
  target: Target,
  { server, stop, clock = systemClock }: ApplyOptions,
): Promise<Outcome | { readonly kind: "lost" }> {
  const backoff = RETRY_MS[Symbol.iterator]();
  for (;;) {
    try {
      const path = resourcePath(target.descriptor, target.mesh, target.name);
      return { kind: "put", ...(await client.put(path, target.body)) };
    } catch (error) {
      const isUnreachable = error instanceof ConnectionError;
      const isBusy = error instanceof ApiError && BUSY.has(error.status);
      const wait = isUnreachable || isBusy ? backoff.next().value : undefined;
      if (wait === undefined || stop?.aborted === true) {
        return isUnreachable ? { kind: "lost" } : { kind: "failed", lines: failureLines(target, error, server) };
      }
      await sleep(clock, wait, stop);
    }
  }
}

/** A violation has the line of its field, what is about the whole resource that of the document. */
export function failureLines(
  { document, label }: Pick<Target, "document" | "label">,
  error: unknown,
  server: string,
): readonly string[] {
  const start = `${document.origin}: ${label}: `;
  if (!(error instanceof ApiError) || error.invalidParameters.length === 0)
    return [start + explainError(error, server)];
  const violations = error.invalidParameters.map(({ field, reason }) =>
    field === "" ? `  ${document.origin}: ${reason}` : `  ${document.originOf(field)}: ${field}: ${reason}`,
  );
  return [`${start}${error.title} (${error.detail})`, ...violations];
}

function notSent({ document, label, mesh }: Target): Outcome {
  return {
    kind: "failed",
    lines: [`${document.origin}: ${label}: not sent, since its mesh ${JSON.stringify(mesh)} could not be created`],
  };
}

async function exists(client: ApiClient, { descriptor, mesh, name }: Target): Promise<boolean> {
  try {
    return (await client.find(resourcePath(descriptor, mesh, name))) !== undefined;
  } catch {
    // Unknown: what is in the mesh is sent, and the server says.
    return true;
  }
}
