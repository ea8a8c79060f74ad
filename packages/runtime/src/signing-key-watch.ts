/**
 * Tells of secrets that are called like signing keys and are none: once for each content, when it is stored or found at the start. Whoever
 * needs such a key is told so each time; all other keys work on.
 */
import { signingKeyProblem } from "@isthmus/identity";
import { describeKey, type Resource } from "@isthmus/resources";
import type { Service } from "@isthmus/std";
import type { Store } from "@isthmus/store";

const TYPES: readonly string[] = ["GlobalSecret", "Secret"];

export function signingKeyWatch(
  store: Store,
  onProblem: (problem: { readonly secret: string; readonly reason: string }) => void,
): Service {
  let unsubscribe = (): void => {};
  const look = (resource: Resource): void => {
    const reason = signingKeyProblem(resource);
    if (reason !== undefined) onProblem({ secret: describeKey(resource), reason });
  };
  return {
    name: "signing keys",
    async start() {
      for (const type of TYPES) for (const secret of store.list(type)) look(secret);
      unsubscribe = store.subscribe(({ changes }) => {
        for (const { after } of changes) if (after !== undefined && TYPES.includes(after.type)) look(after);
      });
    },
    stop: async () => unsubscribe(),
  };
}
