/**
 * Which resources a NACK is about. Envoy says it in words: "Error adding/updating cluster(s) a: reason, b: reason". Only what
 * the rejected response brought is searched for, and the longest name counts where several match: the message for
 * `inbound:10.0.0.1:80` must not put the blame on `inbound:10.0.0.1:8`.
 */

/** Envoy's messages are bounded by it anyway; anybody else's are cut. */
export const NACK_MESSAGE_MAX = 4_096;

/** Longer lists are not searched: the whole content is to blame then. */
const CANDIDATES_MAX = 20_000;

export function cutMessage(message: string): string {
  return message.length <= NACK_MESSAGE_MAX ? message : `${message.slice(0, NACK_MESSAGE_MAX)}…`;
}

/** In order of their first mention. */
export function namesIn(message: string, candidates: readonly string[]): readonly string[] {
  if (candidates.length > CANDIDATES_MAX) return [];
  const mentions: { readonly name: string; readonly start: number; readonly end: number }[] = [];
  for (const name of candidates) {
    if (name === "") continue;
    for (let start = message.indexOf(name); start >= 0; start = message.indexOf(name, start + 1)) {
      const end = start + name.length;
      if (isBoundary(message[start - 1]) && isBoundary(message[end])) mentions.push({ name, start, end });
    }
  }
  const longest = mentions.filter(
    (each) =>
      !mentions.some(
        (other) => other.name.length > each.name.length && other.start <= each.start && each.end <= other.end,
      ),
  );
  longest.sort((a, b) => a.start - b.start);
  return [...new Set(longest.map(({ name }) => name))];
}

function isBoundary(character: string | undefined): boolean {
  return character === undefined || !/[\w./-]/.test(character);
}
