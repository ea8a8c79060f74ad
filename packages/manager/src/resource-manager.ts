/**
 * The way of every local write (REST, files, demo): checks in Kuma's order, computed labels, the rules of the type, one
 * commit. What comes over KDS does not pass here: its sender has admitted it.
 * Source of the order: kuma v2.14.3: pkg/api-server/resource_endpoints.go, pkg/core/resources/manager/manager.go.
 */
import {
  computeLabels,
  deletionViolations,
  immutableLabelViolations,
  type Resource,
  type ResourceKey,
  type TypeDescriptor,
  type Violation,
} from "@isthmus/resources";
import { err, ok, type Result } from "@isthmus/std";
import { type Op, type ResourceDraft, StoreError } from "@isthmus/store";
import { asResource } from "./as-resource.ts";
import { type ControlPlane, isReadOnlyOn, labelOptions, writerContext } from "./control-plane.ts";
import {
  type DefaultsOptions,
  type DefaultsResult,
  ensureDefaults,
  ensureSigningKeys,
} from "./defaults/ensure-defaults.ts";
import type { KeyMaker } from "./keys/key-maker.ts";
import { checkRequest } from "./request-checks.ts";
import { writeRules } from "./rules/all.ts";
import type { WriteError, WriteStep } from "./write-error.ts";
import type { Write, WriteContext, WriteRule } from "./write-rule.ts";

export interface ResourceManagerOptions extends ControlPlane {
  readonly keys: KeyMaker;
  /** Whether a control plane of that zone is connected. Left out: none ever is. */
  readonly isZoneOnline?: (zone: string) => boolean;
}

export interface Written {
  readonly created: boolean;
  /** As it is stored now. */
  readonly resource: Resource;
  /** Deprecated things that it uses. */
  readonly warnings: readonly string[];
}

const NO_RULE: WriteRule = {};
/**
 * The control plane itself writes the same resources: statuses right after every change, MeshServices of Dataplanes. A request
 * names no version, so one that lost such a race is the same request a moment later, judged by what is there then.
 */
const ATTEMPTS_MAX = 10;
const LOST_RACES: ReadonlySet<WriteError["kind"]> = new Set(["conflict", "already-exists", "mesh-missing"]);

export class ResourceManager {
  readonly #context: WriteContext;

  constructor(options: ResourceManagerOptions) {
    this.#context = { ...options, isZoneOnline: options.isZoneOnline ?? (() => false) };
  }

