/** As much of DNS messages as answering from a table takes: the first question, and answers of addresses. Source: RFC 1035, RFC 3596. */
import { Buffer } from "node:buffer";

const HEADER_BYTES = 12;
const LABEL_MAX_BYTES = 63;
/** Of an answer over UDP to a client that says nothing else. */
export const UDP_MAX_BYTES = 512;
const CLASS_IN = 1;
const POINTER_TO_QUESTION = 0xc000 + HEADER_BYTES;

export const RecordType = { a: 1, aaaa: 28 } as const;
export const ResponseCode = { ok: 0, serverFailure: 2 } as const;

const FLAG_RESPONSE = 0x8000;
const FLAG_AUTHORITATIVE = 0x0400;
const FLAG_TRUNCATED = 0x0200;
const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_RECURSION_AVAILABLE = 0x0080;
const OPCODE_MASK = 0x7800;

export interface DnsQuestion {
  /** In lower case, without the dot at its end. */
  readonly name: string;
  readonly type: number;
  /** Where the question ends in the message. */
  readonly end: number;
}

/** Undefined: no query with one question that is whole and of the internet. */
export function questionOf(message: Buffer): DnsQuestion | undefined {
  if (message.byteLength < HEADER_BYTES) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & (FLAG_RESPONSE | OPCODE_MASK)) !== 0 || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = message[at]; length !== 0; length = message[at]) {
    // Names of questions are not compressed.
    if (length === undefined || length > LABEL_MAX_BYTES) return undefined;
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > message.byteLength || message.readUInt16BE(at + 3) !== CLASS_IN) return undefined;
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** @param addresses of the type that was asked for, 4 or 16 bytes each */
export function answer(
  query: Buffer,
  question: DnsQuestion,
  addresses: readonly Buffer[],
  { ttlSeconds, maxBytes }: { readonly ttlSeconds: number; readonly maxBytes: number },
): Buffer {
  const records = addresses.map((address) => {
    const record = Buffer.alloc(12 + address.byteLength);
    record.writeUInt16BE(POINTER_TO_QUESTION, 0);
    record.writeUInt16BE(question.type, 2);
    record.writeUInt16BE(CLASS_IN, 4);
    record.writeUInt32BE(ttlSeconds, 6);
    record.writeUInt16BE(address.byteLength, 10);
    address.copy(record, 12);
    return record;
  });
  const whole = Buffer.concat([head(query, question, FLAG_AUTHORITATIVE, ResponseCode.ok, records.length), ...records]);
  return whole.byteLength <= maxBytes
    ? whole
    : head(query, question, FLAG_AUTHORITATIVE | FLAG_TRUNCATED, ResponseCode.ok, 0);
}

export function failure(query: Buffer, question: DnsQuestion): Buffer {
  return head(query, question, 0, ResponseCode.serverFailure, 0);
}

/** Undefined: no address. */
export function addressBytes(text: string): { readonly type: number; readonly bytes: Buffer } | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.every((byte) => byte <= 255) ? { type: RecordType.a, bytes: Buffer.from(bytes) } : undefined;
  }
  const [left = "", right, ...more] = text.split("::");
  const groups = (part: string | undefined): readonly string[] => (part ? part.split(":") : []);
  const missing = right === undefined ? 0 : 8 - groups(left).length - groups(right).length;
  const all = [...groups(left), ...Array.from({ length: Math.max(0, missing) }, () => "0"), ...groups(right)];
  if (more.length > 0 || all.length !== 8 || !all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const bytes = Buffer.alloc(16);
  for (const [i, group] of all.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), i * 2);
  return { type: RecordType.aaaa, bytes };
}

function head(query: Buffer, { end }: DnsQuestion, flags: number, code: number, answers: number): Buffer {
  const message = Buffer.from(query.subarray(0, end));
  const asked = query.readUInt16BE(2) & FLAG_RECURSION_DESIRED;
  message.writeUInt16BE(FLAG_RESPONSE | FLAG_RECURSION_AVAILABLE | asked | flags | code, 2);
  message.writeUInt16BE(answers, 6);
  message.writeUInt16BE(0, 8);
  message.writeUInt16BE(0, 10);
  return message;
}
