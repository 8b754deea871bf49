import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { Secrets } from '../model/secrets.ts';
import { runPlatformScript } from '../posture/apply.ts';
import { platformFolder, usePlatformFolder } from '../process/platform-folder.ts';
import type { Provider } from '../registered/provider.ts';
import { registerProviders } from '../registered/providers.ts';
import { attachTo } from './attach.ts';
import { processes } from './local/attach.ts';
import { asProcesses } from './local/runtime.ts';
import { type StartedTarget, startTarget } from './start.ts';

// A command line of an unrelated package, as a script of the platform calls it.

let folder: string;
const { signal } = new AbortController();

const bringing = (capability: string, commandLines: Readonly<Record<string, string>>): Provider => ({
  capability,
  needs: [],
  suppliedBy: { local: { tools: [] } },
  typicalDrillS: 1,
  commandLines,
});

const executable = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drc-command-lines-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', folder);
  registerProviders([
    bringing('sayings', { 'say-word': await executable('say.sh', 'echo "the word is $1"') }),
    bringing('nothings', { 'say-nothing': join(folder, 'nowhere') }),
    bringing('silence', {}),
  ]);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a target without a running server, for which the toolchain has obtained one program. */
async function started(part: string): Promise<StartedTarget> {
  const target = await startTarget(asProcesses(), {
    toolchain: {
      inUse: [],
      path: (name) => {
        if (name === 'etcd' || name === 'kubectl') return join(folder, name);
        throw new ExplainedError({ thing: name, expected: 'it', observed: 'nothing', nextStep: 'Obtain it.' });
      },
    },
    parts: [part],
    hostSandbox: { kind: 'none', reason: 'this test runs a script of its own' },
    clock: systemClock,
    signal,
    progress: () => undefined,
  });
  onTestFinished(() => target[Symbol.asyncDispose]());
  return target;
}

test('a script of the platform finds the command line of an outside provider on its PATH', async () => {
  const { handle } = await started('sayings');
  const target = attachTo(processes, JSON.parse(JSON.stringify(handle)), { clock: systemClock });
  const before = platformFolder();
  onTestFinished(() => usePlatformFolder(before));
  usePlatformFolder(folder);
  await executable('uses-it.sh', 'say-word "$WORD"');
  const said: string[] = [];
  const onLine = (line: string) => void said.push(line);
  const step = { clock: systemClock, signal, scratchDir: folder, secrets: new Secrets(), progress: () => undefined };
  await runPlatformScript({ script: 'uses-it.sh', variables: { WORD: 'given' }, onLine }, { target, step });
  expect(said).toEqual(['the word is given']);
  expect(target.tool('say-word')).toBe(join(folder, 'say.sh'));
});

test('what is not asked for brings nothing, and a server of the toolchain is no command line', async () => {
  const { target } = await started('silence');
  expect(target.commandLines).toEqual({ kubectl: join(folder, 'kubectl') });
  expect(target.tool('etcd')).toBe(join(folder, 'etcd'));
});

test('a command line that is not there is explained when the target starts', async () => {
  await expect(started('nothings')).rejects.toThrow(
    /^command line say-nothing of the provider of nothings: expected .*\/nowhere to be an executable file, but ENOENT/,
  );
});
