import type { Observation } from '../../model/posture.ts';
import type { DrillRecord, FindingName } from '../../model/record.ts';
import { formatDuration, formatSize } from '../../model/units.ts';

// Limits of a kept promise. Each sentence stands next to a tick.

/** Returns one sentence on the most important gap in the drill's proof. */
export function caveatOf(record: DrillRecord): string {
  const { productionSizeBytes } = record.contract;
  const size = record.seeded === null ? 'no data' : `${formatSize(record.seeded.bytes)} of test data`;
  if (productionSizeBytes !== null) {
    return `The drill restored ${size}. The time for ${formatSize(productionSizeBytes)} is extrapolated.`;
  }
  return `The drill restored ${size} on the ${record.environment.target} target. More data takes longer.`;
}

export function findingCaveat(name: FindingName, record: DrillRecord): string {
  switch (name) {
    case 'destruction':
      return `Only ${record.absence.length === 1 ? 'this read was' : `these ${record.absence.length} reads were`} made. Other copies of the data were not looked for.`;
    case 'content':
      return contentCaveat(record);
    case 'rpo':
      return 'It is the loss of one disaster at one moment. A disaster just before the next backup loses more: see exposure.';
    case 'exposure':
      return exposureCaveat(record);
    case 'freshness':
      return 'It is the age at the time of the drill. It does not show that the next backup will succeed.';
    case 'rto':
      return rtoCaveat(record);
    case 'untouched':
      return 'Only the checks in the record were made. Other systems outside the blast radius were not looked at.';
    case 'acceptance':
      return 'Only the checks in the record were made. No user of the production system took part.';
    case 'fail-back':
      return 'It was shown once, with the clients of the drill. Clients with other settings were not tried.';
  }
}

function contentCaveat({ seeded, comparison }: DrillRecord): string {
  const open = comparison?.notVerified.length ?? 0;
  const size = seeded === null ? '' : ` (${formatSize(seeded.bytes)})`;
  return `Only data that the drill wrote${size} was compared, never production data.${open === 0 ? '' : ` ${open} ${open === 1 ? 'thing is' : 'things are'} not verified: see below.`}`;
}

function exposureCaveat({ contract: { schedule } }: DrillRecord): string {
  if (schedule === 'continuous') return 'It rests on the statement of the procedure that it protects continuously.';
  if (schedule === 'mirror') {
    return 'It is the worst lag that was seen during the drill. A slower network or more writes can lag further.';
  }
  return 'It is computed from the schedule. It does not show that every scheduled backup runs.';
}

function rtoCaveat({ phases, contract, sizes }: DrillRecord): string {
  const isSync = ({ name }: DrillRecord['phases'][number]) => name === 'backup-sync';
  const sumOf = (some: DrillRecord['phases']) => some.reduce((sum, { addedMs }) => sum + addedMs, 0);
  const budgetedMs = sumOf(phases.filter((phase) => !isSync(phase)));
  const waitMs = sumOf(phases.filter(isSync));
  const budgeted =
    budgetedMs === 0 ? '' : ` ${formatDuration(budgetedMs)} of it is budgeted by the contract, not measured.`;
  const wait =
    waitMs === 0
      ? ''
      : ` ${formatDuration(waitMs)} of it is production's longest wait for its sync of backups: it is added, not measured.`;
  const budget = `${budgeted}${wait}`;
  const largest = Math.max(0, ...sizes.map(({ sizeBytes }) => sizeBytes));
  if (contract.productionSizeBytes !== null) {
    return `The largest restore was ${formatSize(largest)}; the rest is extrapolated.${budget}`;
  }
  const size = largest === 0 ? 'the size of the drill' : formatSize(largest);
  return `It holds for ${size}. The contract names no production size.${budget}`;
}

/** Returns a sentence on what a posture check does not prove, even when it is met. */
export function postureCaveat(observation: Observation | null, sentence: string): string {
  if (observation === null) return 'Nothing was observed.';
  const open = 'notVerified' in observation ? (observation.notVerified ?? []) : [];
  const untold = open.filter((text) => !sentence.includes(text));
  if (untold.length > 0) return `Not verified: ${untold.join('; ')}.`;
  switch (observation.kind) {
    case 'schedule':
      return 'It shows what is scheduled. It does not show that a backup ran, or that one can be restored.';
    case 'retention':
      return 'It shows what the rules keep. It does not show that what is kept can be restored.';
    case 'recovery-points':
      return 'It counts recovery points. It does not show that one of them can be restored.';
    case 'cost':
      return 'It is an estimate from list prices and from what is stored there now. It is not a bill.';
    case 'comparison':
      return 'It was read once. It does not show that it stays so, or that a restore works.';
  }
}
