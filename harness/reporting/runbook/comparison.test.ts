import { describe, expect, it } from 'vitest';
import { comparisonOf } from '../../model/comparison.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { compareRunbook } from './comparison.ts';
import { renderRunbook } from './runbook.ts';
import { madeUpContract, madeUpPassing, madeUpRecovery } from './testing/made-up-contract.ts';

const contract = madeUpContract();
const never = madeUpContract({ facts: { ...contract.facts, name: 'orders' } });
const passing = madeUpPassing();
const written = renderRunbook({ contracts: [contract], records: [passing] });

function judged(text: string, contracts = [contract], records = [passing]) {
  const observation = comparisonOf({ of: 'runbook sections', ...compareRunbook(text, { contracts, records }) });
  return { observation, ...judgeCheck({ promise: 'docs/runbook.md is right', observation, failure: null }) };
}

describe('a runbook as a posture', () => {
  it('is held against the last passing drill, where there is one', () => {
    const { verdict, observation } = judged(written);
    expect(verdict).toBe('met');
    expect(observation).toMatchObject({
      compared: 4,
      evidence: { 'held against its last passing drill': 'nats-streams: stream-deleted' },
      notVerified: [],
    });
  });

  it('is held against its digests on a clean clone, and says that no drill was at hand', () => {
    const { verdict, sentence, observation } = judged(written, [contract], []);
    expect(verdict).toBe('met');
    expect(observation.evidence).toEqual({ 'held against the digests at its end': 'nats-streams: stream-deleted' });
    expect(sentence).toContain('the steps of 1 restore against a drill: no record of one is at hand');
  });

  it.each([
    ['an edited step', written.replace('Restore every stream', 'Restore most streams')],
    ['an edited command', written.replace('ops/restore.sh', 'ops/old-restore.sh')],
    ['a missing section', written.slice(0, written.indexOf('### nats-streams: stream-deleted'))],
  ])('is breached by %s, with a drill at hand and without', (_, text) => {
    expect(text).not.toBe(written);
    for (const records of [[passing], []]) {
      const { verdict, observation } = judged(text, [contract], records);
      expect(verdict).toBe('breached');
      expect(observation.firstDifferences.map(({ item }) => item)).toContain('section "nats-streams: stream-deleted"');
    }
  });

  it('is breached by a contract that has changed since', () => {
    const changed = madeUpContract({ facts: { ...contract.facts, procedure: 'another' } });
    expect(judged(written, [changed], []).sentence).toMatch(/2 of 4 runbook sections .* expected ".*another.*", found/);
  });

  it('is breached by a drill that restored in another way', () => {
    const recovery = madeUpRecovery();
    const steps = recovery.steps.map((step) => (step.phase === 'restore' ? { ...step, command: 'rm -r /' } : step));
    const { verdict, sentence } = judged(written, [contract], [madeUpPassing({ recovery: { ...recovery, steps } })]);
    expect(verdict).toBe('breached');
    expect(sentence).toContain('rm -r /');
  });

  it('that is not there is breached', () => {
    expect(judged('').sentence).toContain('found nothing stands there');
  });

  it('of which no restore has passed a drill proves nothing', () => {
    const text = renderRunbook({ contracts: [never], records: [] });
    expect(judged(text, [never], [])).toMatchObject({
      verdict: 'unproven',
      observation: { notVerified: ['orders: stream-deleted, of which the runbook says that no drill has passed'] },
    });
  });

  it('names the restores that no drill has passed, and counts them not', () => {
    const text = renderRunbook({ contracts: [contract, never], records: [passing] });
    const { verdict, observation, sentence } = judged(text, [contract, never]);
    expect(verdict).toBe('met');
    expect(observation.compared).toBe(5);
    expect(sentence).toContain('not verified: orders: stream-deleted');
  });

  it('of no contract proves nothing', () => {
    expect(judged(renderRunbook({ contracts: [], records: [] }), [], []).verdict).toBe('unproven');
  });
});
