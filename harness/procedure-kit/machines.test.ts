import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { Secrets } from '../model/secrets.ts';
import { hintOfLeft } from './machines.ts';

const failing = (observed: string) =>
  new ExplainedError({ thing: 'restore ops/restore.sh', expected: 'exit 0', observed, nextStep: 'Run it by hand.' });

it('names what a backup left on its machine only when the restore fails for the lack of it', async () => {
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-left-'));
  onTestFinished(() => rm(scratchDir, { recursive: true, force: true }));
  await writeFile(
    join(scratchDir, 'left-by-backup.json'),
    JSON.stringify(['/drill/work/backup.json', '/drill/home/backup.key']),
  );
  const signal = new AbortController().signal;
  const step = { clock: systemClock, signal, scratchDir, secrets: new Secrets(), progress: () => undefined };
  const hintFor = async (observed: string) => summaryOf(await hintOfLeft(failing(observed), { name: 'restore' }, step));
  expect(await hintFor('it exited 4: gpg: backup.key: No such file or directory')).toContain('/drill/home/backup.key');
  expect(await hintFor('it exited 4: the server refused')).not.toContain('on its own machine');
});

it('says that what the backup left cannot be read, and keeps the error of the restore', async () => {
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-left-'));
  onTestFinished(() => rm(scratchDir, { recursive: true, force: true }));
  const signal = new AbortController().signal;
  const step = { clock: systemClock, signal, scratchDir, secrets: new Secrets(), progress: () => undefined };
  const hinted = async () => String(await hintOfLeft(failing('it exited 4'), { name: 'restore' }, step));
  expect(await hinted()).not.toContain('cannot be read');
  await writeFile(join(scratchDir, 'left-by-backup.json'), '{');
  expect(await hinted()).toMatch(/it exited 4.*cannot be read/s);
});
