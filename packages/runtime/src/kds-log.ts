/** One log line per state change of the sync, never one per message. */
import type { KdsEvent, ReceiverNote, SenderNote } from "@isthmus/kds";
import { assertNever } from "@isthmus/std";
import type { Logger } from "./log.ts";

const SHOWN_REJECTIONS = 5;

export function kdsLogger(log: Logger): (event: KdsEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "connected": {
        const { zone, address, instanceId, version } = event.peer;
        log.info({ zone, address, instanceId, version: version?.version }, "connected");
        break;
      }
      case "disconnected":
        log.info({ zone: event.peer.zone, address: event.peer.address, reason: event.reason }, "disconnected");
        break;
      case "streamClosed":
        log.debug(
          { zone: event.peer.zone, stream: event.stream, code: event.code, reason: event.message },
          "stream closed",
        );
        break;
      case "refused":
        log.warn({ zone: event.zone, stream: event.stream, reason: event.reason }, "call refused");
        break;
      case "zoneNameConflict":
        log.warn({ zone: event.zone, outcome: event.outcome }, "two instances claim the same zone name");
        break;
      case "recycled":
        log.warn({ zone: event.zone, stream: event.stream, reason: event.reason }, "stream recycled");
        break;
      case "garbage":
        log.warn({ zone: event.zone, stream: event.stream, reason: event.reason }, "message refused");
        break;
      case "sender":
        logSender(log, event.zone, event.note);
        break;
      case "receiver":
        logReceiver(log, event.zone, event.note);
        break;
      case "retrying":
        log.warn(
          { reason: event.reason, delayMs: Math.round(event.delayMs) },
          "not connected to the global, trying again",
        );
        break;
      case "defect":
        log.error({ path: event.path, error: describeError(event.error) }, "a defect ended a call");
        break;
      case "identified":
      case "pinged":
      case "streamOpened":
      case "sent":
      case "received":
        break;
      default:
        assertNever(event);
    }
  };
}

function logSender(log: Logger, zone: string, note: SenderNote): void {
  if (note.note === "nacked") {
    log.warn({ zone, type: note.type, reason: note.message }, "the peer rejected resources");
  } else if (note.note === "oversize") {
    const { type, bytes, limit } = note;
    log.error({ zone, type, bytes, limit }, "a response is larger than a message may be and is not sent");
  }
}

function logReceiver(log: Logger, zone: string, note: ReceiverNote): void {
  if (note.note === "rejected") {
    const rejections = note.rejections.slice(0, SHOWN_REJECTIONS);
    log.warn({ zone, type: note.type, count: note.rejections.length, rejections }, "resources rejected");
  } else if (note.note === "refusedType") {
    log.warn({ zone, type: note.type }, "a type that was not requested was refused");
  } else if (note.note === "applied" && note.outcome.held > 0) {
    const { held, holds } = note.outcome;
    log.warn({ zone, type: note.type, held, holds }, "deletions held: see `isthmus sync holds`");
  } else if (note.note === "applied" && note.outcome.rewrites > 0) {
    log.warn({ zone, type: note.type, rewrites: note.outcome.rewrites }, "zone attribution rewritten");
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
