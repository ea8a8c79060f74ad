/** PEM blocks as Go's encoding/pem finds them. */

export interface PemBlock {
  readonly type: string;
  readonly bytes: Uint8Array;
  /** The block as text, for parsers that want it so. */
  readonly text: string;
}

/** Headers (`Name: value` lines) may stand before the base64. */
const BLOCK = /^-----BEGIN ([^\n]*?)-----[ \t\r]*\n(?<body>(?:(?!-----)[^\n]*\n)*)-----END \1-----[ \t\r]*$/gm;
const HEADER = /^[^\n:]*:[^\n]*\n?/gm;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Text outside of blocks and malformed blocks are skipped. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const match of text.matchAll(BLOCK)) {
    const base64 = (match.groups?.["body"] ?? "").replace(HEADER, "").replace(/[ \t\r\n]/g, "");
    if (!BASE64.test(base64)) continue;
    blocks.push({ type: match[1] ?? "", bytes: Buffer.from(base64, "base64"), text: `${match[0]}\n` });
  }
  return blocks;
}
