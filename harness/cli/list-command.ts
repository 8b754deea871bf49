import { relative } from 'node:path';
import { renderColumns } from '../reporting/columns.ts';
import { traitsOf } from '../reporting/terminal.ts';
import type { CommandIo } from './command-io.ts';
import { findContractFiles } from './contract-files.ts';

export type ListContracts = (
  contractFiles: readonly string[],
) => Promise<readonly { readonly name: string; readonly drills: readonly string[]; readonly file: string }[]>;

/** Prints every contract with its drills and the file it is written in. */
export async function runList(io: CommandIo, listContracts: ListContracts): Promise<0> {
  const contracts = await listContracts(await findContractFiles(io.cwd, io.config));
  const rows = contracts.map(({ name, drills, file }) => [name, drills.join('\n'), relative(io.cwd, file)]);
  io.stdout.write(`${renderColumns(['contract', 'drills', 'file'], rows, traitsOf(io.stdout, io.environment))}\n`);
  return 0;
}
