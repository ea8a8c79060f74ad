/** Admits everybody, or answers what a test says, and remembers what it was asked. For tests. */
import type { GrpcStatus } from "@isthmus/grpc-kit";
import { ok, type Result } from "@isthmus/std";
import type { ProxyAdmission, ProxyCandidate } from "../admission.ts";
import { nodeIdOf } from "../node/proxy-id.ts";

export class OpenAdmission implements ProxyAdmission {
  readonly log: string[] = [];
  answer: (candidate: ProxyCandidate) => Promise<Result<void, GrpcStatus>> = async () => ok(undefined);
  registration: Result<void, GrpcStatus> = ok(undefined);
  readonly candidates: ProxyCandidate[] = [];
  /** What ends the streams that are served now. */
  readonly watched = new Set<(status: GrpcStatus) => void>();

  admit(candidate: ProxyCandidate): Promise<Result<void, GrpcStatus>> {
    this.candidates.push(candidate);
    this.log.push(`admit ${nodeIdOf(candidate.id)}`);
    return this.answer(candidate);
  }

  register({ id }: ProxyCandidate): Promise<Result<void, GrpcStatus>> {
    this.log.push(`register ${nodeIdOf(id)}`);
    return Promise.resolve(this.registration);
  }

  authenticate(candidate: ProxyCandidate): Promise<Result<void, GrpcStatus>> {
    this.log.push(`authenticate ${nodeIdOf(candidate.id)}`);
    return this.answer(candidate);
  }

  watch(_: ProxyCandidate, end: (status: GrpcStatus) => void): () => void {
    this.watched.add(end);
    return () => void this.watched.delete(end);
  }

  released({ id }: ProxyCandidate, isReplaced: boolean): void {
    this.log.push(`released ${nodeIdOf(id)}${isReplaced ? ", replaced" : ""}`);
  }
}
