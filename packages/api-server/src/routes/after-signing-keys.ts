/** Options of routes that show secrets or need them: in the first moment of a control plane its signing keys are still being made. */
import type { ApiContext } from "../api-context.ts";

export function afterSigningKeys({ signingKeys }: ApiContext): { readonly preHandler?: () => Promise<void> } {
  return signingKeys === undefined ? {} : { preHandler: signingKeys };
}
