import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contractFacts } from '../drill/new-record.ts';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import type { PostureCheck } from '../model/posture.ts';
import { type ContractDefinition, defineContract, definePosture } from './define.ts';
import { plannedPromises } from './promise-facts.ts';

const { asset, protectedBy } = memoryContract(memoryWorld());
const AUDIT = {
  impactAnalysis: 'https://wiki.example/bia/orders',
  testKind: 'functional test on a disposable copy',
  segregation: 'the drill restores into servers of its own',
};
const define = (changes: object) =>
  defineContract({
    name: 'orders',
    asset,
    rto: '15m',
    rpo: '5m',
    priority: 'P1',
    owner: 'platform-team',
    protectedBy,
    survives: ['wiped'],
    ...changes,
  } as ContractDefinition);
const check: PostureCheck = {
  name: 'bucket',
  promise: 'The bucket is versioned',
  needs: [],
  observe: async () => Promise.reject(new Error('not asked')),
};
const posture = (changes: object) => definePosture({ name: 'backups', owner: 'platform', checks: [check], ...changes });

describe('what a contract states for auditors', () => {
  it('is in the record of its drills and in the promise that a run states', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-audit-'));
    try {
      const contract = define({ cadence: '1d', audit: AUDIT });
      expect(contractFacts(contract)).toMatchObject({ cadenceMs: 86_400_000, audit: AUDIT });
      const postures = [posture({ cadence: '12h', audit: { testKind: 'inspection' } })];
      const project = { folder, outDir: join(folder, 'reports') };
      expect(await plannedPromises({ contracts: [contract], postures }, project)).toMatchObject([
        { contract: 'orders', cadenceMs: 86_400_000, audit: AUDIT },
        { contract: 'backups', cadenceMs: 43_200_000, audit: { testKind: 'inspection' } },
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is left out where nobody stated it', () => {
    const facts = contractFacts(define({ audit: {} }));
    expect([facts, posture({})]).not.toContainEqual(expect.objectContaining({ audit: expect.anything() }));
    expect(Object.keys(facts)).not.toContain('cadenceMs');
  });

  it.each([
    ['a cadence that is no duration', { cadence: 'daily' }, /cadence: expected a duration .*found "daily"/],
    ['a cadence of nothing', { cadence: '0s' }, /cadence/],
    ['a misspelt field', { audit: { testkind: 'x' } }, /audit.*testkind/],
    ['an empty statement', { audit: { segregation: ' ' } }, /audit\.segregation/],
  ])('is refused as %s, in a contract and in a posture', (_what, changes, message) => {
    expect(() => define(changes)).toThrow(message);
    expect(() => posture(changes)).toThrow(message);
  });
});
