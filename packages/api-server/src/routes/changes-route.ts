/**
 * `GET /_changes?type=&after=&wait=`: answers when a resource of the types has changed, so that who watches a list need not ask for it
 * again and again. It tells that something changed and not what: lists have filters, pages and rights of their own.
 */
import { err, ok, type Result, systemClock } from "@isthmus/std";
import type { FastifyInstance } from "fastify";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { badRequest, type Failure, sendFailure } from "../failure.ts";
import { Query } from "../query.ts";
import type { ApiServerOptions } from "../server.ts";
import { type ChangeWait, ChangeWaits } from "./change-waits.ts";
import { searchOf } from "./request-url.ts";

const WAIT_MAX_MS = 30_000;
const BUSY: Failure = { status: 503, title: "Service unavailable", detail: "too many clients wait for changes" };

export function addChangesRoute(
  server: FastifyInstance,
  { store, registry, clock = systemClock }: Pick<ApiContext, "store" | "registry"> & Pick<ApiServerOptions, "clock">,
): void {
  const waits = new ChangeWaits(store, clock);
  server.addHook("preClose", async () => waits.stop());
  server.get("/_changes", async (request, reply) => {
    const question = questionOf(new Query(searchOf(request)), (type) => registry.get(type) !== undefined);
    if (!question.ok) return sendFailure(reply, badRequest(question.error));
    const { after, ...wait } = question.value;
    if (after === undefined) return sendJson(reply, 200, { revision: store.revision, changed: false });
    const gone = new AbortController();
    request.raw.socket.once("close", () => gone.abort());
    const answer = await waits.changed({ ...wait, after }, gone.signal);
    return answer === undefined ? sendFailure(reply, BUSY) : sendJson(reply, 200, answer);
  });
}

type Question = Omit<ChangeWait, "after"> & { readonly after: number | undefined };

function questionOf(query: Query, isType: (name: string) => boolean): Result<Question, string> {
  const types = query.all("type");
  const unknown = types.find((type) => !isType(type));
  if (unknown !== undefined) return err(`bad request: there is no type ${JSON.stringify(unknown)}`);
  const after = wholeNumber(query.get("after"));
  const seconds = wholeNumber(query.get("wait"));
  if (after === null || seconds === null) return err("bad request: 'after' and 'wait' have to be whole numbers");
  return ok({ types: new Set(types), after, waitMs: Math.min((seconds ?? 0) * 1000, WAIT_MAX_MS) });
}

/** Undefined: none was given; null: it is none. */
function wholeNumber(text: string): number | undefined | null {
  if (text === "") return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
