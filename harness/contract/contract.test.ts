import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Activities } from '../base/activities.ts';
import { systemClock } from '../clock/clock.ts';
import { comparisonOf } from '../model/comparison.ts';
import type { PostureCheck } from '../model/posture.ts';
import { Places, readyTarget, type Target } from '../model/target.ts';
import { definePosture, type PostureDefinition } from './define.ts';
import { loadPromises, selectPromises } from './load.ts';
import { runContracts } from './run-contracts.ts';

const check = (name: string, needs: PostureCheck['needs'] = []): PostureCheck => ({
  name,
  promise: `The promise of ${name}`,
  needs,
  observe: async () => comparisonOf({ of: 'things', compared: 1, differences: [] }),
});
const good: PostureDefinition = { name: 'backups', owner: 'platform', checks: [check('one', ['s3'])] };
const define = (changes: object) => definePosture({ ...good, ...changes } as PostureDefinition, 'contracts/p.spec.ts');

async function folderWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-posture-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'p.spec.ts');
  await writeFile(file, text);
  return file;
}

const source = (name: string) => `
import { posture } from '${resolve('harness/contract/contract.ts')}';
const observe = async () => ({ kind: 'comparison', of: 'things', compared: 2, differing: 0, firstDifferences: [], evidence: {}, notVerified: [] });
posture({ name: '${name}', owner: 'platform', checks: [{ name: 'one', promise: 'It is so', needs: ['s3'], observe }] });
`;

const filesOf = (file: string) => ({ folder: dirname(file), files: [file], mistakes: [] });

describe('a posture contract', () => {
  it('needs what its checks need, and what puts the platform in place', () => {
    expect(define({ needs: ['nats'], checks: [check('one', ['s3']), check('two', ['s3', 'velero'])] }).needs).toEqual([
      'nats',
      's3',
      'velero',
    ]);
  });

  it.each([
    ['no checks', { checks: [] }, /must hold at least one check/],
    [
      'something that is no check',
      { checks: [{ name: 'x' }] },
      /expected `checks\.0` to be a check such as writerPolicy/,
    ],
    ['a check twice', { checks: [check('one'), check('one')] }, /two checks are named "one"/],
    ['no owner', { owner: '' }, /`owner` must name who answers for it/],
    ['a field that it does not know', { rto: '5m' }, /unknown field "rto"/],
  ])('is refused with %s', (_, changes, message) => {
    expect(() => define(changes)).toThrow(message);
  });

  it('is loaded from the same files as drills, and chosen by its name', async () => {
    const promises = await loadPromises(filesOf(await folderWith(source('backups'))));
    expect(promises.postures).toMatchObject([{ name: 'backups', needs: ['s3'] }]);
    expect(selectPromises(promises, ['backups']).postures).toHaveLength(1);
    expect(() => selectPromises(promises, ['backup'])).toThrow(/none of that name \(did you mean "backups"\?\)/);
  });

  it('starts only the parts that it needs, and is checked without a drill', async () => {
    const started: string[][] = [];
    const activities = new Activities(systemClock);
    const file = await folderWith(source('backups'));
    const run = await runContracts({
      contractFiles: filesOf(file),
      project: { folder: '/nowhere', outDir: '/nowhere' },
      only: [],
      postureOnly: true,
      carriedBy: async (capabilities) => ({ target: 'local', capabilities, mustRunAll: true, drillsAtOnce: 1 }),
      startTarget: async (parts) => {
        started.push([...parts]);
        const target = {
          name: 'made up',
          capabilities: ['s3'],
          ...new Places('made up', ['s3']).members,
        } as unknown as Target;
        return readyTarget(target);
      },
      runId: 'r',
      outDir: '/nowhere',
      scratchDir: '/nowhere',
      jobs: 1,
      clock: systemClock,
      signal: new AbortController().signal,
      listener: () => undefined,
      trigger: 'test',
      activities,
    });
    expect(started).toEqual([['s3']]);
    expect(run).toMatchObject({
      records: [],
      postures: [{ verdict: 'met', checks: [{ name: 'one', verdict: 'met' }] }],
    });
    expect(activities.all.map(({ kind }) => kind)).toEqual(['loading', 'starting', 'checking', 'stopping']);
  });
});
