/** `/gui/`: files of the GUI, and its index page for every other path, so that links into the app work. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { pathOf } from "../routes/request-url.ts";
import type { Gui } from "./gui.ts";

const YEAR = "public, max-age=31536000, immutable";
/** Asked again each time, answered with 304 while nothing changed. */
const REVALIDATE = "no-cache";
/** Our page loads and asks nothing but what comes from this server. */
const OWN_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src *; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

export function addGuiRoutes(server: FastifyInstance, gui: Gui): void {
  const prefix = `${gui.path}/`;

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const path = pathOf(request);
    // The addresses in the page are relative to the folder.
    if (!path.startsWith(prefix)) return reply.redirect(prefix, 301);
    void reply.header("x-content-type-options", "nosniff");
    const file = await gui.find(path.slice(prefix.length));
    if (file === undefined) {
      void reply.header("content-type", "text/html; charset=utf-8");
      if (gui.isOwn) void reply.header("content-security-policy", OWN_POLICY);
      return isKnown(request, reply, gui.index.etag, REVALIDATE) ? reply : reply.send(gui.index.text);
    }
    void reply.header("content-type", file.contentType);
    if (isKnown(request, reply, file.etag, file.isImmutable ? YEAR : REVALIDATE)) return reply;
    return reply.header("content-length", file.size).send(file.open());
  };
  const config = { access: "open" } as const;
  server.route({ method: "GET", url: gui.path, config, handler: answer });
  server.route({ method: "GET", url: `${prefix}*`, config, handler: answer });
}

/** Answers with 304 where the client has it already. */
function isKnown(request: FastifyRequest, reply: FastifyReply, etag: string, caching: string): boolean {
  void reply.header("etag", etag).header("cache-control", caching);
  const known = request.headers["if-none-match"]?.split(",").map((each) => each.trim().replace(/^W\//, ""));
  if (known === undefined || !(known.includes(etag) || known.includes("*"))) return false;
  void reply.code(304).removeHeader("content-type").send();
  return true;
}
