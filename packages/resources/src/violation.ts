/** One rule that a resource breaks. `field` is a path such as `spec.to[0].targetRef.kind` or `labels["a/b"]`. */
export interface Violation {
  readonly field: string;
  readonly reason: string;
}

/** More than anybody reads; without a bound a document of 10 MB has a million, and they and their answer take gigabytes. */
export const VIOLATIONS_MAX = 1_000;

/** The last entry of a list that is cut. */
export const MORE_VIOLATIONS: Violation = {
  field: "",
  reason: `more than ${VIOLATIONS_MAX} violations; the rest is not told`,
};

/** Collects violations under a path, so that validators report all of them at once. */
export class Violations {
  readonly list: Violation[] = [];

  add(field: string, reason: string): void {
    this.#push({ field, reason });
  }

  addAll(violations: Iterable<Violation>): void {
    for (const violation of violations) this.#push(violation);
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  #push(violation: Violation): void {
    if (this.list.length < VIOLATIONS_MAX) this.list.push(violation);
    else if (this.list.length === VIOLATIONS_MAX) this.list.push(MORE_VIOLATIONS);
  }
}

/** Path of an array element. */
export const at = (path: string, index: number): string => `${path}[${index}]`;
/** Path of a map entry. */
export const entry = (path: string, key: string): string => `${path}["${key}"]`;
/** Path of a member; the root path is "". */
export const member = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** `<field>: <reason>; ...`, the one-line form used in NACKs and logs. */
export function formatViolations(violations: readonly Violation[]): string {
  return violations.map((v) => (v.field === "" ? v.reason : `${v.field}: ${v.reason}`)).join("; ");
}
