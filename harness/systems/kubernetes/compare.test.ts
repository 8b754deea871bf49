import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareContent } from './compare.ts';
import type { ContentItem } from './content.ts';
import { digestOf, type Fields } from './objects.ts';

const mapping = { from: 'dr-1', to: 'dr-staging-1' };

describe('the comparison', () => {
  test('counts what is missing, extra and differing by kind, whatever the two sides are', async () => {
    const side = fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom('ConfigMap', 'Secret'),
        name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        value: fc.constantFrom('1', '2'),
      }),
      { selector: ({ kind, name }) => `${kind} ${name}` },
    );
    await fc.assert(
      fc.asyncProperty(side, side, async (expected, observed) => {
        const { items } = await compare(expected.map(itemFrom), observed.map(itemFrom));
        const valueIn = (list: typeof expected) =>
          new Map(list.map(({ kind, name, value }) => [`${kind} ${name}`, value]));
        const [before, after] = [valueIn(expected), valueIn(observed)];
        const total = (field: 'matched' | 'missing' | 'extra' | 'differing') =>
          items.reduce((sum, counts) => sum + counts[field], 0);
        const shared = [...before.keys()].filter((key) => after.has(key));
        expect(total('missing')).toBe(before.size - shared.length);
        expect(total('extra')).toBe(after.size - shared.length);
        expect(total('matched')).toBe(shared.filter((key) => before.get(key) === after.get(key)).length);
        expect(total('differing')).toBe(shared.filter((key) => before.get(key) !== after.get(key)).length);
      }),
    );
  });

  test('names object, field and both values', async () => {
    const { firstDifferences } = await compare(
      [item('ConfigMap', 'flags', { 'data.A': '"1"', 'data.B': '"2"' })],
      [item('ConfigMap', 'flags', { 'data.A': '"1"', 'data.C': '"3"' })],
    );
    expect(firstDifferences).toEqual([
      { item: 'ConfigMap flags', field: 'data.B', expected: '"2"', observed: 'absent' },
      { item: 'ConfigMap flags', field: 'data.C', expected: 'absent', observed: '"3"' },
    ]);
  });

  test('shows the first differences and counts all of them', async () => {
    const many = Array.from({ length: 40 }, (_, index) => item('Secret', `s${String(index).padStart(2, '0')}`, {}));
    const { items, firstDifferences } = await compare(many, []);
    expect(firstDifferences).toHaveLength(10);
    expect(items).toEqual([
      { kind: 'Secret', expected: 40, restored: 0, matched: 0, missing: 40, extra: 0, differing: 0 },
    ]);
  });

  test('refuses a side that is not sorted, rather than report nonsense', async () => {
    const unsorted = [item('Secret', 'b', {}), item('Secret', 'a', {})];
    await expect(compareContent(stream(unsorted), stream([]))).rejects.toThrow('is not sorted');
  });
});

