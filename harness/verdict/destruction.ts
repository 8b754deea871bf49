import type { Cause } from '../model/causes.ts';
import { counted } from '../model/counted.ts';
import type { DrillRecord, Finding } from '../model/record.ts';

/** Whether the asset was really gone before the restore began, and whether what is there now is new. */
export function judgeDestruction(record: DrillRecord): Finding {
  const { absence, provenance, disaster } = record;
  const met: Finding = {
    name: 'destruction',
    verdict: 'met',
    sentence: `The disaster "${disaster.name}" was proved by ${counted(absence.length, 'read')} before the restore began, and ${identitiesIn(provenance)}.`,
  };
  const unproven = (cause: Cause, sentence: string): Finding => ({
    name: 'destruction',
    verdict: 'unproven',
    sentence,
    cause,
  });
  if (absence.length === 0)
    return unproven(
      'destruction-not-proved',
      'Nobody looked whether the asset was gone, so the restore proves nothing.',
    );
  const still = absence.find(({ gone }) => !gone);
  if (still !== undefined) {
    return unproven(
      'asset-not-destroyed',
      `The asset was still there after the disaster "${disaster.name}" (${still.what}: ${still.observed}), so a restore would prove nothing. Look at the step that destroys it.`,
    );
  }
  if (provenance.length === 0)
    return unproven('destruction-not-proved', 'Nothing says whether what is there now was restored or never left.');
  const old = provenance.find(({ before, after, keptBy }) => after === before && keptBy === undefined);
  if (old !== undefined) {
    return unproven(
      'identity-not-new',
      `${old.what} is the same as before the disaster (${old.before}), so what was read may never have been destroyed.`,
    );
  }
  return met;
}

function identitiesIn(provenance: DrillRecord['provenance']): string {
  const [kept, ...more] = provenance.filter(({ before, after }) => before === after);
  const renewed = provenance.length - (kept === undefined ? 0 : 1 + more.length);
  if (kept === undefined) return renewed === 1 ? '1 identity is new' : `${renewed} identities are new`;
  return `${renewed} of ${counted(provenance.length, 'identity', 'identities')} ${renewed === 1 ? 'is' : 'are'} new; the others are kept by the recovery (${kept.keptBy})`;
}
