/**
 * The two certificate extensions that make a certification authority, read from DER. The platform's X509Certificate shows
 * the extended key usage only, and its `ca` is already false when the key usage is wrong, so it cannot tell which.
 */

export interface CaExtensions {
  readonly isCa: boolean;
  readonly keyUsage: { readonly certSign: boolean; readonly keyAgreement: boolean };
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const SEQUENCE = 0x30;
const OID = 0x06;
const BOOLEAN = 0x01;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const EXTENSIONS = 0xa3;
const BASIC_CONSTRAINTS = "551d13";
const KEY_USAGE = "551d0f";
/** Bits count from the left of the first byte. */
const KEY_AGREEMENT_BIT = 0x08;
const CERT_SIGN_BIT = 0x04;

/** For DER that the platform has parsed already; whatever is missing or malformed reads as absent. */
export function caExtensions(certificate: Uint8Array): CaExtensions {
  const tbs = elements(elements(elements(certificate)[0]?.content)[0]?.content);
  const wrapper = tbs.find((element) => element.tag === EXTENSIONS);
  const list = elements(elements(wrapper?.content).find((element) => element.tag === SEQUENCE)?.content);
  const extension = (oid: string): Element | undefined => {
    for (const { content } of list) {
      const parts = elements(content);
      if (parts[0]?.tag !== OID || Buffer.from(parts[0].content).toString("hex") !== oid) continue;
      return elements(parts.find((part) => part.tag === OCTET_STRING)?.content)[0];
    }
    return undefined;
  };
  const constraints = elements(extension(BASIC_CONSTRAINTS)?.content);
  const usage = extension(KEY_USAGE);
  // The first byte of a bit string says how many bits of the last one are unused.
  const bits = usage?.tag === BIT_STRING ? (usage.content[1] ?? 0) : 0;
  return {
    isCa: constraints[0]?.tag === BOOLEAN && constraints[0].content[0] === 0xff,
    keyUsage: { certSign: (bits & CERT_SIGN_BIT) !== 0, keyAgreement: (bits & KEY_AGREEMENT_BIT) !== 0 },
  };
}

/** Elements one after another; stops at the first that does not fit. */
function elements(bytes: Uint8Array = new Uint8Array()): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (lengthBytes > 4) break;
    let length = first < 0x80 ? first : 0;
    for (let i = 0; i < lengthBytes; i += 1) length = length * 256 + (bytes[at + 2 + i] ?? 0);
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) break;
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
