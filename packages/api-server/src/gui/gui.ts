/** What `/gui/` serves: our own overview page, or a folder with a built single-page app. */
import { fileURLToPath } from "node:url";
import { errorMessage } from "@isthmus/std";
import { fillIndexPage, type KumaConfig } from "./kuma-config.ts";
import { etagOf, type StaticFile, StaticFolder } from "./static-folder.ts";

export interface GuiOptions {
  readonly isEnabled: boolean;
  /** `apiServer.gui.basePath`, with or without a slash at its end. */
  readonly basePath: string;
  /** `apiServer.gui.rootUrl`: where a proxy shows the pages; "" for where they are. */
  readonly rootUrl: string;
  /** `apiServer.gui.folder` with an `index.html`; "" for our own page. */
  readonly folder: string;
  readonly config: Omit<KumaConfig, "baseGuiPath">;
}

export interface Page {
  readonly text: string;
  readonly etag: string;
}

/** The folder of the setting cannot be served. */
export class GuiError extends Error {
  readonly code = "GUI";
}

const INDEX = "index.html";
/** Shown in place of the app where the GUI is off. Kuma's folder has one. */
const NO_GUI = "no-gui.html";
/** Beside this file, and beside the bundle. */
const OWN_PAGE = fileURLToPath(new URL("./gui-page/", import.meta.url));

export class Gui {
  /** Path of the routes, without a slash at its end. */
  readonly path: string;
  /** Whether the page is ours, so that it may load nothing but what is ours. */
  readonly isOwn: boolean;
  /** For every path that is no file. */
  readonly index: Page;
  readonly #folder: StaticFolder;

  private constructor(path: string, isOwn: boolean, index: string, folder: StaticFolder) {
    this.path = path;
    this.isOwn = isOwn;
    this.index = { text: index, etag: etagOf(index) };
    this.#folder = folder;
  }

  /** @throws {GuiError} naming the setting */
  static async open(options: GuiOptions): Promise<Gui> {
    const path = withoutSlash(options.basePath.startsWith("/") ? options.basePath : `/${options.basePath}`);
    if (path === "") throw new GuiError("apiServer.gui.basePath: / is the path of the API, choose one below it");
    const config = { ...options.config, baseGuiPath: options.rootUrl === "" ? path : pathOfUrl(options.rootUrl) };
    const isOwn = options.folder === "";
    const folder = isOwn ? await StaticFolder.open(OWN_PAGE) : await openFolder(options.folder);
    const name = options.isEnabled ? INDEX : NO_GUI;
    const page = (await folder.text(name)) ?? (options.isEnabled ? undefined : DISABLED_PAGE);
    if (page === undefined) throw new GuiError(`apiServer.gui.folder: ${options.folder} has no ${INDEX}`);
    return new Gui(path, isOwn, fillIndexPage(page, inOrder(config)), folder);
  }

  find(path: string): Promise<StaticFile | undefined> {
    return path === INDEX || path === NO_GUI ? Promise.resolve(undefined) : this.#folder.find(path);
  }
}

const DISABLED_PAGE = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8" /><title>No web page</title></head>
<body><p>This control plane shows no web page: <code>apiServer.gui.enabled</code> is false.</p></body>
</html>
`;

async function openFolder(folder: string): Promise<StaticFolder> {
  try {
    return await StaticFolder.open(folder);
  } catch (error) {
    throw new GuiError(`apiServer.gui.folder: ${errorMessage(error)}`, { cause: error });
  }
}

function pathOfUrl(url: string): string {
  if (!URL.canParse(url)) throw new GuiError(`apiServer.gui.rootUrl: ${url} is no URL`);
  return withoutSlash(new URL(url).pathname);
}

const withoutSlash = (path: string): string => path.replace(/\/+$/, "");

function inOrder(config: KumaConfig): KumaConfig {
  const { apiUrl, baseGuiPath, version, basedOnKuma, product, mode, environment, storeType, apiReadOnly } = config;
  return {
    apiUrl,
    baseGuiPath,
    version,
    ...(basedOnKuma === undefined ? {} : { basedOnKuma }),
    product,
    mode,
    environment,
    storeType,
    apiReadOnly,
  };
}
