/** Escaped characters of Go's regular expressions. Source: Go 1.26: regexp/syntax/parse.go. */

export interface Escape {
  /** undefined when the escape is not valid. */
  readonly code: number | undefined;
  /** Behind the escape, or behind what was read of it before the mistake was plain: messages show that much. */
  readonly end: number;
  /** Nothing follows the backslash. */
  readonly isCutOff: boolean;
}

const CODE_POINT_MAX = 0x10ffff;

/** The escape that begins with the backslash at that place. */
export function readEscape(text: string, start: number): Escape {
  const match = matchAt(
    /\\(?:([1-7][0-7]{1,2}|0[0-7]{0,2})|x\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|([afnrtv])|(\p{ASCII}))/uy,
    text,
    start,
  );
  if (match === null) return bad(text, start);
  const [whole, octal, braced, hex, control, punctuation] = match;
  const end = start + whole.length;
  const character = control ?? punctuation;
  if (character !== undefined) {
    if (punctuation !== undefined && /[A-Za-z0-9]/.test(punctuation)) return bad(text, start);
    return { code: character.charCodeAt(0), end, isCutOff: false };
  }
  const code = Number.parseInt(braced ?? hex ?? octal ?? "0", octal === undefined ? 16 : 8);
  return code > CODE_POINT_MAX ? bad(text, start) : { code, end, isCutOff: false };
}

export function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

function bad(text: string, start: number): Escape {
  const read = matchAt(
    /\\(?:x\{(?:1[1-9a-fA-F][0-9a-fA-F]{4}|[0-9a-fA-F]*[^]?)|x[^]{0,2}|[1-7][0-7]?|[^])/uy,
    text,
    start,
  );
  return { code: undefined, end: start + (read?.[0].length ?? 1), isCutOff: start + 1 === text.length };
}
