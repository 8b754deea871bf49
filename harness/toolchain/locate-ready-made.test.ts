import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { inspectToolchain } from './inspect.ts';
import type { LocatedTool, Promised, ReadyMade, Refusal } from './locate.ts';
import { obtainToolchain } from './obtain.ts';
import { recipeOf } from './recipes.ts';
import { fakeProgram, temporaryFolder } from './testing/fake-programs.ts';

beforeEach(() => {
  vi.stubEnv('DR_CONTRACTS_NATS', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const inImage: LocatedTool = {
  name: 'nats',
  version: recipeOf('nats').version,
  source: 'image natsio/nats-box:0.5.1 (sha256:1)',
  path: '/cache/nats-image/nats',
};
const promised: Promised = { from: inImage.source };
const refusal: Refusal = { refused: 'nats in image natsio/nats-box:9 is 0.4.0', fix: 'Name another image.' };

/** Makes a source with `nats`, and counts how often it was taken from there. */
function place(seen: Promised | Refusal, given: LocatedTool | Refusal = inImage) {
  let taken = 0;
  const readyMade: ReadyMade = {
    look: async ({ name }) => (name === 'nats' ? seen : undefined),
    take: async ({ name }) => {
      if (name !== 'nats') return undefined;
      taken += 1;
      return given;
    },
    refusals: new Map('refused' in given ? [['nats', given]] : []),
  };
  return { readyMade, taken: () => taken };
}

/** Makes a machine without Go and Python; `nats` is on PATH where requested. */
async function machine(dir: string, withNats: boolean): Promise<void> {
  const bin = join(dir, 'bin');
  await mkdir(bin);
  if (withNats) await fakeProgram(bin, 'nats', `echo v${recipeOf('nats').version}`);
  vi.stubEnv('PATH', bin);
  vi.stubEnv('DR_CONTRACTS_CACHE', join(dir, 'cache'));
}

const obtain = (readyMade: ReadyMade) =>
  obtainToolchain(['nats'], {
    clock: systemClock,
    signal: new AbortController().signal,
    progress: () => undefined,
    readyMade,
  });

describe('a program that is ready-made somewhere', () => {
  it('is taken from there, before PATH and without Go', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir, true);
    const toolchain = await obtain(place(promised).readyMade);
    expect(toolchain.inUse).toEqual([{ name: 'nats', version: recipeOf('nats').version, source: inImage.source }]);
  });

  it('is not fetched where it is on PATH', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir, true);
    const { readyMade, taken } = place({ ...promised, fetch: 'docker pull natsio/nats-box:0.5.1' });
    expect((await obtain(readyMade)).inUse).toMatchObject([{ source: 'path' }]);
    expect(taken()).toBe(0);
  });

  it('is fetched before anything is built', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir, false);
    const { readyMade } = place({ ...promised, fetch: 'docker pull natsio/nats-box:0.5.1' });
    expect((await obtain(readyMade)).inUse).toMatchObject([{ source: inImage.source }]);
  });

  it('is looked for elsewhere where it is refused', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir, true);
    expect((await obtain(place(promised, refusal).readyMade)).inUse).toMatchObject([{ source: 'path' }]);
  });

  it('is refused in one sentence with the builder that is missing', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir, false);
    await expect(obtain(place(promised, refusal).readyMade)).rejects.toThrow(
      /nats in image natsio\/nats-box:9 is 0\.4\.0; no go is on PATH\. Name another image\. Or: Install Go/,
    );
  });

  it('is told by an inspection as a run would find it', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir, false);
    const status = async (readyMade: ReadyMade) =>
      (await inspectToolchain(readyMade)).find(({ name }) => name === 'nats');
    expect(await status(place(promised).readyMade)).toMatchObject({
      foundVersion: 'in its image',
      source: promised.from,
    });
    expect(await status(place({ ...promised, fetch: 'docker pull x' }).readyMade)).toMatchObject({
      missing: expect.stringContaining('is not in the docker daemon'),
      fetched: true,
    });
    expect(await status(place(refusal).readyMade)).toMatchObject({ missing: refusal.refused, builder: 'go' });
  });
});
