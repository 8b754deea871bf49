import type { DrillRecord } from '../../model/record.ts';
import { losingLane, metRecord } from './met-records.ts';

/** Turns a drill into one of an asset that keeps no data. Nothing is promised about loss. */
export function withoutData(record: DrillRecord): void {
  record.contract.rpoMs = null;
  if (record.expected === undefined) return;
  record.expected.findings = record.expected.findings.filter((name) => name !== 'rpo' && name !== 'exposure');
}

/** Returns a proved drill of such an asset. Its schedule fires once a year, and everything written after the backup was lost. */
export const noDataRecord = (change: (record: DrillRecord) => void = () => undefined): DrillRecord =>
  metRecord((record) => {
    withoutData(record);
    record.contract.schedule = { cron: '0 0 1 1 *', timeZone: 'UTC' };
    record.markers = record.markers.map(({ lane }) => ({ ...losingLane, lane }));
    change(record);
  });
