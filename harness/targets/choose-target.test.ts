import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { chooseTarget } from './choose-target.ts';

const step = { clock: systemClock, signal: new AbortController().signal, progress: () => undefined };

beforeEach(() => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('without a daemon that answers, auto takes the local target and says why', async () => {
  const choice = await chooseTarget('auto', ['nats', 'pods'], step);
  expect(choice.name).toBe('local');
  expect(choice.capabilities).not.toContain('pods');
  expect(choice.why).toMatch(/^Docker is not available \(docker daemon: .+\)$/);
  expect(choice.withoutDocker).toBe('no Docker daemon answers');
});

test('docker asked for by name is docker or nothing', async () => {
  await expect(chooseTarget('docker', ['nats'], step)).rejects.toThrow(
    /docker daemon: expected to answer.*--target local/s,
  );
});

test('local asked for by name asks nobody', async () => {
  expect(await chooseTarget('local', ['nats'], step)).toMatchObject({ name: 'local', why: 'asked for by name' });
});
