/**
 * A small service of the demo: says who it is, and asks other services by its sidecar.
 *   node service.mjs --name web --zone east --listen 127.0.0.1:8080 --call backend=http://127.0.0.1:9090
 *   GET /               {"service":"web","zone":"east"}
 *   GET /call/backend   what the backend answers
 */
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const CALL_TIMEOUT_MS = 3_000;

const { values } = parseArgs({
  options: {
    name: { type: "string", default: "service" },
    zone: { type: "string", default: "" },
    listen: { type: "string", default: "127.0.0.1:8080" },
    call: { type: "string", multiple: true, default: [] },
  },
});
const calls = new Map(values.call.map((pair) => pair.split(/=(.*)/s, 2)));

async function answer(request, response) {
  const json = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(body);
  const name = /^\/call\/(.+)$/.exec(request.url ?? "")?.[1];
  if (name === undefined) return json(200, JSON.stringify({ service: values.name, zone: values.zone }));
  const address = calls.get(name);
  if (address === undefined) return json(404, JSON.stringify({ error: `nothing to call by the name ${name}` }));
  try {
    const called = await fetch(address, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    json(called.status, await called.text());
  } catch (error) {
    json(502, JSON.stringify({ error: String(error.cause ?? error) }));
  }
}

const server = createServer((request, response) => void answer(request, response));

const [, host, port] = /^(.*):(\d+)$/.exec(values.listen) ?? [];
server.listen(Number(port), host);
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => process.exit(0));
