/** A body without a content type is taken for JSON; Kuma refuses it, to nobody's good. */
export function isJson({ headers }: { readonly headers: { readonly "content-type"?: string | undefined } }): boolean {
  const contentType = headers["content-type"];
  return contentType === undefined || /^\s*(application\/json|\*\/\*)\s*(;|$)/i.test(contentType);
}
