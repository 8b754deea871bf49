import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { type HostSandboxOptions, hostSandbox } from './host-sandbox.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-host-sandbox-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const find = (options: Partial<HostSandboxOptions> = {}) =>
  hostSandbox({
    clock: systemClock,
    signal: AbortSignal.timeout(50_000),
    progress: () => undefined,
    install: false,
    ...options,
    environment: { DR_CONTRACTS_CACHE: join(folder, 'cache'), ...options.environment },
  });

/** Simulates a machine on which bubblewrap prints the given text and exits 1. */
async function refusingMachine(says: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const script = `#!/bin/sh\n[ "$1" = --version ] && { echo bubblewrap 0.11.0; exit 0; }\necho '${says}' >&2\nexit 1\n`;
  await writeFile(join(bin, 'bwrap'), script, { mode: 0o755 });
  return { PATH: bin };
}

describe('the sandbox of this machine', () => {
  it('is none where the configuration says so, and the record can say who did', async () => {
    expect(await find({ wish: 'none' })).toEqual({ kind: 'none', reason: "the configuration says sandbox: 'none'" });
  });

  it('is none on a machine that is declared disposable', async () => {
    const found = await find({ environment: { DR_CONTRACTS_DISPOSABLE_MACHINE: '1' } });
    expect(found).toMatchObject({ kind: 'none', reason: expect.stringContaining('DR_CONTRACTS_DISPOSABLE_MACHINE=1') });
  });

  it.each(['', '0', 'true'])('is not given up for DR_CONTRACTS_DISPOSABLE_MACHINE=%s', async (value) => {
    expect(await find({ environment: { DR_CONTRACTS_DISPOSABLE_MACHINE: value } })).toMatchObject({ kind: 'refused' });
  });

  it('is refused with what bubblewrap says, and with the fix', async () => {
    const environment = await refusingMachine('bwrap: setting up uid map: Permission denied');
    expect(await find({ environment })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('setting up uid map: Permission denied'),
      fix: 'npx dr-contracts toolchain',
    });
  });

  it('is refused on another system than Linux', async () => {
    expect(await find({ platform: 'darwin' })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('bubblewrap needs Linux'),
    });
  });

  it('installs nothing where it is only looked at', async () => {
    expect(await find()).toMatchObject({ kind: 'refused', fix: 'npx dr-contracts toolchain' });
    expect(await readdir(folder)).toEqual([]);
  });
});
