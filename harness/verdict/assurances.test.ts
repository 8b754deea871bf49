import { beforeAll, describe, expect, it } from 'vitest';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import { runMemoryDrill } from '../drill/testing/run-memory-drill.ts';
import type { Assurance, DrillRecord } from '../model/record.ts';
import { judge } from './judge.ts';

let drilled: DrillRecord;
beforeAll(async () => {
  drilled = (await runMemoryDrill(memoryContract(memoryWorld()))).record;
});

const assuring = (assurances: readonly Assurance[] | undefined): DrillRecord => ({
  ...drilled,
  disaster: { ...drilled.disaster, assures: ['untouched'] },
  ...(assurances === undefined ? {} : { assurances: [...assurances] }),
});
const original = (held: boolean, checked = 2): Assurance => ({
  promise: 'untouched',
  what: 'the living original',
  checked,
  failed: held ? 0 : 1,
  observed: [{ what: 'content', held, observed: held ? 'unchanged' : 'was a, is b' }],
});

describe('an assurance of the disaster', () => {
  it('is met when everything that was looked at held', () => {
    expect(judge(assuring([original(true)]))).toMatchObject({
      verdict: 'met',
      findings: expect.arrayContaining([expect.objectContaining({ name: 'untouched', verdict: 'met' })]),
    });
  });

  it('breaches the contract when one check failed, and its sentence is the sentence of the whole', () => {
    expect(judge(assuring([original(true), original(false)]))).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringMatching(/the living original: 1 of 2 checks failed: content: was a, is b/),
    });
  });

  it.each([
    ['nothing was looked at', undefined],
    ['something else was looked at', [{ ...original(true), promise: 'acceptance' as const }]],
    ['zero things were checked', [original(true, 0)]],
    ['one of several looks checked zero things', [original(true), original(true, 0)]],
  ])('is unproven when %s', (_, assurances) => {
    expect(judge(assuring(assurances))).toMatchObject({ verdict: 'unproven' });
  });

  it('is judged even when the disaster did not announce it', () => {
    expect(judge({ ...drilled, assurances: [original(false)] }).verdict).toBe('breached');
  });

  it('is not judged where there is none', () => {
    expect(judge(drilled).findings.map(({ name }) => name)).not.toContain('untouched');
  });
});
