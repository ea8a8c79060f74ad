/** What the servers of this package tell the program: life of proxies and everything that insights, metrics and logs count. */

import type { ProxyId } from "./node/proxy-id.ts";
import type { ConnectedProxy } from "./proxy-snapshot.ts";
import type { AdsNote, AdsVariant } from "./session/ads-state.ts";
import type { TypeUrl } from "./type-urls.ts";

export type XdsEvent =
  /** A proxy is authenticated, its resource is stored, and its ADS stream is served. */
  | {
      readonly kind: "connected";
      readonly proxy: ConnectedProxy;
      readonly variant: AdsVariant;
      readonly peer: string;
      /** Wall clock, ms, when the stream was opened. */
      readonly openedAt: number;
    }
  /** Once for each `connected`. `isReplaced`: a newer stream of the same proxy is served already. */
  | {
      readonly kind: "disconnected";
      readonly proxy: ConnectedProxy;
      readonly reason: string;
      readonly isReplaced: boolean;
    }
  /** A stream that was ended before it was served; `reason` is the text that the peer got. */
  | {
      readonly kind: "refused";
      readonly stream: XdsStreamKind;
      readonly nodeId: string;
      readonly peer: string;
      readonly reason: string;
    }
  /** Two streams claim one proxy: the newer was served, or (`refused`) the name is in dispute. */
  | {
      readonly kind: "nameConflict";
      readonly proxy: ProxyId;
      readonly peer: string;
      readonly outcome: "replaced" | "refused";
    }
  | {
      readonly kind: "sent";
      readonly proxy: ConnectedProxy;
      readonly typeUrl: TypeUrl;
      readonly bytes: number;
      readonly resources: number;
      readonly removals: number;
    }
  | { readonly kind: "ads"; readonly proxy: ConnectedProxy; readonly note: AdsNote }
  /** A stream that made no progress was ended so that it starts over. */
  | { readonly kind: "recycled"; readonly proxy: ConnectedProxy; readonly reason: string }
  | { readonly kind: "healthOpened" | "healthClosed"; readonly proxy: ProxyId; readonly peer: string }
  /** A message that could not be read; its stream was ended. */
  | { readonly kind: "garbage"; readonly stream: XdsStreamKind; readonly peer: string; readonly reason: string }
  /** An error that no peer may cause: a defect of this program. What it belonged to has been ended. */
  | { readonly kind: "defect"; readonly where: string; readonly error: unknown };

export type XdsStreamKind = "StreamAggregatedResources" | "DeltaAggregatedResources" | "StreamHealthCheck";

export type OnXdsEvent = (event: XdsEvent) => void;
