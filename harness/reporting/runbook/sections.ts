/** A heading and what stands below it, up to the next heading of any level. */
export interface Section {
  readonly title: string;
  readonly heading: string;
  /** Without empty lines at both ends, and never two of them in a row. */
  readonly lines: readonly string[];
}

/** Cuts a Markdown text at its headings; those in code blocks are none. */
export function parseSections(markdown: string): readonly Section[] {
  const sections: { title: string; heading: string; lines: string[] }[] = [];
  let isCode = false;
  for (const line of markdown.split(/\r?\n/)) {
    if (line.trimStart().startsWith('```')) isCode = !isCode;
    const title = isCode ? undefined : /^#{1,6} (.*)$/.exec(line)?.[1];
    if (title === undefined) sections.at(-1)?.lines.push(line);
    else sections.push({ title: title.trim(), heading: line, lines: [] });
  }
  return sections.map((section) => ({ ...section, lines: trimmed(section.lines) }));
}

/** Without empty lines at the ends, and with one where there were several. */
export function trimmed(lines: readonly string[]): readonly string[] {
  const isText = (line: string) => line.trim() !== '';
  return lines
    .slice(Math.max(0, lines.findIndex(isText)), lines.findLastIndex(isText) + 1)
    .filter((line, index, all) => isText(line) || isText(all[index - 1] ?? ''));
}
