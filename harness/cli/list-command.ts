import { relative, resolve } from 'node:path';
import type { ContractList } from '../contract/load.ts';
import { type ContractFiles, contractFilesOf } from '../project/contract-files.ts';
import { mistakeText } from '../project/mistakes.ts';
import { openProject } from '../project/prepare-run.ts';
import { renderColumns } from '../reporting/columns.ts';
import { traitsOf } from '../reporting/terminal.ts';
import type { CommandIo } from './command-io.ts';

export type ListContracts = (contractFiles: ContractFiles) => Promise<ContractList>;

/** Prints every contract with its drills and its file. Exit 2 when one of them cannot be run as written. */
export async function runList(io: CommandIo, listContracts: ListContracts): Promise<0 | 2> {
  const project = await openProject(io.cwd, io.config);
  const { contracts, mistakes } = await listContracts(await contractFilesOf(project));
  const shown = (file: string) => relative(io.cwd, resolve(project.folder, file));
  const rows = contracts.map(({ name, drills, file }) => [name, drills.join('\n'), shown(file)]);
  io.stdout.write(`${renderColumns(['contract', 'drills', 'file'], rows, traitsOf(io.stdout, io.environment))}\n`);
  for (const mistake of mistakes) io.stderr.write(`dr-contracts: ${mistakeText(mistake)}\n`);
  return mistakes.length === 0 ? 0 : 2;
}
