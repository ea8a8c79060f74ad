/** One rule that a resource breaks. `field` is a path such as `spec.to[0].targetRef.kind` or `labels["a/b"]`. */
export interface Violation {
  readonly field: string;
  readonly reason: string;
}

/** Collects violations under a path, so that validators report all of them at once. */
export class Violations {
  readonly list: Violation[] = [];

  add(field: string, reason: string): void {
    this.list.push({ field, reason });
  }

  addAll(violations: Iterable<Violation>): void {
    for (const violation of violations) this.list.push(violation);
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
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
