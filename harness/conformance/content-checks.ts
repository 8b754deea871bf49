import { access } from 'node:fs/promises';
import type { AssetKind, Fingerprint } from '../model/asset.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Comparison } from '../model/record.ts';
import { counted } from '../model/text.ts';
import { differencesOf, isEqual, type Life, totalsOf } from './life.ts';
import type { Check, Sabotage, Sabotages } from './options.ts';

/** Checks the author's description of the asset before the asset is opened. */
export function requireDescribed(kind: AssetKind): void {
  const wrong = (member: string, observed: string) =>
    new ExplainedError({
      thing: `${kind.system || 'an asset without a name'}, ${member}`,
      expected: 'a text for a reader, or a list that is not empty',
      observed,
      nextStep: 'Say what a reader of the record has to know.',
    });
  if (kind.system.trim() === '') throw wrong('system', 'it is empty');
  if (kind.description.trim() === '') throw wrong('description', 'it is empty');
  if (kind.inScope.length === 0) throw wrong('inScope', 'it is empty');
  if (!(kind.protectedCount > 0)) throw wrong('protectedCount', `it is ${kind.protectedCount}`);
  if (kind.disasters.length === 0) throw wrong('disasters', 'there is none');
  for (const { name, threat, blastRadius } of kind.disasters) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
      throw wrong(`disaster "${name}"`, 'its name has other characters than lower-case letters, digits and hyphens');
    if (threat.trim() === '' || blastRadius.trim() === '') {
      throw wrong(`disaster "${name}"`, 'it does not say what happens, or what is lost');
    }
  }
  const names = kind.disasters.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw wrong('disasters', `"${twice}" is named twice`);
}

export async function requireSeeded(life: Life, signal: AbortSignal): Promise<void> {
  const content = await life.openSeeded(signal);
  const { seeded, asset } = life;
  const sum = content.kinds.reduce((total, { items }) => total + items, 0);
  if (content.items !== sum || content.items === 0) {
    throw life.fault({
      member: 'fingerprint()',
      expected: '`items` to be the sum of its `kinds`, and more than 0',
      observed: `it counts ${content.items}, and its kinds have ${sum}`,
      nextStep: 'Count every item once, under the kind by which `compare` counts it.',
    });
  }
  if (seeded.items === 0 || seeded.parts.length === 0) {
    throw life.fault({
      member: 'seed()',
      expected: 'the number of items that it made, and what they are',
      observed: `it says ${counted(seeded.items, 'item')} and names ${counted(seeded.parts.length, 'part')}`,
      nextStep: 'Return what was really written.',
    });
  }
  if (content.items < seeded.items) {
    throw life.fault({
      member: 'seed()',
      expected: 'as many items in the asset as it says',
      observed: `it says ${seeded.items}, and the fingerprint counts ${content.items}`,
      nextStep: 'Look for writes that failed unnoticed, or for items that the fingerprint leaves out.',
    });
  }
  const variables = Object.keys(asset.environment());
  const unknown = [...(asset.secretVariables ?? []), ...Object.keys(asset.meanings ?? {})].find(
    (name) => !variables.includes(name),
  );
  if (unknown !== undefined) {
    throw life.fault({
      member: 'secretVariables, meanings',
      expected: `names of variables of environment() (${variables.join(', ') || 'there are none'})`,
      observed: `${unknown} is not one of them`,
      nextStep: 'Correct the name: a misspelt one leaves a secret unprotected.',
    });
  }
  await asset.settings();
  await requireIdentities(life, signal);
}

async function requireIdentities(life: Life, signal: AbortSignal): Promise<void> {
  const first = await life.asset.identify(life.step(signal));
  const second = await life.asset.identify(life.step(signal));
  const isSame = JSON.stringify(first) === JSON.stringify(second);
  const blank = first.some(({ what, value }) => what.trim() === '' || value.trim() === '');
  if (first.length > 0 && isSame && !blank) return;
  throw life.fault({
    member: 'identify()',
    expected: 'at least one identity, each with a value that stays while the asset lives',
    observed:
      first.length === 0 ? 'it has none' : blank ? 'one of them is blank' : 'two calls gave different identities',
    nextStep: 'Use an id that the system gives to what it makes, such as a UID, an inode or the id of a server.',
  });
}

export async function requireDeterministic(life: Life, signal: AbortSignal): Promise<void> {
  const again = await life.asset.fingerprint(life.step(signal));
  if (again.path === life.content.path) {
    throw life.fault({
      member: 'fingerprint()',
      expected: 'a file of its own for each call',
      observed: `two calls wrote ${again.path}`,
      nextStep: 'Give each file a random name: a drill keeps the fingerprints of two backups.',
    });
  }
  await access(again.path);
  if (again.digest === life.content.digest && again.items === life.content.items) return;
  throw life.fault({
    member: 'fingerprint()',
    expected: 'the same digest for the same content',
    observed: `two calls gave ${life.content.digest} and ${again.digest}`,
    nextStep: 'Leave out what changes by itself: times of reading, random names, the order in which a listing answers.',
  });
}

export async function requireComparesEqual(life: Life, signal: AbortSignal): Promise<void> {
  const comparison = await life.compare(signal);
  requireSame(life, comparison, 'no difference while nothing happens');
  requireAllCompared(life, life.content, comparison);
}

