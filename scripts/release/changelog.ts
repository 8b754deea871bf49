const HEADING = /^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?[ \t]*$/gm;

/**
 * Returns the entry of a version in a changelog in the form of keepachangelog.com.
 * @returns undefined where the version has no dated heading, or nothing is listed below it.
 */
export function notesOf(changelog: string, version: string): string | undefined {
  const headings = [...changelog.matchAll(HEADING)];
  const index = headings.findIndex(([, name, date]) => name === version && date !== undefined);
  const heading = headings[index];
  if (heading === undefined) return undefined;
  const notes = changelog.slice(heading.index + heading[0].length, headings[index + 1]?.index).trim();
  return /^- \S/m.test(notes) ? notes : undefined;
}
