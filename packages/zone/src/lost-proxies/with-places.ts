/** Marks what listens at places of a Dataplane as ready or not ready. */
import { enumOf, objectOf, objectsOf, portOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { withReadiness } from "@isthmus/xds";
import { placeText } from "./listen-places.ts";

/** `isReadyAt`: by place. Undefined: nothing changes. */
export function withPlaces(spec: JsonObject, isReadyAt: ReadonlyMap<string, boolean>): JsonObject | undefined {
  const isReadyOf = (networking: JsonObject, listener: JsonObject): boolean | undefined => {
    const address = textOf(listener, "address") || textOf(networking, "address");
    return isReadyAt.get(placeText({ address, port: portOf(listener, "port") ?? 0 }));
  };
  const inbounds = withReadiness(spec, isReadyOf);
  return withListeners(inbounds ?? spec, isReadyOf) ?? inbounds;
}

function withListeners(
  spec: JsonObject,
  isReadyOf: (networking: JsonObject, listener: JsonObject) => boolean | undefined,
): JsonObject | undefined {
  const networking = objectOf(spec, "networking");
  let isChanged = false;
  const listeners = objectsOf(networking, "listeners").map((listener): JsonObject => {
    const isReady = isReadyOf(networking, listener);
    const wasReady = enumOf(listener, "state", ["Ready", "NotReady"], "NotReady") === "Ready";
    if (isReady === undefined || isReady === wasReady) return listener;
    isChanged = true;
    const { state: _, ...rest } = listener;
    return isReady ? rest : { ...rest, state: "NotReady" };
  });
  return isChanged ? { ...spec, networking: { ...networking, listeners } } : undefined;
}
