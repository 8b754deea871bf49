import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { QUIET, searchPath } from './packed.ts';

// A user's project, with a chosen Node and package manager. Nothing of the source tree is on its PATH.

/** The oldest supported Node, the one of the source tree, and one that is too old. */
export const OLDEST = '22.22.2';
export const NEWEST = process.versions.node;
export const TOO_OLD = '20.20.2';

/** The Vitest and the Vite of the source tree: the result of `npm install vitest` when the lock file was written. */
export const VITE = 'vite@8.3.8';
export const VITEST = 'vitest@5.1.1';

/** Configuration from docs/api.md. */
export const VITEST_CONFIG = `import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['contracts/**/*.spec.?(m)ts'], globalSetup: ['dr-contracts/vitest'], maxWorkers: 2, retry: 0 },
});
`;

interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** Both streams, as a terminal shows them. */
  readonly all: string;
}

export type RunIn = (folder: string, file: string, args: readonly string[]) => Promise<Ran>;

/** Runs programs as on a user's machine whose `node` is the one in that folder. */
export const onNode =
  (nodeFolder: string): RunIn =>
  async (cwd, file, args) => {
    const { exitCode, stdout, all } = await execa(file, args, {
      cwd,
      reject: false,
      stdin: 'ignore',
      all: true,
      env: {
        PATH: [nodeFolder, ...searchPath].join(delimiter),
        NO_COLOR: '1',
        CI: '',
        VITEST: '',
        NODE_OPTIONS: '',
        // Package managers ask no questions, and report no usage.
        YARN_ENABLE_TELEMETRY: '0',
        COREPACK_ENABLE_STRICT: '0',
      },
    });
    return { exitCode, stdout, all };
  };

export const onThisNode = onNode(dirname(process.execPath));

/** Installs packages into a new folder below `home`, and returns it. */
export async function installed(home: string, name: string, ...packages: readonly string[]): Promise<string> {
  const folder = join(home, name);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{}');
  const { exitCode, all } = await onThisNode(folder, 'npm', ['install', ...QUIET, ...packages]);
  if (exitCode !== 0) throw new Error(`npm install ${packages.join(' ')}: ${all}`);
  return folder;
}

/** Returns the folder of that Node's programs. */
export async function obtainNode(home: string, version: string): Promise<string> {
  if (version === NEWEST) return dirname(process.execPath);
  const name = `node-${process.platform}-${process.arch}`;
  return join(await installed(home, `node-${version}`, `${name}@${version}`), 'node_modules', name, 'bin');
}

const runSchema = z.object({ drills: z.array(z.object({ judgement: z.object({ verdict: z.string() }) })).min(1) });

/** Returns the verdicts of the last run in a project's reports. */
export async function verdictsIn(folder: string): Promise<readonly string[]> {
  const { drills } = runSchema.parse(JSON.parse(await readFile(join(folder, 'reports/latest/run.json'), 'utf8')));
  return drills.map(({ judgement }) => judgement.verdict);
}
