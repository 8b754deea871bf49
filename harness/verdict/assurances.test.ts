import { describe, expect, it } from 'vitest';
import type { Assurance, DrillRecord } from '../model/record.ts';
import { judge } from './judge.ts';
import { metRecord } from './testing/met-records.ts';

const drilled = metRecord();
const assuring = (assurances: readonly Assurance[] | undefined): DrillRecord =>
  metRecord((record) => {
    record.disaster.assures = ['untouched'];
    if (assurances !== undefined) record.assurances = [...assurances];
    if (record.expected === undefined) return;
    record.expected.findings.splice(1, 0, 'untouched');
    record.expected.assurances = [{ promise: 'untouched', what: 'the living original' }];
  });
const original = (held: boolean, checked = 1): Assurance => ({
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
      sentence: expect.stringMatching(/the living original: 1 of 1 checks failed: content: was a, is b/),
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
