/** What may stand before a path for it to be one: not the rest of a longer path, of a URL or of a name. */
const BEFORE = String.raw`(?<![\w./@%+~-])`;
/** What may follow a mount path: the end, a path below it, or anything that is no part of a file's name. */
const AFTER = String.raw`(?=$|/|[^\w.@%+~-])`;

/** Puts `root` before every path of a text that lies in one of the mounts: `/work/x` becomes `<root>/work/x`. */
export function rewritePaths(text: string, mountPaths: readonly string[], root: string): string {
  if (mountPaths.length === 0) return text;
  // The longest first, or /data would take the place of /data-2 or of /data/in.
  const longestFirst = [...new Set(mountPaths)].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(`${BEFORE}(?:${longestFirst.map(escaped).join('|')})${AFTER}`, 'g');
  return text.replaceAll(pattern, (path) => `${root}${path}`);
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
