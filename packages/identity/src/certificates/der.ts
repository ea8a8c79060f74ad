/** As much DER as certificates need. Source: X.690; RFC 5280. */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** `[number]`, of a simple value or (`isConstructed`) of others. */
export function contextTag(number: number, isConstructed = false): number {
  return 0x80 | (isConstructed ? 0x20 : 0) | number;
}

export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(length)]), ...content]);
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

/** `1.2.840.10045.4.3.2` */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...others] = text.split(".").map(Number);
  const bytes = [first * 40 + second, ...others].flatMap((part) => {
    const digits = [part % 128];
    for (let rest = Math.floor(part / 128); rest > 0; rest = Math.floor(rest / 128))
      digits.unshift(0x80 | (rest % 128));
    return digits;
  });
  return der(TAG.oid, Buffer.from(bytes));
}

/** To the second. Until 2049 with two digits of the year, as RFC 5280 has it. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\.\d+Z$|[-:T]/g, "");
  const isUtc = Number(digits.slice(0, 4)) < 2050;
  return der(isUtc ? TAG.utcTime : TAG.generalizedTime, Buffer.from(`${isUtc ? digits.slice(2) : digits}Z`, "latin1"));
}

export interface DerElement {
  readonly tag: number;
  /** With tag and length. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

/** The elements that stand one after the other in `bytes`, which are known to be DER. */
export function elementsOf(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let start = 0; start < bytes.byteLength; ) {
    let position = start + 2;
    let length = bytes[start + 1] ?? 0;
    if (length >= 0x80) {
      const end = position + (length & 0x7f);
      length = 0;
      for (; position < end; position += 1) length = length * 256 + (bytes[position] ?? 0);
    }
    const end = position + length;
    elements.push({
      tag: bytes[start] ?? 0,
      whole: bytes.subarray(start, end),
      content: bytes.subarray(position, end),
    });
    start = end;
  }
  return elements;
}
