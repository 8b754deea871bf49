import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFolder } from '../toolchain/cache-folder.ts';
import { corefile } from './region-name.ts';

it('the slim CoreDNS has the plugins of our Corefile, and no other', async () => {
  const used = [...corefile('a.test', 'Z1', { host: '127.0.0.1', port: 53 }).matchAll(/^ {2}(\w+)/gm)];
  const main = await readFile(join(lockFolder, 'go', 'coredns', 'main.go'), 'utf8');
  const [, listed = ''] = /Directives = \[\]string\{(.*)\}/.exec(main) ?? [];
  const names = used.map(([, name]) => name).sort();
  expect([...listed.matchAll(/"(\w+)"/g)].map(([, name]) => name).sort()).toEqual(names);
  expect([...main.matchAll(/plugin\/(\w+)"/g)].map(([, name]) => name).sort()).toEqual(names);
});
