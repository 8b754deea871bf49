import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Secrets } from '../../model/secrets.ts';
import { KeptKey } from './kept-key.ts';

const oldKey = { accessKeyId: 'AKIAOLD', secretAccessKey: 'old-secret' };
const whole = 'AWS_ACCESS_KEY_ID=AKIANEW\nAWS_SECRET_ACCESS_KEY=new-secret\n';

async function kept() {
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-kept-'));
  const secrets = new Secrets();
  const key = await KeptKey.of(oldKey, 'writer', { scratchDir, secrets });
  onTestFinished(async () => {
    await key[Symbol.asyncDispose]();
    await rm(scratchDir, { recursive: true, force: true });
  });
  return { key, secrets, file: join(key.folder, 'new-key'), scratchDir };
}

test('until a new key is left, the old one is what a consumer reads', async () => {
  const { key, file } = await kept();
  expect(await key.read()).toEqual(oldKey);
  expect(await key.left()).toEqual({ kind: 'nothing' });
  await writeFile(file, 'AWS_ACCESS_KEY_ID=AKIANEW\n');
  expect(await key.read()).toEqual(oldKey);
  expect(await key.left()).toEqual({ kind: 'incomplete' });
});

test('a whole new key is read, stays readable while the file is written again, and is a secret', async () => {
  const { key, file, secrets } = await kept();
  await writeFile(file, whole);
  const newKey = { accessKeyId: 'AKIANEW', secretAccessKey: 'new-secret' };
  expect(await key.read()).toEqual(newKey);
  await writeFile(file, '');
  expect(await key.read()).toEqual(newKey);
  expect(secrets.foundIn('it is new-secret')).toBe(true);
  await key.put(oldKey);
  expect(await key.read()).toEqual(oldKey);
});

test('a link within the folder is followed, and one that leads out of it is not', async () => {
  const { key, file, scratchDir } = await kept();
  await writeFile(join(key.folder, 'key-2'), whole);
  await symlink('key-2', file);
  expect(await key.left()).toMatchObject({ kind: 'key' });
  await rm(file);
  await writeFile(join(scratchDir, 'foreign'), whole);
  await symlink('../foreign', file);
  expect(await key.left()).toEqual({ kind: 'nothing' });
});