  isReadOnly(descriptor: TypeDescriptor): boolean {
    return isReadOnlyOn(descriptor, this.#context);
  }

  /**
   * Creates or replaces. `address` is the key that the request went to, `requested` what its body says, decoded and valid
   * as to shape and type; a status in it is ignored. Throws StoreError where the store fails.
   */
  put(
    descriptor: TypeDescriptor,
    address: ResourceKey,
    requested: ResourceDraft,
  ): Promise<Result<Written, WriteError>> {
    return unlessOvertaken(() => this.#put(descriptor, address, requested));
  }

  async #put(
    descriptor: TypeDescriptor,
    address: ResourceKey,
    requested: ResourceDraft,
  ): Promise<Result<Written, WriteError>> {
    if (this.isReadOnly(descriptor)) return err({ kind: "read-only" });
    if (!this.#meshExists(descriptor, address.mesh)) return err({ kind: "no-such-mesh" });
    const violations = checkRequest(this.#context, descriptor, address, requested);
    if (violations.length > 0) return err({ kind: "invalid", step: "process", violations });

    const stored = this.#context.store.get(address);
    const labelled = this.#withLabels(descriptor, address, requested, stored);
    if (!labelled.ok) return labelled;
    const rule = writeRules.get(descriptor.name) ?? NO_RULE;
    const draft = this.#prepared(descriptor, rule, { draft: labelled.value, stored });
    const step = stored === undefined ? "create" : "update";
    const invalid = this.#validate(descriptor, draft);
    if (invalid.length > 0) return err({ kind: "invalid", step, violations: invalid });
    const write: Write = { draft, stored };
    const refused = rule.checkPut?.(write, this.#context);
    if (refused !== undefined) return err(refused);

    const companions = (await rule.companions?.(write, this.#context)) ?? [];
    const put: Op = { kind: "put", resource: draft, expect: stored?.version ?? "absent" };
    const committed = await this.#commit([put, ...companions], step, address);
    if (!committed.ok) return committed;
    const resource = this.#context.store.get(address) ?? asResource(draft);
    return ok({ created: stored === undefined, resource, warnings: descriptor.deprecations?.(resource) ?? [] });
  }

  /** What is deleted is what the checks have seen. Throws StoreError where the store fails. */
  delete(descriptor: TypeDescriptor, address: ResourceKey): Promise<Result<void, WriteError>> {
    return unlessOvertaken(() => this.#delete(descriptor, address));
  }

  async #delete(descriptor: TypeDescriptor, address: ResourceKey): Promise<Result<void, WriteError>> {
    if (this.isReadOnly(descriptor)) return err({ kind: "read-only" });
    if (!this.#meshExists(descriptor, address.mesh)) return err({ kind: "no-such-mesh" });
    const stored = this.#context.store.get(address);
    if (stored === undefined) return err({ kind: "not-found", step: "delete" });
    const violations = deletionViolations(descriptor, stored, writerContext(this.#context));
    if (violations.length > 0) return err({ kind: "invalid", step: "delete", violations });
    const refused = writeRules.get(descriptor.name)?.checkDelete?.(address, this.#context);
    if (refused !== undefined) return err(refused);
    return this.#commit([{ kind: "delete", key: address, expect: stored.version }], "delete", address);
  }

  /** What this control plane cannot be without; to be called once the store is open, before anybody is served. */
  ensureDefaults(options: DefaultsOptions = {}): Promise<DefaultsResult> {
    return ensureDefaults(this.#context, options);
  }

  /** What `ensureDefaults` leaves out because it takes long, once it has run; see `LateSigningKeys`. */
  ensureSigningKeys(options: DefaultsOptions = {}): Promise<readonly ResourceKey[]> {
    return ensureSigningKeys(this.#context, options);
  }

  /** Meshes are the only things that other things' addresses depend on. */
  #meshExists(descriptor: TypeDescriptor, mesh: string): boolean {
    return (
      descriptor.scope === "Global" || this.#context.store.get({ type: "Mesh", mesh: "", name: mesh }) !== undefined
    );
  }

  /** The draft under its address with its full labels, the stored status and the owner. */
  #withLabels(
    descriptor: TypeDescriptor,
    address: ResourceKey,
    requested: ResourceDraft,
    stored: Resource | undefined,
  ): Result<ResourceDraft, WriteError> {
    const { status: _, owner: __, ...rest } = requested;
    const status = stored?.status ?? descriptor.emptyStatus;
    const draft: ResourceDraft = { ...rest, ...address, ...(status === undefined ? {} : { status }) };
    const options = labelOptions(this.#context);
    const labels = computeLabels(descriptor, draft, options);
    if (stored !== undefined) {
      const violations = immutableLabelViolations(computeLabels(descriptor, stored, options), labels);
      if (violations.length > 0) return err({ kind: "invalid", step: "update-labels", violations });
    }
    const owner = ownerOf(descriptor, address);
    return ok({ ...draft, labels, ...(owner === undefined ? {} : { owner }) });
  }

  #prepared(descriptor: TypeDescriptor, rule: WriteRule, write: Write): ResourceDraft {
    const { draft } = write;
    const defaulted = descriptor.defaults === undefined ? draft : { ...draft, spec: descriptor.defaults(draft.spec) };
    return rule.prepare?.({ ...write, draft: defaulted }, this.#context) ?? defaulted;
  }

  #validate(descriptor: TypeDescriptor, draft: ResourceDraft): readonly Violation[] {
    return descriptor.validate?.(asResource(draft), { mode: this.#context.mode }) ?? [];
  }

  async #commit(ops: readonly Op[], step: WriteStep, address: ResourceKey): Promise<Result<void, WriteError>> {
    try {
      await this.#context.store.commit(ops);
      return ok(undefined);
    } catch (error) {
      const expected = error instanceof StoreError ? expectedError(error, step, address) : undefined;
      if (expected === undefined) throw error;
      return err(expected);
    }
  }
}

/** Plans and commits anew as long as somebody else is faster, but not for ever. */
async function unlessOvertaken<T>(attempt: () => Promise<Result<T, WriteError>>): Promise<Result<T, WriteError>> {
  for (let count = 1; ; count += 1) {
    const result = await attempt();
    if (result.ok || !LOST_RACES.has(result.error.kind) || count === ATTEMPTS_MAX) return result;
  }
}

/** Lost races have an answer; all else is a fault of the store. */
function expectedError(error: StoreError, step: WriteStep, address: ResourceKey): WriteError | undefined {
  switch (error.code) {
    case "VERSION_CONFLICT":
      return { kind: "conflict", key: error.key ?? address };
    case "ALREADY_EXISTS":
      return { kind: "already-exists", key: error.key ?? address };
    case "NOT_FOUND":
      return step === "delete" ? { kind: "not-found", step } : { kind: "mesh-missing", step, mesh: address.mesh };
    default:
      return undefined;
  }
}

function ownerOf(descriptor: TypeDescriptor, address: ResourceKey): ResourceKey | undefined {
  const isOwned = descriptor.scope === "Mesh" && writeRules.get(descriptor.name)?.isOwnedByMesh !== false;
  return isOwned ? { type: "Mesh", mesh: "", name: address.mesh } : undefined;
}
