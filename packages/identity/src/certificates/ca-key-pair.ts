import { WeakValues } from "@isthmus/std";

/** PEM texts; the first certificate is the CA's own. */
export interface CaKeyPair {
  readonly cert: string;
  readonly key: string;
}

/** By certificate. */
const PAIRS = new WeakValues<CaKeyPair>();

/** Equal ones are one object: thousands of certificates are of one CA, whose texts would be read anew for each. */
export function caKeyPair(cert: string, key: string): CaKeyPair {
  const known = PAIRS.peek(cert);
  if (known?.key === key) return known;
  const pair = { cert, key };
  PAIRS.set(cert, pair);
  return pair;
}
