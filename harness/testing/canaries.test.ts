import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { leaksBelow, leaksIn } from './canaries.ts';

const canaries = [{ origin: 'a test', value: 'canary-0123/456+789' }];

describe('the search for canaries', () => {
  it.each([
    ['as it is', 'key=canary-0123/456+789;'],
    ['in a URL', `http://user:${encodeURIComponent('canary-0123/456+789')}@host/`],
    ['in hexadecimal', Buffer.from('canary-0123/456+789').toString('hex')],
    ['in base64 after one character', Buffer.from('xcanary-0123/456+789 and more').toString('base64')],
    ['in base64 after two characters', Buffer.from('xycanary-0123/456+789 and more').toString('base64')],
    ['in base64 after three characters', Buffer.from('xyzcanary-0123/456+789 and more').toString('base64')],
  ])('finds one %s, and says in which line', (_, line) => {
    expect(leaksIn(`first\n${line}`, 'run.json', canaries)).toEqual([{ origin: 'a test', where: 'run.json:2' }]);
  });

  it('finds none where there is none', () => {
    expect(leaksIn('key=***, canary-0123/', 'run.json', canaries)).toEqual([]);
  });

  it('searches every file below a folder, and refuses to search none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-canaries-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await expect(leaksBelow(folder, canaries)).rejects.toThrow('nothing was searched');
    await writeFile(join(folder, 'log'), 'canary-0123/456+789');
    expect(await leaksBelow(folder, canaries)).toEqual([{ origin: 'a test', where: 'log:1' }]);
  });
});
