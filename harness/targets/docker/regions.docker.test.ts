import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { regionPair } from '../../systems/nats/service.ts';
import { recipeOf } from '../../toolchain/recipes.ts';
import { attachTo } from '../attach.ts';
import type { StartedTarget } from '../start.ts';
import { regionsBehave } from '../testing/regions-behave.ts';
import { containers } from './attach.ts';
import { docker } from './docker-command.ts';
import { madeName, makeImage } from './made-images.ts';
import { dockerSettings, imageOf } from './settings.ts';
import { ownScratch } from './testing/own-scratch.ts';
import { leftOf, patient, startParts } from './testing.ts';

let started: StartedTarget;

beforeAll(async () => {
  await ownScratch();
  started = await startParts('regions');
});

afterAll(async () => {
  const session = started?.target.sessionId;
  await started?.[Symbol.asyncDispose]();
  if (session !== undefined) expect(await leftOf(session)).toEqual([]);
  vi.unstubAllEnvs();
});

const attached = () => attachTo(containers, JSON.parse(JSON.stringify(started.handle)), { clock: systemClock });

regionsBehave(attached);

test('a pair that is given back leaves nothing behind, failed regions included', async () => {
  const before = await leftOf(attached().sessionId);
  const pair = await attached().place(regionPair, { label: 'given back' }, patient);
  await pair.primary.fail('kept');
  expect((await leftOf(attached().sessionId)).length).toBeGreaterThan(before.length);
  await pair[Symbol.asyncDispose]();
  expect(await leftOf(attached().sessionId)).toEqual(before);
});

test('the record says which images the regions ran on, and only those that can be are made of the toolchain', async () => {
  const images = attached().tools.filter(({ name }) => name.startsWith('image '));
  expect(images.map(({ name }) => name)).toEqual([
    'image nats',
    'image localstack',
    'image toxiproxy',
    'image coredns',
  ]);
  const step = { clock: systemClock, signal: patient, progress: () => undefined };
  expect(await makeImage('coredns/coredns:0.0.0', step)).toBe(false);
  const coredns = images.find(({ name }) => name === 'image coredns');
  await docker(['image', 'inspect', coredns?.version ?? ''], patient);
});

test('an image of the slim CoreDNS is called slim, and says so', async () => {
  const step = { clock: systemClock, signal: patient, progress: () => undefined };
  const official = imageOf(dockerSettings({}), 'coredns');
  expect(await makeImage(official, step)).toBe(true);
  const made = madeName(official);
  expect(made).toBe(`dr-contracts/coredns:${recipeOf('coredns').version}`);
  const { stdout } = await docker(['run', '--rm', '--network=none', made ?? '', '-version'], patient);
  expect(stdout).toContain(`CoreDNS-${recipeOf('coredns').version}\n`);
});
