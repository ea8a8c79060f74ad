/** All resource types of one control plane. An instance, not a global, so that tests can add made-up types. */
import type { TypeDescriptor } from "./type-descriptor.ts";

export class DuplicateTypeError extends Error {
  readonly code = "DUPLICATE_TYPE";
}

export class Registry {
  readonly #byName = new Map<string, TypeDescriptor>();
  readonly #byPath = new Map<string, TypeDescriptor>();
  readonly #byShortName = new Map<string, TypeDescriptor>();

  constructor(types: Iterable<TypeDescriptor>) {
    for (const type of types) {
      if (this.#byName.has(type.name)) throw new DuplicateTypeError(`type ${type.name} is registered twice`);
      this.#byName.set(type.name, type);
      for (const path of [type.path, type.alternativePath]) {
        if (path === undefined) continue;
        if (this.#byPath.has(path)) throw new DuplicateTypeError(`path ${path} is registered twice`);
        this.#byPath.set(path, type);
      }
      if (type.shortName === undefined) continue;
      if (this.#byShortName.has(type.shortName)) {
        throw new DuplicateTypeError(`short name ${type.shortName} is registered twice`);
      }
      this.#byShortName.set(type.shortName, type);
    }
  }

  get(name: string): TypeDescriptor | undefined {
    return this.#byName.get(name);
  }

  byPath(path: string): TypeDescriptor | undefined {
    return this.#byPath.get(path);
  }

  byShortName(shortName: string): TypeDescriptor | undefined {
    return this.#byShortName.get(shortName);
  }

  /** In order of name. */
  all(): readonly TypeDescriptor[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What a zone subscribes to on GlobalToZoneSync: provided by the global and consumed by zones, or across zones. */
  towardsZones(): readonly TypeDescriptor[] {
    return this.all().filter((t) => (t.kds.providedByGlobal && t.kds.consumedByZone) || t.kds.acrossZones);
  }

  /** What the global subscribes to on ZoneToGlobalSync. */
  towardsGlobal(): readonly TypeDescriptor[] {
    return this.all().filter((t) => t.kds.providedByZone && t.kds.consumedByGlobal);
  }
}