describe('what comes and goes by itself', () => {
  const made = (kind: string, name: string, madeBy: string) => ({ ...item(kind, name, {}), madeBy });

  test('N19: what a controller made is not compared, nor is a copy of it that no longer names its owner', async () => {
    const before = [made('Job.batch', 'tick-1', 'CronJob tick'), item('ConfigMap', 'flags', {})];
    const after = [
      item('ConfigMap', 'flags', {}),
      item('Job.batch', 'tick-1', {}),
      made('Job.batch', 'tick-3', 'CronJob tick'),
    ];
    const beforeDisaster = stream([made('Job.batch', 'tick-2', 'CronJob tick')]);
    const restored = [...after, item('Job.batch', 'tick-2', {})];
    expect(await faults(before, restored, beforeDisaster)).toEqual([]);
    expect(await faults(before, restored)).toEqual(['1 Job.batch extra']);
  });

  test('N19: what looks like made by a controller is content where it was declared, and nothing where it was not', async () => {
    const pod = { ...item('Pod', 'copy', {}), looksMade: true };
    expect(await faults([pod], [])).toEqual(['1 Pod missing']);
    expect(await faults([], [pod])).toEqual([]);
  });

  test('C13: a Job that had ended may stay away, and one that had not is missing', async () => {
    const job = item('Job.batch', 'migrate', {});
    expect(await faults([{ ...job, ended: true }], [])).toEqual([]);
    expect(await faults([job], [], stream([{ ...job, ended: true }]))).toEqual([]);
    expect(await faults([job], [], stream([]))).toEqual([]);
    expect(await faults([job], [], stream([job]))).toEqual(['1 Job.batch missing']);
    expect(await faults([job], [])).toEqual(['1 Job.batch missing']);
  });

  test('C13: a Job that Kubernetes removes when it is done may be gone while the asset lives, and no other may', async () => {
    const job = item('Job.batch', 'migrate', { 'spec.ttlSecondsAfterFinished': '60' });
    const kept = item('Job.batch', 'kept', {});
    const living = async (isLiving: boolean, ...jobs: ContentItem[]) =>
      (await compareContent(stream(jobs), stream([]), { isLiving })).items.map(({ missing }) => missing);
    expect(await living(true, job)).toEqual([0]);
    expect(await living(true, kept)).toEqual([1]);
    expect(await living(false, job)).toEqual([1]);
  });

  test('counts add up to the fingerprint, whatever ended', async () => {
    const jobs = [item('Job.batch', 'a', {}), item('Job.batch', 'b', {})];
    const { items } = await compareContent(stream(jobs), stream([jobs[0] ?? item('Job.batch', 'a', {})]), {
      beforeDisaster: stream([]),
    });
    expect(items).toEqual([
      { kind: 'Job.batch', expected: 2, restored: 2, matched: 2, missing: 0, extra: 0, differing: 0 },
    ]);
  });

  async function faults(
    expected: ContentItem[],
    observed: ContentItem[],
    beforeDisaster?: AsyncGenerator<ContentItem>,
  ) {
    const sorted = (items: ContentItem[]) => stream(items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)));
    const { items } = await compareContent(sorted(expected), sorted(observed), { beforeDisaster });
    return items.flatMap(({ kind, missing, extra, differing }) => [
      ...(missing > 0 ? [`${missing} ${kind} missing`] : []),
      ...(extra > 0 ? [`${extra} ${kind} extra`] : []),
      ...(differing > 0 ? [`${differing} ${kind} differing`] : []),
    ]);
  }
});

describe('after a restore into another namespace', () => {
  const binding = (namespace: string) =>
    item('RoleBinding.rbac.authorization.k8s.io', 'reader', { 'subjects[0].namespace': JSON.stringify(namespace) });

  test('a binding must name the new namespace', async () => {
    expect((await compare([binding('dr-1')], [binding('dr-staging-1')], mapping)).firstDifferences).toEqual([]);
    expect((await compare([binding('dr-1')], [binding('dr-1')], mapping)).firstDifferences).toEqual([
      {
        item: 'RoleBinding.rbac.authorization.k8s.io reader',
        field: 'subjects[0].namespace',
        expected: '"dr-staging-1"',
        observed: '"dr-1"',
      },
    ]);
  });

  test('values that still name the original are reported as not mapped', async () => {
    const config = item('ConfigMap', 'api', { 'data.url': '"http://nats.dr-1.svc"' });
    const { firstDifferences, notVerified } = await compare([config], [config], mapping);
    expect(firstDifferences).toEqual([]);
    expect(notVerified.join('\n')).toContain(
      '1 readable field still names the original (first: ConfigMap api data.url)',
    );
  });
});

function item(kind: string, name: string, fields: Fields): ContentItem {
  return { kind, name, sizeBytes: 1, digest: digestOf(fields), fields };
}

function itemFrom({ kind, name, value }: { kind: string; name: string; value: string }): ContentItem {
  return item(kind, name, { 'data.value': value });
}

async function compare(expected: ContentItem[], observed: ContentItem[], to?: typeof mapping) {
  const sorted = (items: ContentItem[]) => stream(items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)));
  return await compareContent(sorted(expected), sorted(observed), { mapping: to });
}

function key({ kind, name }: ContentItem): string {
  return `${kind} ${name}`;
}

async function* stream(items: readonly ContentItem[]): AsyncGenerator<ContentItem> {
  yield* items;
}
