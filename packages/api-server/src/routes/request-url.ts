/** What a request was addressed to: the template of its route, the path, and what follows the question mark. */

/** Route in Kuma's notation: `/meshes/{mesh}/dataplanes`. */
export function templateOf(request: { readonly routeOptions: { readonly url?: string | undefined } }): string {
  return (request.routeOptions.url ?? "").replace(/:(\w+)/g, "{$1}");
}

/** As the client wrote it, with the base path of the API. */
export function pathOf({ originalUrl }: { readonly originalUrl: string }): string {
  const mark = originalUrl.indexOf("?");
  return mark < 0 ? originalUrl : originalUrl.slice(0, mark);
}

export function searchOf({ url }: { readonly url: string }): string {
  const mark = url.indexOf("?");
  return mark < 0 ? "" : url.slice(mark + 1);
}
