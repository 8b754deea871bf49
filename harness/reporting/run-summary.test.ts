import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verdicts } from '../model/record.ts';
import { exitCodeOf, summarise } from './run-summary.ts';
import { madeUpDrill } from './testing/made-up-records.ts';

const anyVerdicts = fc.array(fc.constantFrom(...verdicts));

describe('the exit code', () => {
  it('is 0 exactly when there was a drill and every one is met or at risk', () => {
    fc.assert(
      fc.property(anyVerdicts, (all) => {
        const good = all.length > 0 && all.every((verdict) => verdict === 'met' || verdict === 'at-risk');
        expect(exitCodeOf(all, true) === 0).toBe(good);
      }),
    );
  });

  it('is 1 exactly when something is breached, unproven drills or not', () => {
    fc.assert(
      fc.property(anyVerdicts, (all) => {
        expect(exitCodeOf(all, true) === 1).toBe(all.includes('breached'));
      }),
    );
  });

  it('is 2 for a run that did not come to its end, whatever its drills say', () => {
    fc.assert(
      fc.property(anyVerdicts, (all) => {
        expect(exitCodeOf(all, false)).toBe(2);
      }),
    );
  });

  it('does not depend on the order of the drills', () => {
    fc.assert(
      fc.property(anyVerdicts, (all) => {
        expect(exitCodeOf(all.toReversed(), true)).toBe(exitCodeOf(all, true));
      }),
    );
  });

  it('is 2 when no drill was run', () => {
    expect(exitCodeOf([], true)).toBe(2);
  });
});

describe('the summary', () => {
  it('counts every drill once, one without a judgement as unproven', () => {
    const drills = [
      madeUpDrill(),
      madeUpDrill({ judgement: { verdict: 'at-risk' } }),
      madeUpDrill({ judgement: { verdict: 'breached' } }),
      madeUpDrill({ judgement: null }),
    ];
    expect(summarise(drills, true)).toEqual({ drills: 4, met: 1, atRisk: 1, breached: 1, unproven: 1, exitCode: 1 });
  });
});
