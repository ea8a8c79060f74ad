/**
 * Text of a NACK: one rejection per line, each beginning with the wire name so that an Isthmus sender knows which
 * resource is meant. Conflicts put `user error` first, by which a Kuma sender tells them from other errors.
 * Source: kuma v2.14.3: pkg/kds/util/errors.go.
 */
import { USER_ERROR_LINE } from "./nack-attribution.ts";
import type { Rejection } from "./received-resource.ts";

/** What a session keeps of a NACK; a peer's text must not fill the memory. */
export const NACK_MAX_LENGTH = 65_536;
const REASON_MAX_LENGTH = 1_000;
/** Room for the last line. */
const LINES_MAX_LENGTH = NACK_MAX_LENGTH - 100;
/** Ends a text that was cut. Names nothing, so what the lost lines were about stays suspect. */
const CUT = "\n...";

export function nackMessage(rejections: readonly Rejection[]): string {
  const lines = rejections.some((rejection) => rejection.kind === "conflict") ? [USER_ERROR_LINE] : [];
  let length = 0;
  for (const [index, rejection] of rejections.entries()) {
    const line = `${rejection.wireName}: ${oneLine(rejection.reason)}`;
    length += line.length + 1;
    if (length > LINES_MAX_LENGTH) {
      lines.push(`and ${rejections.length - index} more`);
      break;
    }
    lines.push(line);
  }
  return lines.join("\n");
}

/** A reason as it is kept and told: reasons quote what the peer sent. */
export function oneLine(reason: string): string {
  const line = reason.replaceAll(/\s*\n\s*/g, "; ");
  return line.length > REASON_MAX_LENGTH ? `${line.slice(0, REASON_MAX_LENGTH)}...` : line;
}

/** The text of a peer's NACK as far as it is kept. */
export function cutNack(message: string): string {
  if (message.length <= NACK_MAX_LENGTH) return message;
  // A copy: a slice would keep the whole text alive.
  return Buffer.from(`${message.slice(0, NACK_MAX_LENGTH)}${CUT}`).toString();
}
