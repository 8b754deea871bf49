import { expect, it } from 'vitest';
import { metRecord } from '../../verdict/testing/met-records.ts';
import { findingCaveat } from './caveats.ts';

it("B38: the page tells production's wait for its sync of backups apart from what the contract budgets", () => {
  const waiting = metRecord((record) => {
    record.phases.push({ name: 'backup-sync', measuredMs: 1_000, addedMs: 59_000, outcome: 'completed' });
  });
  const budgeted = '2 min 10 s of it is budgeted by the contract, not measured.';
  expect(findingCaveat('rto', waiting)).toContain(
    `${budgeted} 59 s of it is production's longest wait for its sync of backups: it is added, not measured.`,
  );
  expect(findingCaveat('rto', metRecord())).toContain(budgeted);
  expect(findingCaveat('rto', metRecord())).not.toContain('sync of backups');
});
