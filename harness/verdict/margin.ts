import type { DrillRecord } from '../model/record.ts';
import { exposureOf } from './exposure.ts';
import { newestAgeMsOf } from './freshness.ts';
import { rpaOf } from './loss.ts';
import { recoveryTimeOf } from './recovery-time.ts';

/**
 * What is left of the tightest objective, in percent; negative when it is breached. It counts what the verdict counts: recovery at
 * the production size, the worse of RPA and exposure, and the age of the newest recovery point against its critical level. Null when
 * one of them is not known, or more than nothing was lost where nothing may be. An asset that keeps no data has only the recovery time.
 */
export function marginPercentOf(record: DrillRecord): number | null {
  const { rtoMs, rpoMs, freshness } = record.contract;
  const recovery = recoveryTimeOf(record);
  if (recovery === null) return null;
  const used = [recovery.valueMs / rtoMs];
  if (rpoMs !== null) {
    const lossMs = worstLossMsOf(record);
    if (lossMs === null || (rpoMs === 0 && lossMs > 0)) return null;
    if (rpoMs > 0) used.push(lossMs / rpoMs);
  }
  if (freshness !== undefined) {
    const ageMs = newestAgeMsOf(record);
    if (ageMs === null) return null;
    used.push(ageMs / freshness.criticalMs);
  }
  // Without the sum, nothing left may come out as -0.
  return Math.round((1 - Math.max(...used)) * 1_000) / 10 + 0;
}

function worstLossMsOf(record: DrillRecord): number | null {
  const rpa = rpaOf(record);
  const exposureMs = exposureOf(record);
  return rpa === null || exposureMs === null ? null : Math.max(rpa.valueMs, exposureMs);
}
