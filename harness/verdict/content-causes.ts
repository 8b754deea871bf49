import type { DrillRecord } from '../model/record.ts';
import { countedOf } from '../model/text.ts';
import { formatSize } from '../model/units.ts';

/** Smallest share of the seeded bytes that a complete recovery point has. Payloads of drills are random and do not compress. */
const TOO_SMALL_SHARE = 0.25;
const SHOWN_LEFT_OUT = 3;

/** Returns the reasons in the record for missing content, as sentences. It names a reason only if it explains the missing content. */
export function causesOf(record: DrillRecord): readonly string[] {
  const leftOut = leftOutOf(record);
  if (leftOut?.isAll === true) return [leftOut.sentence];
  return [leftOut?.sentence, ...otherCausesOf(record)].filter((cause) => cause !== undefined);
}

function otherCausesOf(record: DrillRecord): readonly string[] {
  const warned = warnedOf(record);
  if (warned !== undefined) return [warned];
  return [descriptionOnly(record), lastWords(record)].filter((cause) => cause !== undefined);
}

/**
 * Returns the missing content that the definition of the backup leaves out, by kind or by name. `isAll` is true if this explains every kind
 * with missing content.
 */
export function leftOutOf({
  recoveryPoint,
  comparison,
}: DrillRecord): { readonly sentence: string; readonly isAll: boolean } | undefined {
  if (comparison === null) return undefined;
  const lost = comparison.items.filter(({ missing }) => missing > 0).map(({ kind }) => kind);
  const items = new Set(comparison.firstDifferences.map(({ item }) => item));
  const explaining = (recoveryPoint?.leftOut ?? []).filter(
    ({ kind, name }) => lost.includes(kind) && (name === undefined || items.has(`${kind} ${name}`)),
  );
  const reasons = Map.groupBy(explaining, ({ because }) => because);
  if (reasons.size === 0) return undefined;
  const told = [...reasons].map(([because, left]) => {
    const what = left.map(({ kind, name }) => (name === undefined ? `every ${kind}` : `${kind} ${name}`));
    const more = what.length > SHOWN_LEFT_OUT ? ` and ${what.length - SHOWN_LEFT_OUT} more` : '';
    return `The backup leaves out ${what.slice(0, SHOWN_LEFT_OUT).join(', ')}${more}: ${because}.`;
  });
  const isAll = lost.every((kind) => explaining.some((each) => each.kind === kind));
  return { sentence: told.join(' '), isAll };
}

/** Returns a warning of the restore that names something that did not come back. Other warnings are noise of a healthy restore. */
function warnedOf(record: DrillRecord): string | undefined {
  const { restore } = record;
  if (restore === null) return undefined;
  const names = namesOfWhatIsMissing(record);
  const [warning, ...more] = restore.warnings.filter((each) => names.some((name) => mentions(each, name)));
  if (warning === undefined) return undefined;
  const lastWord = restore.claimed.split('\n').findLast((line) => !restore.warnings.includes(line));
  const andMore = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return `The restore reported this itself, but ended as if it had succeeded${lastWord === undefined ? '' : ` ("${lastWord.trim()}")`}: ${warning.trim()}${andMore}.`;
}

/**
 * Returns the names in "stream ORDERS message 17", "Secret payment" or `object "a/b"`: the rest without the words that every such item has.
 */
function namesOfWhatIsMissing({ comparison, markers }: DrillRecord): readonly string[] {
  const differences = comparison?.firstDifferences ?? [];
  const compared = comparison?.items ?? [];
  const lanes = markers.filter(({ lost }) => lost > 0).map(({ lane }) => lane);
  const common = new Set([...COMMON_WORDS, ...kindWords(compared.map(({ kind }) => kind))]);
  return [...differences.map(({ item }) => item), ...lanes]
    .flatMap((item) => [...item.matchAll(/"[^"]+"|\S+/g)])
    .map(([word]) => word.replaceAll('"', ''))
    .filter((word) => word.length > 2 && !/^\d+$/.test(word) && !common.has(word.toLowerCase()));
}

/** Words that every such item has. A warning with one of them need not be about the item. */
const COMMON_WORDS = [
  'the',
  'of',
  'for',
  'in',
  'version',
  'current',
  'delete',
  'marker',
  'key',
  'bucket',
  'store',
  'stream',
];

const kindWords = (kinds: readonly string[]): readonly string[] =>
  kinds
    .flatMap((kind) => [kind, ...kind.split(/[\s.]/)])
    .flatMap((word) => [word.toLowerCase(), word.toLowerCase().replace(/s$/, '')]);

/** Returns true if the text contains the whole name: "orders-2" does not mention "order". */
function mentions(text: string, name: string): boolean {
  const at = text.indexOf(name);
  if (at === -1) return false;
  const isPartOfAName = (character: string | undefined) => character !== undefined && /[\w-]/.test(character);
  return !isPartOfAName(text[at - 1]) && !isPartOfAName(text[at + name.length]);
}

/** Describes a restore that brought back things without their content. */
function descriptionOnly({ comparison, recoveryPoint, seeded }: DrillRecord): string | undefined {
  if (comparison === null || recoveryPoint === null || seeded === null) return undefined;
  const expected = comparison.items.filter((counts) => counts.expected > 0);
  const empty = expected
    .filter(({ restored }) => restored === 0)
    .map((counts) => countedOf(counts.expected, counts.kind));
  const back = expected
    .filter(({ restored }) => restored > 0)
    .map((counts) =>
      counts.restored < counts.expected
        ? `${counts.restored} of ${countedOf(counts.expected, counts.kind)}`
        : counts.kind,
    );
  if (empty.length === 0 || back.length === 0) return undefined;
  // If most items came back, the recovery point holds data, even if it is small.
  const isMostMissing = totalExpected(expected.filter(({ restored }) => restored === 0)) > totalExpected(expected) / 2;
  const isSmall = isMostMissing && recoveryPoint.sizeBytes < TOO_SMALL_SHARE * seeded.bytes;
  const size = `its ${formatSize(recoveryPoint.sizeBytes)} for ${formatSize(seeded.bytes)} of data`;
  const what = `None of ${empty.join(' and ')} came back, but ${back.join(' and ')} did`;
  return isSmall ? `${what}: with ${size}, the recovery point holds metadata only.` : `${what}.`;
}

const totalExpected = (items: readonly { readonly expected: number }[]): number =>
  items.reduce((sum, { expected }) => sum + expected, 0);

/** Returns the last line of the restore's output if something is missing. It often gives the reason, even for a reported success. */
function lastWords({ comparison, markers, restore }: DrillRecord): string | undefined {
  const isMissing =
    markers.some(({ lostBeforeCapture }) => lostBeforeCapture > 0) ||
    comparison?.items.some(({ missing }) => missing > 0) === true;
  const said = restore?.claimed.trim() ?? '';
  const lastLine = said.slice(said.lastIndexOf('\n') + 1).trim();
  return isMissing && lastLine !== '' ? `The last thing that the restore said: "${lastLine}".` : undefined;
}
