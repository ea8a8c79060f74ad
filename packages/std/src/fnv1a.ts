/** FNV-1a, 64 bit, over the UTF-8 bytes of the text; 16 lower-case hex digits, big endian. */
const OFFSET_HI = 0xcbf29ce4;
const OFFSET_LO = 0x84222325;
// The prime 0x100000001b3 = 2^40 + 0x1b3, multiplied in two 32-bit halves to stay clear of BigInt on a hot path.
const PRIME_LOW = 0x1b3;

const encoder = new TextEncoder();

export function fnv1a64Hex(text: string): string {
  const bytes = encoder.encode(text);
  let hi = OFFSET_HI;
  let lo = OFFSET_LO;
  for (const byte of bytes) {
    lo = (lo ^ byte) >>> 0;
    const lowProduct = lo * PRIME_LOW;
    const carry = Math.floor(lowProduct / 0x1_0000_0000);
    const shifted = (lo << 8) >>> 0;
    hi = (Math.imul(hi, PRIME_LOW) + carry + shifted) >>> 0;
    lo = lowProduct >>> 0;
  }
  return hex(hi) + hex(lo);
}

const hex = (word: number): string => word.toString(16).padStart(8, "0");
