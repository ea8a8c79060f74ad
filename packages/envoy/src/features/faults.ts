/** One fault of a MeshFaultInjection as Envoy's. */
import type { HTTPFaultJson } from "@isthmus/proto/envoy/extensions/filters/http/fault/v3/fault";
import type { FractionalPercentJson } from "@isthmus/proto/envoy/type/v3/percent";
import { messageOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { durationOf } from "../build/durations.ts";
import { percentOf, uintOf } from "../build/numbers.ts";

export type Fault = Pick<HTTPFaultJson, "abort" | "delay" | "responseRateLimit">;

/** What Envoy takes as the status of a refusal. */
const MIN_STATUS = 200;
const END_OF_STATUSES = 600;
const KBPS: Readonly<Record<string, number>> = { kbps: 1, Mbps: 1_000, Gbps: 1_000_000 };

/** Undefined: nothing is left of it. The problems say what Envoy would refuse. */
export function faultOf(conf: JsonObject): { readonly fault: Fault | undefined; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const fault = { ...abortOf(conf, problems), ...delayOf(conf, problems), ...bandwidthOf(conf, problems) };
  return { fault: Object.keys(fault).length === 0 ? undefined : fault, problems };
}

function abortOf(conf: JsonObject, problems: string[]): Fault {
  const abort = messageOf(conf, "abort");
  if (abort === undefined) return {};
  const httpStatus = uintOf(abort, "httpStatus") ?? 0;
  if (httpStatus >= MIN_STATUS && httpStatus < END_OF_STATUSES) {
    return { abort: { httpStatus, percentage: fractionOf(abort) } };
  }
  problems.push(`an abort with status ${httpStatus} is left out: it has to be from ${MIN_STATUS} to 599`);
  return {};
}

function delayOf(conf: JsonObject, problems: string[]): Fault {
  const delay = messageOf(conf, "delay");
  if (delay === undefined) return {};
  const fixedDelay = durationOf(delay, "value");
  if (fixedDelay !== undefined && !/^-|^0s$/.test(fixedDelay)) {
    return { delay: { fixedDelay, percentage: fractionOf(delay) } };
  }
  problems.push(`a delay of ${JSON.stringify(textOf(delay, "value"))} is left out: it has to be positive`);
  return {};
}

function bandwidthOf(conf: JsonObject, problems: string[]): Fault {
  const bandwidth = messageOf(conf, "responseBandwidth");
  if (bandwidth === undefined) return {};
  const limit = textOf(bandwidth, "limit");
  const [, number = "", unit = ""] = /^(\d+)\s?([GMk]bps)$/.exec(limit) ?? [];
  const limitKbps = Number(number) * (KBPS[unit] ?? 0);
  if (Number.isSafeInteger(limitKbps) && limitKbps > 0) {
    return { responseRateLimit: { fixedLimit: { limitKbps: String(limitKbps) }, percentage: fractionOf(bandwidth) } };
  }
  problems.push(`a responseBandwidth of ${JSON.stringify(limit)} is left out: it has to be like 50 Mbps`);
  return {};
}

/** As exact as Envoy can: hundredths, else millionths. */
function fractionOf(conf: JsonObject): FractionalPercentJson {
  const percent = Math.min(Math.max(percentOf(conf, "percentage") ?? 0, 0), 100);
  if (Number.isInteger(percent)) return { numerator: percent };
  if (Number.isInteger(percent * 100)) return { numerator: percent * 100, denominator: "TEN_THOUSAND" };
  return { numerator: Math.round(percent * 10_000), denominator: "MILLION" };
}
