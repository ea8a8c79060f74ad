/** Go's `%q` of a string: what Kuma's messages and map paths show. */

const ESCAPES: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
/** What `strconv.IsPrint` does not accept (it knows letters, marks, numbers, punctuation, symbols and the ASCII space). */
const ESCAPED = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

export function goQuote(text: string): string {
  const escaped = text.replace(ESCAPED, (character) => ESCAPES[character] ?? escapeCode(character.codePointAt(0) ?? 0));
  return `"${escaped}"`;
}

function escapeCode(code: number): string {
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
