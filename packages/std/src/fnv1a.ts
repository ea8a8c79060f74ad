/** FNV-1a, 64 bit, over the UTF-8 bytes of the text. */
const OFFSET_HI = 0xcbf29ce4;
const OFFSET_LO = 0x84222325;
// The prime 0x100000001b3 = 2^40 + 0x1b3, multiplied in two 32-bit halves to stay clear of BigInt on a hot path.
const PRIME_LOW = 0x1b3;
const BEYOND_ASCII = /[^\0-\x7f]/;

const encoder = new TextEncoder();

/** The upper and the lower 32 bits. */
export interface Fnv1a64 {
  readonly hi: number;
  readonly lo: number;
}

export function fnv1a64(text: string): Fnv1a64 {
  // Of ASCII, characters are bytes: encoding would cost more than hashing.
  const bytes = BEYOND_ASCII.test(text) ? encoder.encode(text) : undefined;
  const length = bytes?.length ?? text.length;
  let hi = OFFSET_HI;
  let lo = OFFSET_LO;
  for (let i = 0; i < length; i += 1) {
    const byte = bytes === undefined ? text.charCodeAt(i) : (bytes[i] ?? 0);
    lo = (lo ^ byte) >>> 0;
    const lowProduct = lo * PRIME_LOW;
    const carry = Math.floor(lowProduct / 0x1_0000_0000);
    const shifted = (lo << 8) >>> 0;
    hi = (Math.imul(hi, PRIME_LOW) + carry + shifted) >>> 0;
    lo = lowProduct >>> 0;
  }
  return { hi, lo };
}

/** 16 lower-case hex digits, big endian. */
export function fnv1a64Hex(text: string): string {
  const { hi, lo } = fnv1a64(text);
  return hex(hi) + hex(lo);
}

const hex = (word: number): string => word.toString(16).padStart(8, "0");
