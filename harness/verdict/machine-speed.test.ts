import { describe, expect, it } from 'vitest';
import type { ControlReading, RepeatedAttempts } from '../model/record.ts';
import { judgeAssurances } from './assurances.ts';
import { judge } from './judge.ts';
import { assuringRecord } from './testing/met-records.ts';

const control = (slowMs: number, answers = 3): ControlReading => ({
  what: 'the control',
  answers,
  unanswered: 0,
  slowestMs: slowMs / 2,
  slowMs,
});
const late = (...controls: readonly ControlReading[]) => ({ tookMs: 2_000, controls: [...controls] });
const QUICK = late(control(0));
const SLOW = late(control(1_800));

const attempts = (change: Partial<RepeatedAttempts> = {}): RepeatedAttempts => ({
  made: 40,
  failed: 2,
  late: 2,
  budgetMs: 2_000,
  slowAnswerMs: 100,
  lateAttempts: [SLOW, SLOW],
  ...change,
});

/** Returns a record in which the bystander's reads and writes failed like this, and its content as well if `contentHeld` is false. */
const failing = (failed: RepeatedAttempts | undefined, contentHeld = true) =>
  assuringRecord((record) => {
    const [, bystander] = record.assurances ?? [];
    if (bystander === undefined) throw new Error('the record has no bystander');
    bystander.checked = 2;
    bystander.failed = contentHeld ? 1 : 2;
    bystander.observed = [
      {
        what: 'reads and writes',
        held: false,
        observed: '2 of 40 failed',
        ...(failed === undefined ? {} : { attempts: failed }),
      },
      { what: 'content', held: contentHeld, observed: 'as it is' },
    ];
  });

describe('a bystander whose attempts failed', () => {
  it('is unproven when a control was as slow, and the sentence says how slow and what to do', () => {
    expect(judge(failing(attempts()))).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/too busy.*the bystander.*2 of 40 .* 2 s.*the control took up to 900 ms.*again/),
    });
  });

  it.each<[string, RepeatedAttempts | undefined]>([
    ['every control was quick', attempts({ lateAttempts: [QUICK, QUICK] })],
    ['the control was quick during one of the attempts', attempts({ lateAttempts: [QUICK, SLOW] })],
    ['the control was slow for less than half of the time', attempts({ lateAttempts: [late(control(999)), SLOW] })],
    ['the control never answered', attempts({ lateAttempts: [late(control(1_800, 0)), SLOW] })],
    ['there was no control', attempts({ lateAttempts: [late(), late()] })],
    [
      'the control was slow for less than half of an attempt that took longer',
      attempts({ lateAttempts: [{ ...late(control(1_400)), tookMs: 3_000 }, SLOW] }),
    ],
    [
      'the control was slow for less than half of the budget',
      attempts({ lateAttempts: [{ ...late(control(900)), tookMs: 1_000 }, SLOW] }),
    ],
    [
      'there was no time in which a control could be slow',
      attempts({ budgetMs: 0, lateAttempts: [{ ...late(control(0)), tookMs: 0 }] }),
    ],
    ['no attempt failed', attempts({ failed: 0, late: 0 })],
    ['one of them was refused', attempts({ failed: 3 })],
    ['all of them were refused', attempts({ late: 0, lateAttempts: [] })],
    ['nothing says how long they took', attempts({ lateAttempts: [] })],
    ['nothing was recorded of them, as in an older record', undefined],
  ])('is a breach when %s', (_, failed) => {
    expect(judge(failing(failed)).verdict).toBe('breached');
  });

  it('is unproven when one of two controls was slow for half of the time', () => {
    const both = late(control(0), control(1_000));
    expect(judge(failing(attempts({ lateAttempts: [both, both] }))).verdict).toBe('unproven');
  });

  it('names the slowest of all controls, and the first of two that were as slow', () => {
    const named = (what: string, slowMs: number) => ({ ...control(slowMs), what });
    const first = late(named('a', 1_000), named('b', 1_200));
    const second = late(named('c', 1_800), named('d', 1_600));
    const third = late(named('e', 1_800));
    const record = failing(attempts({ failed: 3, late: 3, lateAttempts: [first, second, third] }));
    expect(judgeAssurances(record).find(({ name }) => name === 'untouched')?.sentence).toBe(
      'The machine was too busy to show whether the promise was kept (the bystander, reads and writes): 3 of 40 attempts got no answer within 2 s, and meanwhile c took up to 900 ms. The platform has no part in that. Run the drill again while less runs on this machine.',
    );
    const [only] = judgeAssurances(failing(attempts({ failed: 1, late: 1, lateAttempts: [first] })));
    expect(only?.sentence).toContain('meanwhile b took up to 600 ms');
  });

  it.each([
    [1, 'unproven'],
    [2, 'breached'],
  ])('whose failed check stands for %i checks is %s', (checks, verdict) => {
    const record = failing(attempts());
    const check = record.assurances?.[1]?.observed[0];
    if (check === undefined) throw new Error('the record has no check');
    check.checks = checks;
    expect(judgeAssurances(record).find(({ name }) => name === 'untouched')?.verdict).toBe(verdict);
  });

  const withChecks = (failed: number, readsHeld: boolean) => {
    const record = failing(attempts(), !readsHeld);
    const bystander = record.assurances?.[1];
    if (bystander?.observed[0] === undefined) throw new Error('the record has no check');
    bystander.failed = failed;
    bystander.observed[0].held = readsHeld;
    return judgeAssurances(record).find(({ name }) => name === 'untouched');
  };

  it('is a breach when its content changed, and late attempts belong to a check that held', () => {
    expect(withChecks(1, true)?.verdict).toBe('breached');
  });

  it('is not asked for a control where no check is counted as failed', () => {
    expect(withChecks(0, false)?.verdict).toBe('met');
  });

  it('is a breach when its content changed as well, however slow the control was', () => {
    expect(judge(failing(attempts(), false)).verdict).toBe('breached');
  });

  it('does not hide another breach', () => {
    const record = failing(attempts());
    const [original] = record.assurances ?? [];
    if (original === undefined) throw new Error('the record has no original');
    original.failed = 1;
    original.observed = original.observed.map((check) => ({ ...check, held: false }));
    const finding = judgeAssurances(record).find(({ name }) => name === 'untouched');
    expect(finding).toMatchObject({ verdict: 'breached', sentence: expect.stringContaining('the original') });
  });

  it('is not met when the check is said to have held', () => {
    const record = failing(attempts());
    for (const { observed } of record.assurances ?? []) for (const check of observed) check.held = true;
    for (const assurance of record.assurances ?? []) assurance.failed = 0;
    expect(judge(record).verdict).toBe('unproven');
  });
});
