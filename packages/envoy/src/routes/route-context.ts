/** What the routes of one outbound are made from. */
import type { Proxy, Service, ServicePort } from "@isthmus/topology";
import type { Destination, Destinations } from "../sidecar/destinations.ts";
import type { Translation } from "../translation.ts";

export interface RouteContext {
  readonly proxy: Proxy;
  /** Where the outbound leads when no route says otherwise. */
  readonly own: Destination;
  readonly service: Service;
  readonly port: ServicePort;
  /** Makes what routes lead to. */
  readonly destinations: Destinations;
  readonly translation: Translation;
}
