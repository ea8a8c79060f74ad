export {
  CONTROL_PLANE_SCOPE,
  type DataplaneIdentity,
  readDataplane,
  readUser,
  readZone,
  userClaims,
  type ZoneIdentity,
} from "./claims.ts";
export {
  ADMIN_USER_TOKEN,
  DEFAULT_SERIAL,
  dataplaneKeyRing,
  type KeyRing,
  keyAddress,
  userKeyRing,
  zoneKeyRing,
  zonePublicKeyRing,
} from "./key-ring.ts";
export { parsePrivateKey, parsePublicKey } from "./rsa-key.ts";
export { type KeyFailure, latestSerial, latestSigningKey, type SigningKey, secretBytes } from "./signing-keys.ts";
export { signToken, TokenIssuer, type TokenIssuerOptions } from "./token-issuer.ts";
export { type ConfiguredKey, TokenValidator, type TokenValidatorOptions } from "./token-validator.ts";
export { ADMIN, ANONYMOUS, AUTHENTICATED_GROUP, authenticated, isAnonymous, type User, userText } from "./user.ts";
