/**
 * Checks that many types share: ports, lengths, addresses, choices. Each adds to the given collection, at the given path.
 * Source: kuma v2.14.3: pkg/core/validators, pkg/core/resources/apis/mesh/validators.go.
 */
import { member, type Violations } from "../violation.ts";
import { goQuote } from "./go-quote.ts";
import { isDnsName, isIpAddress } from "./host.ts";

export const MUST_BE_DEFINED = "must be defined";
export const MUST_NOT_BE_EMPTY = "must not be empty";
export const MUST_NOT_BE_DEFINED = "must not be defined";

const PORT_MAX = 65_535;

/** Path of a map entry; keys are quoted as Go does. */
export const key = (path: string, name: string): string => `${path}[${goQuote(name)}]`;

export const isPort = (value: number): boolean => value >= 1 && value <= PORT_MAX;

/** Port of a protobuf-backed type. */
export function checkFlatPort(port: number, path: string, found: Violations): void {
  if (!isPort(port)) found.add(path, "port must be in the range [1, 65535]");
}

/** Port of a plain JSON spec. */
export function checkSpecPort(port: number, path: string, found: Violations): void {
  if (!isPort(port)) found.add(path, "port must be a valid (1-65535)");
}

/** Adds at `<path>.address`, also where the caller's path already names the address. */
export function checkAddress(address: string, path: string, found: Violations): void {
  const field = member(path, "address");
  if (address === "") {
    found.add(field, "address can't be empty");
    return;
  }
  if (address === "0.0.0.0" || address === "::") found.add(field, "must not be 0.0.0.0 or ::");
  if (!isIpAddress(address) && !isDnsName(address)) {
    found.add(field, "address has to be valid IP address or domain name");
  }
}

/** In bytes, as Go counts. */
export function checkLength(text: string, maxBytes: number, path: string, found: Violations): void {
  if (Buffer.byteLength(text) > maxBytes) found.add(path, `must not be longer than ${maxBytes} characters`);
}

/** `"kind" must be one of ["A", "B"]` */
export function quotedChoice(label: string, allowed: readonly string[]): string {
  return `${goQuote(label)} must be one of [${allowed.map(goQuote).join(", ")}]`;
}

/** `kind must be one of: A, B` */
export function plainChoice(label: string, allowed: readonly string[]): string {
  return `${label} must be one of: ${allowed.join(", ")}`;
}

export const atLeastOne = (...names: readonly string[]): string =>
  `must have at least one defined: ${names.join(", ")}`;

/** `what must have exactly one defined: a, b` */
export const exactlyOne = (what: string, ...names: readonly string[]): string =>
  `${what} must have exactly one defined: ${names.join(", ")}`;

/** `what must have only one type defined: a, b` */
export const onlyOne = (what: string, ...names: readonly string[]): string =>
  `${what} must have only one type defined: ${names.join(", ")}`;

export const allowedValues = (values: readonly string[]): string => `Allowed values: ${values.join(", ")}`;
