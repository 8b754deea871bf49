import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { makeFolder } from '../base/files.ts';
import { ExplainedError } from '../model/errors.ts';
import { counted } from '../model/text.ts';
import { type ContractFiles, contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';
import { readDrillRecords } from '../reporting/record-files.ts';
import { writeAtomically } from '../reporting/replaceable-file.ts';
import { type StaleSection, staleSections, staleText } from '../reporting/runbook/comparison.ts';
import { type HandWritten, handWrittenIn, renderRunbook, runbookSections } from '../reporting/runbook/runbook.ts';
import { lastPassing, type RunbookContract, sectionTitle } from '../reporting/runbook/runbook-contract.ts';
import { explaining, unlessMissing } from '../reporting/system-error.ts';
import type { CommandIo } from './command-io.ts';
import type { PartStep } from './drill-parts.ts';

export interface RunbookOptions {
  /** Writes nothing; an outdated runbook is an error. */
  readonly check: boolean;
  /** Replaces a file that this command did not write, and sections that were edited by hand. */
  readonly force?: boolean | undefined;
  /** The runbook, relative to the project's folder. */
  readonly file: string;
  /** Folder of the records, relative to the current folder; that of the configuration when left out. */
  readonly out?: string | undefined;
}

export type LoadRunbookContracts = (
  contractFiles: ContractFiles,
  step: PartStep,
  outDir: string,
) => Promise<readonly RunbookContract[]>;

/**
 * Writes the runbook from the contracts and their last passing drills, or checks that it still matches them.
 * @throws {ExplainedError} naming the first section that no longer matches, and for a file that would lose manual edits.
 */
export async function runRunbook(
  { check, force = false, file, out }: RunbookOptions,
  io: CommandIo,
  loadContracts: LoadRunbookContracts,
): Promise<0> {
  const project = await openProject(io.cwd, io.config);
  const path = resolve(project.folder, file);
  const outDir = out === undefined ? project.outDir : resolve(io.cwd, out);
  const step = { clock: io.clock, signal: io.signal, progress: (message: string) => io.stderr.write(`${message}\n`) };
  const contracts = await loadContracts(await contractFilesOf(project), step, outDir);
  const records = await readDrillRecords(outDir);
  const previous = await unlessMissing(() => readFile(path, 'utf8'));
  if (check) {
    const [first, ...more] = staleSections(previous ?? '', { contracts, records });
    if (first !== undefined) throw isStale(file, first, more.length);
    io.stdout.write(`${file} matches the contracts${drilled(contracts, records.length)}.\n`);
    return 0;
  }
  const source = { contracts, records, previous };
  if (previous !== undefined && !force) refuseToReplace(file, handWrittenIn(previous, runbookSections(source)));
  const text = renderRunbook(source);
  await explaining(`runbook ${path}`, async () => {
    await makeFolder(dirname(path));
    await writeAtomically(path, text);
  });
  const proved = contracts.flatMap((contract) =>
    contract.disasters.map((disaster) => ({
      title: sectionTitle(contract.facts.name, disaster.name),
      isFresh: lastPassing(contract, disaster, records) !== undefined,
    })),
  );
  const others = proved.filter(({ isFresh }) => !isFresh).map(({ title }) => title);
  io.stdout.write(
    `${file} written: ${proved.length - others.length} of ${counted(proved.length, 'disaster')} from drills in ${relative(io.cwd, outDir)}.\n`,
  );
  if (others.length > 0) {
    io.stdout.write(
      `No passing drill there for ${others.join(', ')}: a section is kept if its contract is unchanged, else marked "Not proven".\n`,
    );
  }
  return 0;
}

const drilled = (contracts: readonly RunbookContract[], records: number): string =>
  records === 0 ? ` (${contracts.length}); there are no drills to compare it with` : ` and their last passing drills`;

function refuseToReplace(file: string, { isOurs, sections }: HandWritten): void {
  if (isOurs && sections.length === 0) return;
  throw new ExplainedError({
    thing: file,
    expected: 'a file that this command wrote, or none',
    observed: isOurs
      ? `these sections were written or edited by hand: ${sections.map((title) => `"${title}"`).join(', ')}`
      : 'it was not written by this command',
    nextStep: 'Nothing was written. Name another file with --file, or replace this one with --force.',
  });
}

function isStale(file: string, stale: StaleSection, more: number): ExplainedError {
  const others = more === 0 ? '' : ` (and ${counted(more, 'more section')})`;
  return new ExplainedError({
    thing: `${file}, section "${stale.title}"${others}`,
    ...staleText(stale),
  });
}
