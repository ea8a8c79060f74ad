/** Names that `\p{...}` takes in Go: categories and scripts, in any case and with any of their aliases. */

export function isUnicodeClass(name: string): boolean {
  if (/^(any|ascii|assigned|lc|cn)$/i.test(name)) return true;
  if (!/^[A-Za-z_]+$/.test(name)) return false;
  const capitalized = name.toLowerCase().replace(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
  return [name, capitalized].some((alias) => isProperty("gc", alias) || isProperty("sc", alias));
}

/** The platform's expressions know the same properties, under names that are exact. */
function isProperty(property: "gc" | "sc", value: string): boolean {
  try {
    return new RegExp(`\\p{${property}=${value}}`, "u").unicode;
  } catch {
    return false;
  }
}
