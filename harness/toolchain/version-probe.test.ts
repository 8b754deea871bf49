import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { ToolName } from '../model/target.ts';
import { recipeOf } from './recipes.ts';
import { fakeProgram, temporaryFolder } from './testing/fake-programs.ts';
import { readVersion } from './version-probe.ts';

const signal = new AbortController().signal;

/** Reads the version of a program that says this, whatever it is asked. */
async function versionIn(name: ToolName, output: string): Promise<string> {
  await using folder = await temporaryFolder();
  const said = join(folder.dir, 'said');
  await writeFile(said, output);
  const path = await fakeProgram(folder.dir, name, `/bin/cat '${said}'`);
  return await readVersion(path, recipeOf(name).probe, systemClock, signal);
}

describe('the version that a program reports', () => {
  it.each<[ToolName, string, string]>([
    ['nats-server', 'nats-server: v2.15.2\n', '2.15.2'],
    ['nats', 'v0.5.1\n', '0.5.1'],
    ['nats', '0.4.0\n', '0.4.0'],
    ['etcd', 'etcd Version: 3.6.8\nGit SHA: Not provided (use ./build instead of go build)\n', '3.6.8'],
    ['kube-apiserver', 'Kubernetes v1.34.4\n', '1.34.4'],
    ['kube-controller-manager', 'Kubernetes v1.34.4\n', '1.34.4'],
    [
      'kubectl',
      '{\n  "clientVersion": {\n    "major": "1",\n    "gitVersion": "v1.32.4-dispatcher",\n  }\n}',
      '1.32.4-dispatcher',
    ],
    ['velero', 'Client:\n\tVersion: v1.18.3\n\tGit commit: -\n', '1.18.3'],
    ['localstack-python', '4.13.1\n', '4.13.1'],
    ['aws', 'aws-cli/1.44.24 Python/3.11.7 Linux/6.18 botocore/1.42.34\n', '1.44.24'],
  ])('of %s is read from its own words', async (name, output, version) => {
    expect(await versionIn(name, output)).toBe(version);
  });

  it.each<ToolName>(['nats-server', 'nats', 'etcd', 'kubectl', 'velero', 'aws'])(
    'of %s is not guessed',
    async (name) => {
      await expect(versionIn(name, 'command not found: 1.2.3.4 is no version\n')).rejects.toThrow('said no version');
    },
  );

  it('is asked of the program', async () => {
    await using folder = await temporaryFolder();
    const path = await fakeProgram(folder.dir, 'nats', '[ "$1" = --version ] && echo v9.9.9');
    expect(await readVersion(path, recipeOf('nats').probe, systemClock, signal)).toBe('9.9.9');
  });

  it('is an error when the program fails', async () => {
    await using folder = await temporaryFolder();
    const path = await fakeProgram(folder.dir, 'nats', 'echo broken >&2; exit 3');
    await expect(readVersion(path, recipeOf('nats').probe, systemClock, signal)).rejects.toThrow(/exited 3: broken/);
  });

  it('is read from what the Go linker wrote when there is no version command, wherever it lies in the file', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.dir, 'plugin');
    const { probe } = recipeOf('velero-plugin-for-aws');
    for (const paddingBytes of [0, 2 ** 20 - 30, 2 ** 20 - 1, 3 * 2 ** 20]) {
      const info = '\tpath\tx\nmod\tgithub.com/vmware-tanzu/velero-plugin-for-aws\tv1.14.3\th1:abc=\n';
      await writeFile(path, Buffer.concat([Buffer.alloc(paddingBytes, 0xff), Buffer.from(info)]));
      expect(await readVersion(path, probe, systemClock, signal)).toBe('1.14.3');
    }
    await writeFile(path, Buffer.alloc(2 ** 20));
    await expect(readVersion(path, probe, systemClock, signal)).rejects.toThrow(/no Go build information/);
  });
});
