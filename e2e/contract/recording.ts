/** Requests that were put to Kuma 2.14.3, and its answers. See testdata/README.md. */
import { readFileSync } from "node:fs";
import type { JsonObject, JsonValue } from "@isthmus/std";

/** The control plane that was asked. */
export type Target = "global" | "west";

export interface Recording {
  /** `<target>/<group>/<name>` */
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    /** Who asked: with the administrator's token, without any, with nonsense for a token. */
    readonly as: "admin" | "anonymous" | "invalid";
    readonly headers?: Readonly<Record<string, string>>;
    /** A text was sent as it is. */
    readonly body?: JsonValue;
  };
  readonly response: {
    readonly status: number;
    readonly contentType: string;
    readonly json?: JsonValue;
    readonly text?: string;
    /** What matters of a page. */
    readonly extract?: JsonObject;
    /** Of a token, which itself is left out. */
    readonly jwtHeader?: JsonObject;
    readonly jwtClaims?: JsonObject;
  };
}

export type Verdict =
  /** The same to the letter, but for what differs from run to run. */
  | { readonly kind: "equal" }
  /** At exactly these places, on purpose; the reason stands in docs/compatibility.md. */
  | { readonly kind: "differs"; readonly places: readonly string[]; readonly reason: string };

const read = (file: string): string => readFileSync(new URL(`testdata/${file}`, import.meta.url), "utf8");

export function recordingsOf(target: Target): readonly Recording[] {
  return read(`${target}.jsonl`)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Recording);
}

/** One for every recording, by its name. */
export function readVerdicts(): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const line of read("verdicts.tsv").split("\n").slice(1)) {
    if (line === "") continue;
    const [name = "", kind = "", places = "", reason = ""] = line.split("\t");
    if (verdicts.has(name)) throw new Error(`two verdicts for ${name}`);
    verdicts.set(name, verdictOf(name, kind, places, reason));
  }
  return verdicts;
}

function verdictOf(name: string, kind: string, places: string, reason: string): Verdict {
  if (kind === "equal") return { kind };
  if (kind === "differs" && places !== "" && reason !== "") return { kind, places: places.split(" "), reason };
  throw new Error(`no verdict on ${name}`);
}
