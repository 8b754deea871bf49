import { relative, resolve } from 'node:path';
import { expect } from 'vitest';
import type { Contract } from '../model/contract.ts';
import type { PostureProject } from '../model/posture.ts';
import { readConfiguration } from './config-file.ts';
import { contractFilesOf } from './contract-files.ts';
import { loadContracts } from './load.ts';

/** Contracts of the test file that runs: it is loaded already, and a file is loaded but once. */
const statedHere: Contract[] = [];
let elsewhere: Promise<readonly Contract[]> | undefined;

/** The test file that runs, as a collected contract names the file that it was written in. */
const currentFile = (): string => relative(process.cwd(), expect.getState().testPath ?? '');

export function stateHere(contract: Contract): void {
  statedHere.push({ ...contract, sourceFile: contract.sourceFile ?? currentFile() });
}

/** The project whose tests run: vitest loads one contract file a worker, a check may want all of them. */
export async function projectOfTests(): Promise<PostureProject> {
  const { folder, config } = await readConfiguration(process.cwd());
  const own = resolve(currentFile());
  return {
    folder,
    outDir: resolve(folder, config.out),
    contracts: async () => {
      elsewhere ??= contractFilesOf({ folder, config }).then((files) =>
        loadContracts(files.filter((file) => file !== own)),
      );
      const contracts = [...(await elsewhere), ...statedHere];
      // In the order of their files, as a run has them.
      return contracts.toSorted((one, other) => byName(one.sourceFile ?? '', other.sourceFile ?? ''));
    },
  };
}

/** As names of files are sorted everywhere here: by their characters, not by a language. */
const byName = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
