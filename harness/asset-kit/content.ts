import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Fingerprint } from '../model/asset.ts';
import type { Comparison, Difference } from '../model/record.ts';
import { compareText } from '../model/text.ts';
import { type Compared, type Keyed, mergeByKey, Tally } from './comparison.ts';
import { readRecords, writeRecords } from './record-file.ts';

const itemSchema = z.object({
  kind: z.string(),
  name: z.string(),
  sizeBytes: z.number().nonnegative(),
  fields: z.record(z.string(), z.string()),
});

/** One thing that an asset holds: a file, a row, a message. Kind and name together identify it. */
export interface ContentItem {
  /** Plural for counts: `files`, `rows of orders`. */
  readonly kind: string;
  /** Key within the kind. If the order counts, it is the position, padded for sorting. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Everything that a restore has to bring back, as text. Use the digest of a value that must not be written to a file. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Writes the content of an asset into a new file in the step's scratch folder, as a stream.
 * @param items sorted by kind and then by name, both by code units.
 * @throws when they are not sorted, or one of them occurs twice.
 */
export async function fingerprintContent(
  items: AsyncIterable<ContentItem>,
  step: { readonly scratchDir: string; readonly signal: AbortSignal },
): Promise<Fingerprint> {
  const path = join(step.scratchDir, `content-${randomUUID()}.jsonl`);
  const counts = new Map<string, number>();
  let bytes = 0;
  const counted = async function* () {
    for await (const { item } of keyed(items)) {
      counts.set(item.kind, (counts.get(item.kind) ?? 0) + 1);
      bytes += item.sizeBytes;
      yield item;
    }
  };
  const { digest, records } = await writeRecords(path, counted(), step.signal);
  const kinds = [...counts].map(([kind, count]) => ({ kind, items: count }));
  return { path, items: records, bytes, digest, kinds };
}

/**
 * Compares the current content of an asset with its fingerprint, item by item and field by field, as streams.
 * @param items current content, in the order of {@link fingerprintContent}.
 * @param notVerified things that the items do not cover, for a reader: "permissions of files".
 */
export async function compareContent(
  expected: Fingerprint,
  items: AsyncIterable<ContentItem>,
  notVerified: readonly string[] = [],
): Promise<Comparison> {
  const tally = new Tally(expected.kinds.map(({ kind }) => kind));
  for await (const pair of mergeByKey(keyed(readRecords(expected, itemSchema)), keyed(items))) {
    tally.add(comparedItem(pair.expected?.item, pair.observed?.item));
  }
  return tally.comparison(notVerified);
}

interface KeyedItem extends Keyed {
  readonly item: ContentItem;
}

/** Adds the sort keys. NUL sorts before every other character, so a kind comes before longer kinds that begin with it. */
async function* keyed(items: AsyncIterable<ContentItem>): AsyncGenerator<KeyedItem, void, undefined> {
  let previous: ContentItem | undefined;
  for await (const item of items) {
    if (previous !== undefined && orderOf(previous, item) >= 0) {
      throw new Error(`the content is not sorted: ${nameOf(item)} came after ${nameOf(previous)}`);
    }
    previous = item;
    yield { key: `${item.kind}\0${item.name}`, item };
  }
}

const orderOf = (one: ContentItem, other: ContentItem): number =>
  compareText(one.kind, other.kind) || compareText(one.name, other.name);

const nameOf = ({ kind, name }: ContentItem): string => `${kind}: ${name}`;

function comparedItem(expected: ContentItem | undefined, observed: ContentItem | undefined): Compared {
  const either = expected ?? observed;
  if (either === undefined) throw new Error('a pair has neither side');
  const item = nameOf(either);
  const presence = (then: string, now: string) => [{ item, field: 'presence', expected: then, observed: now }];
  if (observed === undefined) {
    return { kind: either.kind, outcome: 'missing', differences: presence(summary(expected), 'absent') };
  }
  if (expected === undefined) {
    return { kind: either.kind, outcome: 'extra', differences: presence('absent', summary(observed)) };
  }
  const differences = fieldsThatDiffer(item, expected.fields, observed.fields);
  return { kind: either.kind, outcome: differences.length === 0 ? 'matched' : 'differing', differences };
}

const summary = (item: ContentItem | undefined): string => `there, ${item?.sizeBytes ?? 0} bytes`;

function fieldsThatDiffer(
  item: string,
  expected: Readonly<Record<string, string>>,
  observed: Readonly<Record<string, string>>,
): readonly Difference[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(observed)])].toSorted(compareText);
  return names
    .filter((field) => expected[field] !== observed[field])
    .map((field) => ({
      item,
      field,
      expected: expected[field] ?? 'not set',
      observed: observed[field] ?? 'not set',
    }));
}
