/**
 * Pages of a list: `size` items from `offset` on. Texts are those of Go's number parser, which Kuma shows.
 * Source: kuma v2.14.3: pkg/api-server/pagination.go, pkg/core/resources/store/pagination_store.go.
 */
import { err, ok, type Result } from "@isthmus/std";
import { type Failure, titles } from "./failure.ts";
import type { Query } from "./query.ts";

export const DEFAULT_PAGE_SIZE = 100;
export const MAX_PAGE_SIZE = 1000;

const MAX_INT = (1n << 63n) - 1n;
const MIN_INT = -(1n << 63n);

export function parsePageSize(query: Query): Result<number, Failure> {
  const text = query.get("size");
  if (text === "") return ok(DEFAULT_PAGE_SIZE);
  const size = goAtoi(text);
  if (!size.ok) return err(badSize("invalid format"));
  if (size.value <= 0n) return err(badSize("must be greater than 0"));
  if (size.value > MAX_PAGE_SIZE) {
    return err(badSize(`invalid page size of ${size.value}. Maximum page size is ${MAX_PAGE_SIZE}`));
  }
  return ok(Number(size.value));
}

export function parseOffset(query: Query, size: number): Result<number, Failure> {
  const text = query.get("offset");
  if (text === "") return ok(0);
  const offset = goAtoi(text);
  if (!offset.ok) return err(badOffset(offset.error));
  if (offset.value < 0n) return err(badOffset("must be non-negative"));
  if (offset.value > MAX_INT - BigInt(size)) return err(badOffset("exceeds maximum value"));
  // Beyond the precision of numbers there is no item anyway.
  return ok(Math.min(Number(offset.value), Number.MAX_SAFE_INTEGER - MAX_PAGE_SIZE));
}

/** Address of the next page, or null behind the last. */
export function nextLink(options: {
  readonly origin: string;
  readonly path: string;
  readonly query: Query;
  readonly offset: number;
  readonly size: number;
  readonly total: number;
}): string | null {
  const next = options.offset + options.size;
  return next < options.total ? `${options.origin}${options.path}?${options.query.with("offset", String(next))}` : null;
}

function badSize(reason: string): Failure {
  return { status: 400, title: titles.list, detail: "Invalid page size", violations: [{ field: "size", reason }] };
}

function badOffset(reason: string): Failure {
  return { status: 400, title: titles.list, detail: `invalid: invalid offset: ${reason}` };
}

/** Go's `strconv.Atoi` on a 64-bit machine. */
function goAtoi(text: string): Result<bigint, string> {
  const quoted = JSON.stringify(text);
  if (!/^[+-]?\d+$/.test(text)) return err(`strconv.Atoi: parsing ${quoted}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ""));
  if (value > MAX_INT || value < MIN_INT) return err(`strconv.Atoi: parsing ${quoted}: value out of range`);
  return ok(value);
}
