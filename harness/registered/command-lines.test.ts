import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { commandLineNames } from './command-lines.ts';
import type { Provider } from './provider.ts';
import { capabilities, registerProviders } from './providers.ts';

const bringing = (capability: string, commandLines: Readonly<Record<string, string>>): Provider => ({
  capability,
  needs: [],
  suppliedBy: { local: { tools: [] } },
  typicalDrillS: 1,
  commandLines,
});

test('the PATH of a script has the command lines of the toolchain, and the page says so', async () => {
  const names = commandLineNames();
  expect(names.toSorted()).toEqual(['aws', 'kubectl', 'nats', 'velero']);
  const page = await readFile('docs/bring-your-own.md', 'utf8');
  const [, said = ''] = /^(`node`, .*) are on `PATH`/m.exec(page) ?? [];
  expect([...said.matchAll(/`(\S+)`/g)].map(([, name]) => name).toSorted()).toEqual([...names, 'node'].toSorted());
});

test('an outside provider adds its own, in a plain name that nobody has', () => {
  registerProviders([bringing('words', { 'words-cli': '/opt/words/cli' })]);
  expect(commandLineNames()).toContain('words-cli');
  const refused = (commandLines: Readonly<Record<string, string>>) =>
    expect(() => registerProviders([bringing('others', commandLines)]));
  refused({ 'words-cli': '/opt/others' }).toThrow('the provider of words has a program of that name');
  refused({ etcd: '/opt/etcd' }).toThrow('command line etcd of the provider of others: expected a plain name');
  refused({ node: '/opt/node' }).toThrow('dr-contracts has a program of that name');
  refused({ '../etc': '/opt/others' }).toThrow('the name cannot be that of a file');
  refused({ '..': '/opt/others' }).toThrow('the name cannot be that of a file');
  refused({ others: 'bin/others' }).toThrow('its path is bin/others');
  expect(capabilities()).not.toContain('others');
});
