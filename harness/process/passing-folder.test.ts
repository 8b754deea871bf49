import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { collectPassingFolders } from './passing-folder.ts';
import { privateHome } from './private-home.ts';

let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'drc-passing-'));
  vi.stubEnv('TMPDIR', temporary);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(temporary, { recursive: true, force: true });
  });
});

it('collects the home of a command whose harness was killed', async () => {
  const script = `const { privateHome } = await import(${JSON.stringify(import.meta.resolve('./private-home.ts'))});
    console.log(privateHome().path); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const path = String(line).trim();
  expect((await collectPassingFolders({ dryRun: false })).folders).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(await collectPassingFolders({ dryRun: true })).toEqual({ folders: [path], problems: [] });
  expect(existsSync(path)).toBe(true);
  expect(await collectPassingFolders({ dryRun: false })).toEqual({ folders: [path], problems: [] });
  expect(await readdir(temporary)).toEqual([]);
});

it('leaves a home in use, one of another host, and folders that it did not make', async () => {
  using home = privateHome();
  const others = ['dr-home~another-host~1~1~abcdef', 'dr-home-abc', 'mine'];
  for (const name of others) mkdirSync(join(temporary, name));
  expect(await collectPassingFolders({ dryRun: false })).toEqual({ folders: [], problems: [] });
  expect(existsSync(home.path)).toBe(true);
  expect(await readdir(temporary)).toEqual(expect.arrayContaining(others));
});
