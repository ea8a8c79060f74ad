import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonValue } from "@isthmus/std";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, rig } from "../testing/rig.ts";
import { Gui, GuiError, type GuiOptions } from "./gui.ts";
import { fillIndexPage } from "./kuma-config.ts";

const OPTIONS: GuiOptions = {
  isEnabled: true,
  basePath: "/gui",
  rootUrl: "",
  folder: "",
  config: {
    apiUrl: "/",
    version: "2.14.3",
    product: "Kuma",
    mode: "global",
    environment: "universal",
    storeType: "lmdb",
    apiReadOnly: false,
  },
};
/** As Kuma's page has them: actions of Go's templates. */
const INDEX = `<html><head><base href="{{.BaseGuiPath}}/" />
<script type="application/json" id="kuma-config">{{.}}</script><script src="./assets/index-CNNTsErz.js"></script></head></html>`;

const serve = async (options: Partial<GuiOptions>, basePath = "/") => {
  const { ask } = rig({ gui: await Gui.open({ ...OPTIONS, ...options }), basePath });
  return (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
    ask(method, path, undefined, headers);
};
const configOf = (page: string): JsonValue =>
  JSON.parse(/id="kuma-config"[^>]*>([^<]*)</.exec(page)?.[1] ?? "null") as JsonValue;
const baseOf = (page: string): string | undefined => /<base href="([^"]*)"/.exec(page)?.[1];

describe("the page of our own", () => {
  it("is served for every path, may load what is ours alone, and is told where it is", async () => {
    const get = await serve({});
    for (const path of ["/gui/", "/gui/zones/east", "/gui/a.b?c=d"]) {
      const answer = await get(path);
      expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
      expect(baseOf(answer.text)).toBe("/gui/");
      const { apiUrl, ...others } = OPTIONS.config;
      // In Kuma's order.
      expect(JSON.stringify(configOf(answer.text))).toBe(JSON.stringify({ apiUrl, baseGuiPath: "/gui", ...others }));
      expect(answer.headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
    }
  });

  it("has everything that it loads, from here", async () => {
    const get = await serve({});
    const { text } = await get("/gui/");
    const loaded = [...text.matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, path = ""]) => path);
    expect(loaded.toSorted()).toEqual(["./icon.svg", "./icon.svg", "./overview.css", "./overview.js"]);
    expect(text).not.toMatch(/https?:/);
    for (const path of loaded) expect((await get(`/gui/${path.slice(2)}`)).status).toBe(200);
  });

  it("is replaced by a word where the GUI is off", async () => {
    const { text, status } = await (await serve({ isEnabled: false }))("/gui/");
    expect(status).toBe(200);
    expect(text).toContain("apiServer.gui.enabled");
  });
});

