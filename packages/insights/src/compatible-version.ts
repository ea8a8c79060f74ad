/** Whether two control planes of these versions may work together. Source: kuma v2.14.3: pkg/version/compatibility.go. */

/** Minor versions apart, in either direction. */
const MINORS_APART_MAX = 2;
/** Builds off the main branch: compatible with everything. */
const PREVIEW = "preview";
const SEMVER = /^v?(\d+)(?:\.(\d+))?(?:\.\d+)?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** What is no semantic version is taken for a development build, which fits; a pre-release of the peer does not. */
export function isCompatibleVersion(own: string, peer: string): boolean {
  if (own.includes(PREVIEW) || peer.includes(PREVIEW)) return true;
  const ownParts = SEMVER.exec(own);
  const peerParts = SEMVER.exec(peer);
  if (ownParts === null || peerParts === null) return true;
  const [, ownMajor = "0", ownMinor = "0"] = ownParts;
  const [, peerMajor = "0", peerMinor = "0", prerelease] = peerParts;
  if (prerelease !== undefined || Number(ownMajor) !== Number(peerMajor)) return false;
  return Math.abs(Number(ownMinor) - Number(peerMinor)) <= MINORS_APART_MAX;
}
