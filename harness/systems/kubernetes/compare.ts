import { afterwards } from '../../base/afterwards.ts';
import type { Comparison, Difference, ItemCounts } from '../../model/record.ts';
import { compareText } from '../../model/text.ts';
import { type ContentItem, isCompared } from './content.ts';
import { differencesOf, type GivenByServer } from './differences.ts';
import { digestOf } from './objects.ts';

const FIRST_DIFFERENCES = 10;
const FIRST_EXAMPLES = 3;

/** The namespace of the backup and the one it was restored into, when they differ. */
export interface NamespaceMapping {
  readonly from: string;
  readonly to: string;
}

export interface ComparisonOptions {
  /** Set if the restore went into another namespace. */
  readonly mapping?: NamespaceMapping | undefined;
  readonly alsoNotVerified?: readonly string[];
  /** Tells defaults of the API server; without it, no defaults are assumed. */
  readonly givenByServer?: GivenByServer;
  /** Jobs and objects of controllers right before the disaster; sorted like both sides. */
  readonly beforeDisaster?: AsyncIterable<ContentItem> | undefined;
  /** True before any destruction: objects that Kubernetes removes by itself may be gone. */
  readonly isLiving?: boolean;
  readonly signal?: AbortSignal;
}

/** Compares by a sorted merge of both sides, with one object of each in memory. */
export async function compareContent(
  expected: AsyncIterable<ContentItem>,
  observed: AsyncIterable<ContentItem>,
  options: ComparisonOptions = {},
): Promise<Comparison> {
  const { mapping, beforeDisaster } = options;
  const tally = new Tally(options);
  const fingerprint = inOrder(expected, 'the fingerprint');
  const left =
    beforeDisaster === undefined ? fingerprint : withLaterOnes(fingerprint, inOrder(beforeDisaster, 'the list'));
  const right = inOrder(observed, 'the API');
  await using _end = afterwards(() => Promise.all([left.return(undefined), right.return(undefined)]));
  let a = await left.next();
  let b = await right.next();
  while (a.done !== true || b.done !== true) {
    const order = a.done === true ? 1 : b.done === true ? -1 : compareItems(a.value, b.value);
    if (a.done !== true && b.done !== true && order === 0) await tally.both(mapped(a.value, mapping), b.value);
    else if (a.done !== true && order < 0) tally.missing(a.value);
    else if (b.done !== true) tally.extra(b.value);
    const [leftBehind, rightBehind] = [order <= 0, order >= 0];
    if (leftBehind) a = await left.next();
    if (rightBehind) b = await right.next();
  }
  return tally.comparison();
}

/**
 * Yields the fingerprint, with objects that controllers made or that ended after it: a finished Job is removed or stays finished,
 * and a restore leaves it out.
 */
async function* withLaterOnes(
  fingerprint: AsyncGenerator<ContentItem, void>,
  later: AsyncGenerator<ContentItem, void>,
): AsyncGenerator<ContentItem, void> {
  await using _end = afterwards(() => Promise.all([fingerprint.return(undefined), later.return(undefined)]));
  let next = await later.next();
  for await (const item of fingerprint) {
    while (next.done !== true && compareItems(next.value, item) < 0) {
      if (!isCompared(next.value)) yield next.value;
      next = await later.next();
    }
    const same = next.done !== true && compareItems(next.value, item) === 0 ? next.value : undefined;
    yield isCompared(item) && (same === undefined ? item.kind === JOB : same.ended === true)
      ? { ...item, endedLater: true }
      : item;
    if (same !== undefined) next = await later.next();
  }
  for (; next.done !== true; next = await later.next()) if (!isCompared(next.value)) yield next.value;
}

const JOB = 'Job.batch';

/** Returns whether Kubernetes' TTL controller removes the Job some time after its end. */
const isRemovedWhenDone = ({ kind, fields }: ContentItem): boolean =>
  kind === JOB && fields['spec.ttlSecondsAfterFinished'] !== undefined;

class Tally {
  readonly #kinds = new Map<string, { -readonly [K in keyof ItemCounts]: ItemCounts[K] }>();
  readonly #differences: Difference[] = [];
  readonly #mentions = new Examples();
  readonly #besides = new Examples();
  readonly #jobs = new Examples();
  readonly #ended = new Examples();
  readonly #options: ComparisonOptions;

  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  async both(expected: ContentItem, observed: ContentItem): Promise<void> {
    if (!isCompared(expected)) return;
    const counts = this.#count(expected.kind);
    counts.expected += 1;
    counts.restored += 1;
    this.#noteMentions(observed);
    if (expected.kind === JOB) this.#jobs.add(expected.name);
    const { fields, besides } = await differencesOf(
      expected,
      observed,
      this.#options.givenByServer ?? (async () => new Set()),
      this.#options.signal ?? new AbortController().signal,
    );
    for (const path of besides) this.#besides.add(`${expected.kind} ${expected.name} ${path}`);
    if (fields.length === 0) {
      counts.matched += 1;
      return;
    }
    counts.differing += 1;
    for (const { path, expected: before = 'absent', observed: after = 'absent' } of fields) {
      this.#differ(expected, path, before, after);
    }
  }

