/**
 * What a page of the GUI is told about the control plane that serves it: the address of its files and of the API.
 * Source: kuma v2.14.3: pkg/api-server/gui_handler.go, server.go.
 */

/** Members in the order in which they are printed. */
export interface KumaConfig {
  /** Where the REST API is, as the browser sees it. */
  readonly apiUrl: string;
  /** Where the pages are, without a trailing slash. */
  readonly baseGuiPath: string;
  readonly version: string;
  readonly basedOnKuma?: string;
  readonly product: string;
  /** `global` is what makes Kuma's pages show zones. */
  readonly mode: "global" | "zone";
  readonly environment: string;
  readonly storeType: string;
  readonly apiReadOnly: boolean;
}

const BASE = /<base\b[^>]*>/i;
const CONFIG_ELEMENT = /(<script\b[^>]*\bid="kuma-config"[^>]*>)[\s\S]*?(<\/script>)/i;

/**
 * Fills in `<base>` and `#kuma-config` of an index page, be they empty, as another server filled them, or actions of Go's
 * templates, as in Kuma's own page. A page without them stays as it is.
 */
export function fillIndexPage(page: string, config: KumaConfig): string {
  return page
    .replace(BASE, () => `<base href="${attribute(config.baseGuiPath)}/" />`)
    .replace(CONFIG_ELEMENT, (_all, open: string, close: string) => `${open}${scriptJson(config)}${close}`);
}

function attribute(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
}

/** JSON that ends no script element, however it is read. */
function scriptJson(value: object): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
