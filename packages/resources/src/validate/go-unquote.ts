/** Go's `strconv.Unquote` for strings in double quotes and in back quotes. */

const SIMPLE: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/y;

/** undefined when an escape is not Go's. `\xNN` and `\NNN` are bytes there; above 0x7f they are read as Latin-1 here. */
export function unquoteGo(quoted: string): string | undefined {
  const content = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return content.replaceAll("\r", "");
  let text = "";
  for (let i = 0; i < content.length; ) {
    const character = content[i] ?? "";
    if (character !== "\\") {
      text += character;
      i += 1;
      continue;
    }
    ESCAPE.lastIndex = i;
    const match = ESCAPE.exec(content);
    const unescaped = match === null ? undefined : unescape(match);
    if (match === null || unescaped === undefined) return undefined;
    text += unescaped;
    i += match[0].length;
  }
  return text;
}

function unescape([, byte, short, long, octal, simple = ""]: RegExpExecArray): string | undefined {
  if (octal !== undefined) return code(Number.parseInt(octal, 8), 0xff);
  const hex = byte ?? short ?? long;
  return hex === undefined ? SIMPLE[simple] : code(Number.parseInt(hex, 16), 0x10ffff);
}

function code(value: number, max: number): string | undefined {
  const isSurrogate = value >= 0xd800 && value <= 0xdfff;
  return value > max || isSurrogate ? undefined : String.fromCodePoint(value);
}
