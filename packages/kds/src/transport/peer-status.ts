/** What the ledger and the pages of operators read of a peer. */
import type { ReceiverState } from "../session/receiver.ts";
import type { SenderState } from "../session/sender.ts";
import type { KdsPeer } from "./kds-events.ts";

export interface PeerStatus {
  readonly zone: string;
  /** Both sides have spoken on this connection, and it stands. */
  readonly isOnline: boolean;
  /** Of the present connection, or of the last one. */
  readonly peer: KdsPeer;
  /** Wall clock, ms: now for one that is online; undefined for one that never was. */
  readonly lastSeenAt: number | undefined;
  /** Wall clock, ms, of the latest health ping. */
  readonly lastPingAt: number | undefined;
  /** Live state of the session that sends to the peer; undefined when that stream is not open. */
  readonly sender: SenderState | undefined;
  /** Live state of the session that receives from the peer; undefined when that stream is not open. */
  readonly receiver: ReceiverState | undefined;
}
