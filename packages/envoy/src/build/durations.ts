/** Durations of policies, which are written as Go writes them, as Envoy reads them. */
import { textOf } from "@isthmus/resources";
import { type JsonObject, parseGoDuration } from "@isthmus/std";

const NANOS_PER_SECOND = 1_000_000_000n;

/** `90s`, `0.025s`. Undefined: there is none, or it is malformed. */
export function durationOf(conf: JsonObject | undefined, member: string): string | undefined {
  const text = conf === undefined ? "" : textOf(conf, member);
  const nanos = text === "" ? undefined : parseGoDuration(text);
  return nanos?.ok === true ? protoDuration(nanos.value) : undefined;
}

function protoDuration(nanos: bigint): string {
  const sign = nanos < 0n ? "-" : "";
  const absolute = nanos < 0n ? -nanos : nanos;
  const fraction = String(absolute % NANOS_PER_SECOND)
    .padStart(9, "0")
    .replace(/(000){0,2}$/, "");
  const seconds = `${sign}${absolute / NANOS_PER_SECOND}`;
  return fraction === "000" ? `${seconds}s` : `${seconds}.${fraction}s`;
}