  missing(expected: ContentItem): void {
    if (!isCompared(expected)) return;
    const counts = this.#count(expected.kind);
    counts.expected += 1;
    if (expected.endedLater === true || (this.#options.isLiving === true && isRemovedWhenDone(expected))) {
      counts.restored += 1;
      counts.matched += 1;
      this.#ended.add(`${expected.kind} ${expected.name}`);
      return;
    }
    counts.missing += 1;
    this.#differ(expected, '(whole object)', `there, ${expected.digest}`, 'absent');
  }

  extra(observed: ContentItem): void {
    if (observed.madeBy !== undefined || observed.looksMade === true) return;
    const counts = this.#count(observed.kind);
    counts.restored += 1;
    counts.extra += 1;
    this.#noteMentions(observed);
    this.#differ(observed, '(whole object)', 'absent', `there, ${observed.digest}`);
  }

  comparison(): Comparison {
    return {
      items: [...this.#kinds.values()].sort((a, b) => compareText(a.kind, b.kind)),
      firstDifferences: this.#differences,
      notVerified: [
        ...NOT_VERIFIED,
        ...(this.#options.alsoNotVerified ?? []),
        ...this.#notMapped(),
        ...this.#jobs.told('progress of Jobs: a restored Job is a new one and starts again'),
        ...this.#ended.told(
          'objects that had ended before the disaster and were not restored, because Velero leaves them out; they count as matched',
        ),
        ...this.#besides.told('fields that tools or the API server added and the original did not have'),
      ],
    };
  }

  #count(kind: string): { -readonly [K in keyof ItemCounts]: ItemCounts[K] } {
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    const fresh = { kind, expected: 0, restored: 0, matched: 0, missing: 0, extra: 0, differing: 0 };
    this.#kinds.set(kind, fresh);
    return fresh;
  }

  #differ({ kind, name }: ContentItem, field: string, expected: string, observed: string): void {
    if (this.#differences.length >= FIRST_DIFFERENCES) return;
    this.#differences.push({ item: `${kind} ${name}`, field, expected, observed });
  }

  #noteMentions({ kind, name, fields }: ContentItem): void {
    const { mapping } = this.#options;
    if (mapping === undefined) return;
    for (const [path, value] of Object.entries(fields)) {
      if (path.includes(mapping.from) || value.includes(mapping.from)) this.#mentions.add(`${kind} ${name} ${path}`);
    }
  }

  #notMapped(): string[] {
    if (this.#options.mapping === undefined) return [];
    const found =
      this.#mentions.count === 0
        ? 'no readable field was found that still names the original'
        : `${this.#mentions.count === 1 ? '1 readable field still names' : `${this.#mentions.count} readable fields still name`} the original (first: ${this.#mentions.first.join('; ')})`;
    return [
      `what names the namespace inside values: Velero maps only the namespace of objects and of binding subjects, and ${found}; Secret values and values kept as digests were not searched`,
    ];
  }
}

/** A count with the first few examples. */
class Examples {
  readonly first: string[] = [];
  count = 0;

  add(example: string): void {
    this.count += 1;
    if (this.first.length < FIRST_EXAMPLES) this.first.push(example);
  }

  told(what: string): string[] {
    return this.count === 0 ? [] : [`${what} (${this.count}; first: ${this.first.join('; ')})`];
  }
}

const NOT_VERIFIED = [
  'status of objects whose type has a subresource for it: controllers write it anew and Velero does not restore it',
  'owner references, which Velero leaves out and controllers set again',
  'objects that a controller makes from other objects, by owner reference: Pods, ReplicaSets, Jobs of CronJobs, Endpoints and the like',
  'Events and Leases',
  'cluster IPs and node ports of Services, which are allocated anew',
  'service account tokens, which are issued anew',
  'cluster-scoped objects other than the namespace, and the CRDs and marked objects of the asset',
];

const BINDINGS = new Set(['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io']);

/**
 * Returns the item with the changes that Velero makes in a mapped restore: subjects of bindings (velero
 * pkg/restore/actions/*rolebinding_action.go).
 */
export function mapped(item: ContentItem, mapping: NamespaceMapping | undefined): ContentItem {
  if (mapping === undefined || !BINDINGS.has(item.kind)) return item;
  const from = JSON.stringify(mapping.from);
  const fields = Object.fromEntries(
    Object.entries(item.fields).map(([path, value]) => [
      path,
      /^subjects\[\d+\]\.namespace$/.test(path) && value === from ? JSON.stringify(mapping.to) : value,
    ]),
  );
  return { ...item, fields, digest: digestOf(fields) };
}

function compareItems(a: ContentItem, b: ContentItem): number {
  return compareText(a.kind, b.kind) || compareBytes(a.name, b.name);
}

/** Compares names like `sort` and the API: by their bytes in UTF-8, which differs from JavaScript's order beyond 16 bits. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Yields the items, and throws if they are unsorted: a merge needs sorted sides. */
async function* inOrder(items: AsyncIterable<ContentItem>, side: string): AsyncGenerator<ContentItem, void> {
  let previous: ContentItem | undefined;
  for await (const item of items) {
    if (previous !== undefined && compareItems(previous, item) >= 0) {
      throw new Error(`${side} is not sorted: ${item.kind} ${item.name} came after ${previous.kind} ${previous.name}`);
    }
    previous = item;
    yield item;
  }
}
