/**
 * Standard base64 with padding, judged without a regular expression over groups: those keep a mark per group, so that some
 * megabytes exhaust V8's stack.
 */

/** Length of the longest beginning that decodes. A whole text is base64 when that is all of it. */
export function base64PrefixLength(text: string): number {
  const end = text.search(/[^A-Za-z0-9+/]/);
  const digits = end < 0 ? text.length : end;
  const rest = digits % 4;
  if (rest === 2 && text.startsWith("==", digits)) return digits + 2;
  if (rest === 3 && text.startsWith("=", digits)) return digits + 1;
  return digits - rest;
}

export function isBase64(text: string): boolean {
  return base64PrefixLength(text) === text.length;
}
