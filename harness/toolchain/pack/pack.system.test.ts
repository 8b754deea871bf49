import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { cacheEntryOf } from '../cache-folder.ts';
import { locateTool } from '../locate.ts';
import { recipeOf } from '../recipes.ts';

import { temporaryFolder } from '../testing/fake-programs.ts';
import { packToolchain, unpackToolchain } from './index.ts';

const TRIP_MS = 900_000;

afterEach(() => {
  vi.unstubAllEnvs();
});

it(
  'LocalStack and the AWS command line move to a cache elsewhere, serve there, and know nothing of where they were',
  async () => {
    await using folder = await temporaryFolder();
    const signal = AbortSignal.timeout(TRIP_MS);
    const step = { clock: systemClock, signal, progress: () => undefined };
    vi.stubEnv('DR_CONTRACTS_AWS', '');
    vi.stubEnv('DR_CONTRACTS_LOCALSTACK_PYTHON', '');
    const pack = await packToolchain(['localstack-python', 'aws'], join(folder.dir, 'toolchain.tar.gz'), step);
    // A path with a space does not fit into the first line of a script.
    const root = join(folder.dir, 'another cache');
    vi.stubEnv('DR_CONTRACTS_CACHE', root);
    const { entries } = await unpackToolchain(pack.file, pack.digest, step);
    expect(entries).toContainEqual({
      label: 'localstack',
      version: recipeOf('localstack-python').version,
      isNew: true,
    });
    const where = { environment: process.env, clock: systemClock, signal };
    const aws = await locateTool(recipeOf('aws'), await cacheEntryOf(recipeOf('aws'), root), where);
    expect(aws?.source).toBe(`pack ${pack.digest}`);
    const { stdout } = await promisify(execFile)(aws?.path ?? '', ['--version']);
    expect(stdout).toContain(`aws-cli/${recipeOf('aws').version}`);
    const python = join(aws?.path ?? '', '..', 'python');
    const imported = await promisify(execFile)(python, ['-c', 'import localstack; print(localstack.__path__[0])']);
    expect(imported.stdout).toContain(root);
  },
  TRIP_MS,
);
