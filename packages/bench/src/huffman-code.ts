/** The Huffman code of header fields (RFC 7541, appendix B). It is canonical: the lengths of its codes, in order of the symbols, say everything. */

/** In bits: of the 256 bytes, and of the end of a string, which is never sent. */
// biome-ignore format: a table
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const LENGTH_MAX = 30;
const END = 256;

/** Of the codes of one length: the first one, and the symbols in order. */
interface CodesOfLength {
  readonly first: number;
  readonly symbols: readonly number[];
}

const CODES: readonly CodesOfLength[] = canonicalCodes();

function canonicalCodes(): CodesOfLength[] {
  const codes: CodesOfLength[] = [];
  let next = 0;
  for (let length = 0; length <= LENGTH_MAX; length += 1) {
    const symbols = [...LENGTHS.keys()].filter((symbol) => LENGTHS[symbol] === length);
    codes.push({ first: next, symbols });
    next = (next + symbols.length) * 2;
  }
  return codes;
}

/** Throws when the bytes are none of this code. */
export function decodeHuffman(bytes: Uint8Array): Buffer {
  const decoded: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      code = (code << 1) | ((byte >> bit) & 1);
      length += 1;
      const { first, symbols } = CODES[length] ?? { first: 0, symbols: [] };
      const symbol = symbols[code - first];
      if (symbol === undefined) continue;
      if (symbol === END) throw new Error("the end of a string in Huffman code is coded");
      decoded.push(symbol);
      code = 0;
      length = 0;
    }
  }
  if (length > 7 || code !== 2 ** length - 1) throw new Error("a string in Huffman code ends within a symbol");
  return Buffer.from(decoded);
}
