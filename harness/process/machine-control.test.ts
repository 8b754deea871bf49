import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineControl } from './machine-control.ts';

const never = new AbortController().signal;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-control-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the control of the machine answers, again and again', async () => {
  const control = machineControl(folder);
  await control.ask(never);
  await control.ask(never);
});

it('the control of the machine has no good answer where nothing can be written', async () => {
  await expect(machineControl('/nowhere/at/all').ask(never)).rejects.toThrow('ENOENT');
});

it('the control of the machine ends when it is given up', async () => {
  const givenUp = AbortSignal.abort(new Error('the attempt is over'));
  await expect(machineControl(folder).ask(givenUp)).rejects.toThrow('the attempt is over');
});