function requireAllCompared(life: Life, content: Fingerprint, comparison: Comparison): void {
  const { expected } = totalsOf(comparison);
  const short = content.kinds.find(({ kind, items }) => {
    const counts = comparison.items.find((each) => each.kind === kind);
    return (counts?.expected ?? 0) !== items;
  });
  if (expected === content.items && short === undefined) return;
  throw life.fault({
    member: 'compare()',
    expected: `all ${content.items} items of the fingerprint to be compared, kind by kind`,
    observed: `it compared ${expected}${short === undefined ? '' : `, and not the ${short.items} of kind "${short.kind}"`}`,
    nextStep: 'Walk the fingerprint to its end, and count each item under the kind that the fingerprint names.',
  });
}

export function requireSame(life: Life, comparison: Comparison, expected: string, nextStep = LOOK_AT_COMPARE): void {
  if (isEqual(comparison)) return;
  throw life.fault({ member: 'compare()', expected, observed: `it found ${differencesOf(comparison)}`, nextStep });
}

const LOOK_AT_COMPARE = 'Compare nothing that changes by itself, and say so in `notVerified`.';

/** Differences that a comparison must find for each sort of sabotage. */
const SORTS = {
  drop: {
    title: 'notices an item that was dropped',
    what: 'one item was removed',
    shows: 'at least one item missing',
    isNoticed: ({ missing }: Totals) => missing > 0,
    nextStep: 'Walk the fingerprint, not what is there: an item that is only in the fingerprint is missing.',
  },
  alter: {
    title: 'notices an item that was altered',
    what: 'one item was changed',
    shows: 'at least one item that differs',
    isNoticed: ({ differing, missing, extra }: Totals) => differing > 0 || (missing > 0 && extra > 0),
    nextStep: 'Compare the content or its digest. Names and sizes can stay the same.',
  },
  add: {
    title: 'notices an item that was added',
    what: 'an item was added that nobody seeded',
    shows: 'at least one extra item',
    isNoticed: ({ extra }: Totals) => extra > 0,
    nextStep: 'Walk what is there as well: an item that is not in the fingerprint is extra.',
  },
  reorder: {
    title: 'notices items that were reordered',
    what: 'two items were exchanged',
    shows: 'a difference at their places',
    isNoticed: ({ missing, extra, differing }: Totals) => missing + extra + differing > 0,
    nextStep: 'Make the position a part of the item, and do not sort what has an order of its own.',
  },
} as const;

type Totals = ReturnType<typeof totalsOf>;

/** Returns checks that sabotage a seeded asset repeatedly. Each one compares with a fingerprint of its own, so nothing has to be undone. */
export function comparisonChecks(life: () => Life, sabotages: Sabotages): readonly Check[] {
  const named = (['drop', 'alter', 'add', 'reorder'] as const).flatMap((name) => {
    const sabotage = sabotages[name];
    return sabotage === 'has no order' ? [] : [{ ...SORTS[name], name, sabotage }];
  });
  return [
    { title: 'seeds an asset to be sabotaged', run: async (signal) => void (await life().openSeeded(signal)) },
    { title: 'changes its content between two backups', run: (signal) => requireAlters(life(), signal) },
    ...named.map((sort) => ({
      title: sort.title,
      run: (signal: AbortSignal) => requireNoticed(life(), sort, signal),
    })),
  ];
}

async function requireNoticed(
  life: Life,
  sort: (typeof SORTS)[keyof typeof SORTS] & { readonly name: string; readonly sabotage: Sabotage },
  signal: AbortSignal,
): Promise<void> {
  const step = life.step(signal);
  const before = await life.asset.fingerprint(step);
  await sort.sabotage(life.asset, step);
  const comparison = await life.compare(signal, before);
  const totals = totalsOf(comparison);
  if (!sort.isNoticed(totals)) {
    const after = await life.asset.fingerprint(step);
    const hint =
      after.digest === before.digest
        ? '; the fingerprint did not change, so look at the sabotage, too'
        : sort.name === 'alter' && totals.extra > 0
          ? '; the sabotage added an item: an earlier sabotage may have removed the one that it names'
          : '';
    throw life.fault({
      member: 'compare()',
      expected: `${sort.shows} after \`sabotage.${sort.name}\`, when ${sort.what}`,
      observed: `it found ${differencesOf(comparison)}${hint}`,
      nextStep: sort.nextStep,
    });
  }
  if (comparison.firstDifferences.length > 0) return;
  throw life.fault({
    member: 'compare()',
    expected: 'the first differences by name',
    observed: `it counts ${differencesOf(comparison)} and names none`,
    nextStep: 'Name the item, the field, what was expected and what was observed.',
  });
}

async function requireAlters(life: Life, signal: AbortSignal): Promise<void> {
  const { asset, content } = life;
  const changes = (await asset.alter?.(life.step(signal))) ?? [];
  if (changes.length === 0) return;
  const comparison = await life.compare(signal, content);
  const after = await asset.fingerprint(life.step(signal));
  if (isEqual(comparison) || after.digest === content.digest) {
    throw life.fault({
      member: 'alter()',
      expected: `content that differs from what it was (${changes.join('; ')})`,
      observed: 'the comparison and the fingerprint find it unchanged',
      nextStep: 'Change what the fingerprint covers, so that two backups can be told apart.',
    });
  }
  await asset.probe.read(signal);
}
