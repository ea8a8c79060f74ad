/** Rules of a Timeout. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/timeout_validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Violations } from "../violation.ts";
import { checkOptionalDuration, flatDurationAt, GREATER_THAN_ZERO } from "./flat-amounts.ts";
import { messageAt, valueAt } from "./json-access.ts";
import { connectionRules } from "./selectors.ts";

/** Those that are looked at: two newer ones of `http` are not, and do not count. */
const HTTP = ["requestTimeout", "idleTimeout"];
const GRPC = ["streamIdleTimeout", "maxStreamDuration"];
const NONE = "at least one timeout in section has to be defined";

export const validateTimeout = connectionRules((conf, found) => {
  checkTcp(messageAt(conf, "tcp"), found);
  checkSection(messageAt(conf, "http"), HTTP, "conf.http", found);
  checkSection(messageAt(conf, "grpc"), GRPC, "conf.grpc", found);
});

function checkTcp(tcp: JsonObject | undefined, found: Violations): void {
  if (tcp === undefined) return;
  const seconds = flatDurationAt(tcp, "idleTimeout");
  if (seconds === undefined) found.add("conf.tcp", NONE);
  else if (seconds === 0) found.add("conf.tcp.idleTimeout", GREATER_THAN_ZERO);
}

function checkSection(
  section: JsonObject | undefined,
  names: readonly string[],
  path: string,
  found: Violations,
): void {
  if (section === undefined) return;
  if (names.every((name) => valueAt(section, name) === undefined)) found.add(path, NONE);
  for (const name of names) checkOptionalDuration(section, name, path, found);
}
