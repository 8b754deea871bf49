import type { DrillRecord } from '../model/record.ts';
import { formatSize } from '../model/units.ts';

/** A recovery point of less than this share of what was seeded cannot hold it; payloads of drills are random, and do not shrink. */
const TOO_SMALL_SHARE = 0.25;

/** What the record says of why content is missing, in sentences; nothing when it says nothing. */
export function causesOf(record: DrillRecord): readonly string[] {
  const warned = warnedOf(record);
  return warned === undefined ? [descriptionOnly(record)].filter((cause) => cause !== undefined) : [warned];
}

function warnedOf({ restore }: DrillRecord): string | undefined {
  const [warning, ...more] = restore?.warnings ?? [];
  if (restore === null || warning === undefined) return undefined;
  const lastWord = restore.claimed.split('\n').findLast((line) => !restore.warnings.includes(line));
  const andMore = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return `The restore said so itself and ended as if it had succeeded${lastWord === undefined ? '' : ` ("${lastWord.trim()}")`}: ${warning.trim()}${andMore}.`;
}

/** Things came back, and nothing that was in them. */
function descriptionOnly({ comparison, recoveryPoint, seeded }: DrillRecord): string | undefined {
  const expected = comparison?.items.filter((counts) => counts.expected > 0) ?? [];
  const empty = expected.filter(({ restored }) => restored === 0).map((counts) => `${counts.expected} ${counts.kind}`);
  const back = expected.filter(({ restored }) => restored > 0).map(({ kind }) => kind);
  if (empty.length === 0 || back.length === 0 || recoveryPoint === null || seeded === null) return undefined;
  const isSmall = recoveryPoint.sizeBytes < TOO_SMALL_SHARE * seeded.bytes;
  const size = `its ${formatSize(recoveryPoint.sizeBytes)} for ${formatSize(seeded.bytes)} of data`;
  const what = `None of ${empty.join(' and ')} came back, but ${back.join(' and ')} did`;
  return isSmall ? `${what}: with ${size}, the recovery point holds metadata only.` : `${what}.`;
}
