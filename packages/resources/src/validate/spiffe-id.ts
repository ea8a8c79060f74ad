/**
 * Whether a text is a SPIFFE id, in the words of go-spiffe, which Kuma's messages quote.
 * Source: github.com/spiffe/go-spiffe v2: spiffeid.FromString.
 */

const SCHEME = "spiffe://";
const TRUST_DOMAIN = /^[a-z0-9\-._]*$/;
const SEGMENT = /^[a-zA-Z0-9\-._]*$/;

/** undefined when it is one. */
export function spiffeIdError(text: string): string | undefined {
  if (text === "") return "cannot be empty";
  if (!text.startsWith(SCHEME)) return "scheme is missing or invalid";
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf("/");
  const trustDomain = slash === -1 ? rest : rest.slice(0, slash);
  if (!TRUST_DOMAIN.test(trustDomain)) {
    return "trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores";
  }
  if (trustDomain === "") return "trust domain is missing";
  return slash === -1 ? undefined : pathError(rest.slice(slash + 1).split("/"));
}

/** The first thing wrong from left to right: a segment ends before its name is judged. */
function pathError(segments: readonly string[]): string | undefined {
  for (const [index, segment] of segments.entries()) {
    if (!SEGMENT.test(segment)) {
      return "path segment characters are limited to letters, numbers, dots, dashes, and underscores";
    }
    if (segment === "." || segment === "..") return "path cannot contain dot segments";
    if (segment !== "") continue;
    return index === segments.length - 1 ? "path cannot have a trailing slash" : "path cannot contain empty segments";
  }
  return undefined;
}
