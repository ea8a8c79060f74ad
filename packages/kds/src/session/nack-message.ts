/**
 * Text of a NACK: one rejection per line, each beginning with the wire name so that an Isthmus sender knows which
 * resource is meant. Conflicts put `user error` first, by which a Kuma sender tells them from other errors.
 * Source: kuma v2.14.3: pkg/kds/util/errors.go.
 */
import { USER_ERROR_LINE } from "./nack-attribution.ts";
import type { Rejection } from "./received-resource.ts";

const LINES_MAX = 200;
const REASON_MAX_LENGTH = 1_000;

export function nackMessage(rejections: readonly Rejection[]): string {
  const lines = rejections
    .slice(0, LINES_MAX)
    .map((rejection) => `${rejection.wireName}: ${oneLine(rejection.reason)}`);
  if (rejections.some((rejection) => rejection.kind === "conflict")) lines.unshift(USER_ERROR_LINE);
  if (rejections.length > LINES_MAX) lines.push(`and ${rejections.length - LINES_MAX} more`);
  return lines.join("\n");
}

function oneLine(reason: string): string {
  const line = reason.replaceAll(/\s*\n\s*/g, "; ");
  return line.length > REASON_MAX_LENGTH ? `${line.slice(0, REASON_MAX_LENGTH)}...` : line;
}
