import { isUnproven, sealOf } from './drill-section.ts';
import { shown } from './figures.ts';
import { parseSections, type Section } from './sections.ts';

/** Stands in every runbook that this command wrote. */
export const MARK = '<!-- Written by `npx dr-contracts runbook`';

/** What a runbook holds that writing it again would lose. */
export interface HandWritten {
  /** False when this command did not write the file at all. */
  readonly isOurs: boolean;
  /** Headings of the sections in it that somebody wrote, or edited, by hand. */
  readonly sections: readonly string[];
}

/** Tells what somebody wrote by hand into the file that is about to be replaced. */
export function handWrittenIn(runbook: string, written: readonly Section[]): HandWritten {
  if (runbook.trim() === '') return { isOurs: true, sections: [] };
  if (!runbook.includes(MARK)) return { isOurs: false, sections: [] };
  const found = parseSections(runbook);
  const isOurs = ({ title, lines }: Section) => {
    const seal = lines.at(-1)?.match(/^<!-- drilled: definition ([0-9a-f]+), text [0-9a-f]+ -->$/);
    if (seal?.[1] !== undefined) return lines.at(-1) === shown(sealOf(lines.slice(0, -1), seal[1]));
    // A section without a seal: one that is written now, one that no drill proved, or the chapter of a contract that is gone.
    return (
      written.some((section) => section.title === title && !hadSeal(section)) ||
      isUnproven(lines) ||
      found.some((section) => section.title.startsWith(`${title}: `))
    );
  };
  return { isOurs: true, sections: found.filter((section) => !isOurs(section)).map(({ title }) => title) };
}

const hadSeal = ({ lines }: Section): boolean => lines.at(-1)?.startsWith('<!-- drilled: ') === true;
