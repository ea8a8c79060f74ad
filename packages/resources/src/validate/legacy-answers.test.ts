/**
 * Legacy policies, gateways and external services against the answers of a real Kuma 2.14.3 to a PUT: what it refuses and
 * why, and what it makes of what it takes. From a peer all of it is taken.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { decodeSpec, encodeSpec } from "../kds-codec.ts";
import { parseResource, ZERO_TIME } from "../rest-codec.ts";
import { typeNamed } from "../testing/violations-of.ts";
import { validateResource } from "../validate-resource.ts";
import type { Violation } from "../violation.ts";

interface Answer {
  /** `detail` of a document that cannot be decoded. */
  readonly malformed?: string;
  readonly violations?: readonly (readonly [field: string, reason: string])[];
  /** True, or what a GET shows of the spec when it differs from what was written. */
  readonly accepted?: true | JsonObject;
}

interface Row extends Answer {
  readonly title: string;
  readonly spec: JsonObject;
  /** Kuma names the violations in another order each time. */
  readonly anyOrder?: true;
}

interface Recording {
  readonly type: string;
  readonly rows: readonly Row[];
}

const folder = new URL("../../testdata/legacy-answers/", import.meta.url);

function answer(type: string, spec: JsonObject): Answer {
  const document = JSON.stringify({ type, mesh: "default", name: "r", ...spec });
  const parsed = parseResource(typeNamed(type), document, { validate: { mode: "global" } });
  if (parsed.ok) return { accepted: parsed.value.spec };
  if (parsed.error.kind === "malformed") return { malformed: parsed.error.detail };
  return { violations: parsed.error.violations.map(({ field, reason }) => [field, reason]) };
}

function expected({ spec, malformed, violations, accepted }: Row): Answer {
  if (malformed !== undefined) return { malformed };
  return violations === undefined ? { accepted: accepted === true ? spec : (accepted ?? {}) } : { violations };
}

/** What is wrong with the spec as it comes from a peer, and the bytes with which it goes on. */
function fromPeer(type: string, bytes: Uint8Array): { violations: readonly Violation[]; bytes: Uint8Array } {
  const descriptor = typeNamed(type);
  const decoded = decodeSpec(descriptor, `type.googleapis.com/kuma.mesh.v1alpha1.${type}`, bytes);
  if (!decoded.ok) throw new Error(decoded.error);
  const times = { creationTime: ZERO_TIME, modificationTime: ZERO_TIME, version: 0 };
  const resource = { type, mesh: "default", name: "r", labels: {}, ...decoded.value, ...times };
  const violations = validateResource(descriptor, resource, { mode: "zone" }, { isFromPeer: true });
  return { violations, bytes: encodeSpec(descriptor, resource).bytes };
}

const sorted = (answer: Answer): Answer =>
  answer.violations === undefined
    ? answer
    : { violations: [...answer.violations].sort((a, b) => (a.join() < b.join() ? -1 : 1)) };

for (const file of readdirSync(folder)) {
  const { type, rows } = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Recording;
  describe(`${type}: Kuma and we say the same of`, () => {
    it.each(rows)("$title", (row) => {
      const ours = answer(type, row.spec);
      if (row.anyOrder === true) expect(sorted(ours)).toEqual(sorted(expected(row)));
      else expect(ours).toEqual(expected(row));
    });
  });

  it(`${type}: what Kuma refuses is carried as it is when a peer sends it`, () => {
    const refused = rows.filter(({ violations }) => violations !== undefined);
    expect(refused.length).toBeGreaterThan(0);
    for (const { spec } of refused) {
      const { bytes } = encodeSpec(typeNamed(type), { spec });
      expect(fromPeer(type, bytes)).toEqual({ violations: [], bytes });
    }
  });
}
