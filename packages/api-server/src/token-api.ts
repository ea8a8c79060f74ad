/** What the token routes issue with. */
import type { TokenIssuer } from "@isthmus/identity";

export interface TokenApi {
  readonly issuer: TokenIssuer;
  /** False: tokens are made offline only, requests are refused. Default true. */
  readonly issuesDataplaneTokens?: boolean;
  readonly issuesZoneTokens?: boolean;
  readonly issuesUserTokens?: boolean;
  /** False: users do not prove themselves by tokens, and there is no path for them. Default true. */
  readonly hasUserTokens?: boolean;
}