describe("a folder with an app", () => {
  let folder: TempFolder | undefined;
  let app = "";
  beforeAll(async () => {
    folder = await tempFolder("isthmus-gui-");
    app = join(folder.path, "app");
    await mkdir(join(app, "assets"), { recursive: true });
    await mkdir(join(app, "empty"));
    await Promise.all(
      Object.entries({
        "index.html": INDEX,
        "no-gui.html": "<p>off</p>",
        "assets/index-CNNTsErz.js": "let a;",
        "assets/style.css": "b {}",
        "assets/font-aaaabbbb.woff2": "font",
        "assets/data.unknown": "?",
        "robots.txt": "User-agent: *",
        "a b.txt": "blank",
        ".env": "hidden",
        "../secret.txt": "secret",
      }).map(([name, text]) => writeFile(join(app, name), text)),
    );
    await symlink(join(folder.path, "secret.txt"), join(app, "link.txt"));
  });
  afterAll(() => folder?.remove());

  it("has its index filled in and served for every other path", async () => {
    const get = await serve({ folder: app });
    for (const path of [
      "/gui/",
      "/gui/meshes/default?page=2",
      "/gui/index.html",
      "/gui/empty",
      "/gui/assets/none.js",
    ]) {
      const { text, headers, status } = await get(path);
      expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
      expect(baseOf(text)).toBe("/gui/");
      expect(configOf(text)).toMatchObject({ mode: "global", baseGuiPath: "/gui" });
      expect(headers["content-security-policy"]).toBeUndefined();
      expect(headers["cache-control"]).toBe("no-cache");
    }
  });

  it.each([
    ["assets/index-CNNTsErz.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "let a;"],
    ["assets/font-aaaabbbb.woff2", "font/woff2", "public, max-age=31536000, immutable", "font"],
    ["assets/style.css", "text/css; charset=utf-8", "no-cache", "b {}"],
    ["assets/data.unknown", "application/octet-stream", "no-cache", "?"],
    ["robots.txt", "text/plain; charset=utf-8", "no-cache", "User-agent: *"],
    ["a%20b.txt", "text/plain; charset=utf-8", "no-cache", "blank"],
  ])("serves %s as %s", async (path, type, caching, text) => {
    const get = await serve({ folder: app });
    const answer = await get(`/gui/${path}`);
    expect([answer.status, answer.text]).toEqual([200, text]);
    expect(answer.headers).toMatchObject({
      "content-type": type,
      "cache-control": caching,
      "x-content-type-options": "nosniff",
      "content-length": String(text.length),
    });
    const head = await get(`/gui/${path}`, {}, "HEAD");
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", String(text.length)]);
    const etag = String(answer.headers["etag"]);
    expect(await get(`/gui/${path}`, { "if-none-match": `"other", W/${etag}` })).toMatchObject({
      status: 304,
      text: "",
    });
  });

  it.each([
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "assets/../../secret.txt",
    "..%5csecret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    ".env",
    "link.txt",
    "a%00.txt",
    "%zz",
  ])("shows nothing of %s", async (path) => {
    const { text, status } = await (await serve({ folder: app }))(`/gui/${path}`);
    expect(text).not.toMatch(/secret|root:|hidden/);
    expect([200, 400, 404]).toContain(status);
  });

  it("leads to the folder, takes no other method, and leaves the API where it is", async () => {
    const get = await serve({ folder: app });
    expect(await get("/gui")).toMatchObject({ status: 301, headers: { location: "/gui/" } });
    expect(await get("/gui/", {}, "POST")).toMatchObject({ status: 405, text: "405: Method Not Allowed" });
    expect((await get("/guitar")).status).toBe(404);
    expect((await get("/meshes")).headers["content-type"]).toBe("application/json");
  });

  it("shows its own page where the GUI is off, and its files all the same", async () => {
    const get = await serve({ folder: app, isEnabled: false });
    expect((await get("/gui/zones")).text).toBe("<p>off</p>");
    expect((await get("/gui/robots.txt")).text).toBe("User-agent: *");
  });

  it("is named where it cannot be used", async () => {
    const opened = (options: Partial<GuiOptions>): Promise<unknown> =>
      Gui.open({ ...OPTIONS, ...options }).catch((error: unknown) => error);
    const noIndex = await opened({ folder: join(app, "assets") });
    expect(noIndex).toBeInstanceOf(GuiError);
    expect(String(noIndex)).toContain("has no index.html");
    expect(String(await opened({ folder: join(app, "none") }))).toContain("apiServer.gui.folder: ENOENT");
    expect(String(await opened({ folder: join(app, "robots.txt") }))).toContain("apiServer.gui.folder:");
    expect(String(await opened({ rootUrl: "nonsense" }))).toContain("apiServer.gui.rootUrl");
    expect(String(await opened({ basePath: "/" }))).toContain("apiServer.gui.basePath");
  });

  it.each([
    ["/ui", "", "/", "/ui/", "/ui/"],
    ["/ui/", "", "/", "/ui/x", "/ui/"],
    ["ui/v1", "", "/", "/ui/v1/x", "/ui/v1/"],
    ["/gui", "https://example.com/mesh/pages/", "/", "/gui/", "/mesh/pages/"],
    ["/gui", "https://example.com", "/api", "/gui/", "/"],
  ])("at %s, shown at %s, with the API at %s", async (basePath, rootUrl, apiPath, asked, base) => {
    const get = await serve({ folder: app, basePath, rootUrl }, apiPath);
    const { text } = await get(asked);
    expect(baseOf(text)).toBe(base);
    expect(configOf(text)).toMatchObject({ baseGuiPath: base.slice(0, -1) });
  });
});

it("an index page is filled in whatever stood there, and values end no element", () => {
  const config = { ...OPTIONS.config, baseGuiPath: `/a"b`, apiUrl: "</script><script>&\u2028" };
  const filled = fillIndexPage(
    `<base href="/old/"><script id="kuma-config" type="application/json">{"a":1}</script>`,
    config,
  );
  expect(filled).toContain('<base href="/a&quot;b/" />');
  expect(filled).not.toContain("</script><script>");
  expect(configOf(filled)).toMatchObject({ apiUrl: config.apiUrl });
  expect(fillIndexPage("<p>$& plain</p>", config)).toBe("<p>$& plain</p>");
});
