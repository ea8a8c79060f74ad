/**
 * PEM blocks as Go's encoding/pem finds them, line by line: one expression for a whole block keeps a mark per line, so that
 * some megabytes exhaust the stack.
 */
import { isBase64 } from "@isthmus/std";

export interface PemBlock {
  readonly type: string;
  readonly bytes: Uint8Array;
  /** The block as text, for parsers that want it so. */
  readonly text: string;
}

const BEGIN = "-----BEGIN ";
/** A line may be indented by nothing, and ended by blanks. */
const BEGIN_LINE = /^-----BEGIN ([^\n]*?)-----[ \t\r]*$/;
const DASHES = "\n-----";
/** Headers (`Name: value` lines) may stand before the base64. */
const HEADER = /^[^\n:]*:[^\n]*\n?/gm;

/** Text outside of blocks and malformed blocks are skipped. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let at = nextBegin(text, 0);
  while (at >= 0) {
    const type = BEGIN_LINE.exec(lineAt(text, at))?.[1];
    const bodyAt = endOfLine(text, at) + 1;
    // The line break before the body counts: it may be empty.
    const endAt = text.indexOf(DASHES, bodyAt - 1) + 1;
    if (endAt === 0) break;
    if (type === undefined || !isEnd(lineAt(text, endAt), type)) {
      at = nextBegin(text, bodyAt);
      continue;
    }
    const base64 = text
      .slice(bodyAt, endAt)
      .replace(HEADER, "")
      .replace(/[ \t\r\n]/g, "");
    const isWhole = isBase64(base64);
    const end = endOfLine(text, endAt);
    if (isWhole) blocks.push({ type, bytes: Buffer.from(base64, "base64"), text: `${text.slice(at, end)}\n` });
    at = nextBegin(text, end);
  }
  return blocks;
}

/** Where the next line begins that may open a block; -1 when there is none. */
function nextBegin(text: string, from: number): number {
  if (from === 0 && text.startsWith(BEGIN)) return 0;
  const before = text.indexOf(`\n${BEGIN}`, Math.max(from - 1, 0));
  return before < 0 ? -1 : before + 1;
}

function isEnd(line: string, type: string): boolean {
  const end = `-----END ${type}-----`;
  return line.startsWith(end) && /^[ \t\r]*$/.test(line.slice(end.length));
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

const lineAt = (text: string, at: number): string => text.slice(at, endOfLine(text, at));
