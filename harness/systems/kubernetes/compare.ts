import { afterwards } from '../../base/afterwards.ts';
import { compareText } from '../../model/compare-text.ts';
import type { Comparison, Difference, ItemCounts } from '../../model/record.ts';
import type { ContentItem } from './content.ts';
import { digestOf } from './fields.ts';

const FIRST_DIFFERENCES = 10;
const FIRST_MENTIONS = 3;

/** The namespace of the backup and the one it was restored into, when they differ. */
export interface NamespaceMapping {
  readonly from: string;
  readonly to: string;
}

/** A sorted merge of both sides; holds one object of each at a time. */
export async function compareContent(
  expected: AsyncIterable<ContentItem>,
  observed: AsyncIterable<ContentItem>,
  mapping: NamespaceMapping | undefined,
  alsoNotVerified: readonly string[] = [],
): Promise<Comparison> {
  const tally = new Tally(mapping, alsoNotVerified);
  const left = inOrder(expected, 'the fingerprint');
  const right = inOrder(observed, 'the API');
  await using _end = afterwards(() => Promise.all([left.return(undefined), right.return(undefined)]));
  let a = await left.next();
  let b = await right.next();
  while (a.done !== true || b.done !== true) {
    const order = a.done === true ? 1 : b.done === true ? -1 : compareItems(a.value, b.value);
    if (a.done !== true && b.done !== true && order === 0) tally.both(mapped(a.value, mapping), b.value);
    else if (a.done !== true && order < 0) tally.missing(a.value);
    else if (b.done !== true) tally.extra(b.value);
    const [leftBehind, rightBehind] = [order <= 0, order >= 0];
    if (leftBehind) a = await left.next();
    if (rightBehind) b = await right.next();
  }
  return tally.comparison();
}

class Tally {
  readonly #kinds = new Map<string, { -readonly [K in keyof ItemCounts]: ItemCounts[K] }>();
  readonly #differences: Difference[] = [];
  readonly #mentions: string[] = [];
  #mentionCount = 0;
  readonly #mapping: NamespaceMapping | undefined;
  readonly #alsoNotVerified: readonly string[];

  constructor(mapping: NamespaceMapping | undefined, alsoNotVerified: readonly string[]) {
    this.#mapping = mapping;
    this.#alsoNotVerified = alsoNotVerified;
  }

  both(expected: ContentItem, observed: ContentItem): void {
    const counts = this.#count(expected.kind);
    counts.expected += 1;
    counts.restored += 1;
    this.#noteMentions(observed);
    if (expected.digest === observed.digest) {
      counts.matched += 1;
      return;
    }
    counts.differing += 1;
    const paths = new Set([...Object.keys(expected.fields), ...Object.keys(observed.fields)]);
    for (const path of [...paths].sort(compareText)) {
      const [before, after] = [expected.fields[path], observed.fields[path]];
      if (before !== after) this.#differ(expected, path, before ?? 'absent', after ?? 'absent');
    }
  }

  missing(expected: ContentItem): void {
    const counts = this.#count(expected.kind);
    counts.expected += 1;
    counts.missing += 1;
    this.#differ(expected, '(whole object)', `there, ${expected.digest}`, 'absent');
  }

  extra(observed: ContentItem): void {
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
      notVerified: [...NOT_VERIFIED, ...this.#alsoNotVerified, ...this.#notMapped()],
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
    if (this.#mapping === undefined) return;
    for (const [path, value] of Object.entries(fields)) {
      if (!path.includes(this.#mapping.from) && !value.includes(this.#mapping.from)) continue;
      this.#mentionCount += 1;
      if (this.#mentions.length < FIRST_MENTIONS) this.#mentions.push(`${kind} ${name} ${path}`);
    }
  }

  #notMapped(): string[] {
    if (this.#mapping === undefined) return [];
    const found =
      this.#mentionCount === 0
        ? 'no readable field was found that still names the original'
        : `${this.#mentionCount} readable fields still name the original (first: ${this.#mentions.join('; ')})`;
    return [
      `what names the namespace inside values: Velero maps only the namespace of objects and of binding subjects, and ${found}; Secret values and values kept as digests were not searched`,
    ];
  }
}

const NOT_VERIFIED = [
  'status of objects, which controllers write anew and Velero does not restore',
  'owner references, which Velero leaves out and controllers set again',
  'Pods, ReplicaSets, ControllerRevisions and Endpoints that controllers make from other objects',
  'Events and Leases',
  'cluster IPs and node ports of Services, which are allocated anew',
  'service account tokens, which are issued anew',
  'cluster-scoped objects other than the namespace, and the CRDs and marked objects of the asset',
];

const BINDINGS = new Set(['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io']);

/** What Velero itself rewrites in a mapped restore: subjects of bindings (velero pkg/restore/actions/*rolebinding_action.go). */
function mapped(item: ContentItem, mapping: NamespaceMapping | undefined): ContentItem {
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

/** As `sort` and the API order names: by their bytes in UTF-8, which differs from JavaScript's order beyond 16 bits. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A merge of unsorted sides would report nonsense; both sides promise this order. */
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
