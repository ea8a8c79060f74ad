/** What a check of `isthmus doctor` found. */

export type Status = "ok" | "warn" | "fail" | "skip";

export interface Finding {
  readonly status: Status;
  /** What was seen, a line each. */
  readonly evidence: readonly string[];
  /** What to do, with the command to run. */
  readonly hint?: string;
}

export const ok = (...evidence: readonly string[]): Finding => ({ status: "ok", evidence });
/** The question makes no sense here, or cannot be answered from here. */
export const skip = (...evidence: readonly string[]): Finding => ({ status: "skip", evidence });
export const warn = (evidence: readonly string[], hint: string): Finding => ({ status: "warn", evidence, hint });
export const fail = (evidence: readonly string[], hint: string): Finding => ({ status: "fail", evidence, hint });

/** `fail` where something is broken, else `warn` where something may become so, else what is said when all is well. */
export function judge(
  found: { readonly broken: readonly string[]; readonly doubtful: readonly string[] },
  hint: string,
  well: string,
): Finding {
  const evidence = [...found.broken, ...found.doubtful];
  if (found.broken.length > 0) return fail(evidence, hint);
  return found.doubtful.length > 0 ? warn(evidence, hint) : ok(well);
}
