import { z } from 'zod';
import { thawMsOf } from '../../clients/storage-classes.ts';

const DAY_MS = 86_400_000;
/** S3 does not accept zero; compatible stores do, and delete at once. */
const days = z.number().nonnegative();

const rule = z.looseObject({
  ID: z.string().default('without a name'),
  Status: z.string().default('Enabled'),
  Prefix: z.string().optional(),
  Filter: z
    .looseObject({ Prefix: z.string().optional(), And: z.looseObject({ Prefix: z.string().optional() }).optional() })
    .optional(),
  Expiration: z.looseObject({ Days: days.optional(), Date: z.coerce.date().optional() }).optional(),
  NoncurrentVersionExpiration: z
    .looseObject({ NoncurrentDays: days.optional(), NewerNoncurrentVersions: z.number().optional() })
    .optional(),
  NoncurrentVersionTransitions: z
    .array(z.looseObject({ NoncurrentDays: days.optional(), StorageClass: z.string().optional() }))
    .default([]),
  Transitions: z
    .array(
      z.looseObject({ Days: days.optional(), Date: z.coerce.date().optional(), StorageClass: z.string().optional() }),
    )
    .default([]),
});
type Rule = z.infer<typeof rule>;
const lifecycleSchema = z.looseObject({ Rules: z.array(rule).default([]) });

interface Ending {
  readonly afterMs: number;
  /** Name of the rule. */
  readonly rule: string;
}

/** A rule that deletes on a date, whatever the age of an object. After the date it deletes every new object. */
interface DatedEnding {
  readonly atMs: number;
  readonly rule: string;
  /** False if it covers only some of the objects. */
  readonly isForAll: boolean;
}

/** A rule that moves objects into a class that requires thawing before a read. */
interface Archiving extends Ending {
  readonly storageClass: string;
  readonly thawMs: number;
}

/** A rule that moves every object of the prefix into another class, this many days after it was made or became noncurrent. */
export interface Transition {
  readonly afterDays: number;
  readonly storageClass: string;
  readonly rule: string;
}

/** Effect of a bucket's lifecycle on the objects of a prefix. */
export interface PrefixLifecycle {
  /** The shortest life that a rule sets for every current object of the prefix; null if none does. */
  readonly current: Ending | null;
  /** The shortest life from rules for only some of them: below a longer prefix, with a tag, or of a size. */
  readonly someCurrent: Ending | null;
  /** Time that every version stays after it was deleted or overwritten; null for ever. */
  readonly noncurrent: Ending | null;
  readonly dated: readonly DatedEnding[];
  /** The earliest rule that archives objects of the prefix; null if none does. */
  readonly archiving: Archiving | null;
  /** Earliest first. */
  readonly transitions: readonly Transition[];
  /** Transitions of noncurrent versions, earliest first. */
  readonly noncurrentTransitions: readonly Transition[];
  /** Names of rules that move or delete only some of the objects, or move them on a date. */
  readonly partial: readonly string[];
  /** Those of the partial rules that move objects. */
  readonly partialMoves: readonly string[];
}

/** @param lifecycle as S3 or a compatible store returns it; undefined if the bucket has none. */
export function lifecycleOf(prefix: string, lifecycle: unknown): PrefixLifecycle {
  const { Rules } = lifecycleSchema.parse(withoutNulls(lifecycle) ?? {});
  const active = Rules.filter(({ Status }) => Status === 'Enabled');
  const whole = active.filter((each) => isPlain(each) && prefix.startsWith(prefixOf(each)));
  const some = active.filter(
    (each) => !whole.includes(each) && (prefix.startsWith(prefixOf(each)) || prefixOf(each).startsWith(prefix)),
  );
  return {
    current: shortest(whole, ({ Expiration }) => Expiration?.Days),
    someCurrent: shortest(some, ({ Expiration }) => Expiration?.Days),
    noncurrent: shortest(whole, noncurrentDaysOf),
    dated: [...whole, ...some].flatMap((each) => {
      const date = each.Expiration?.Date;
      return date === undefined ? [] : [{ atMs: date.getTime(), rule: each.ID, isForAll: whole.includes(each) }];
    }),
    archiving: firstOf([...whole, ...some].flatMap(archivingsOf)),
    transitions: byDays(
      whole.flatMap(({ ID, Transitions }) =>
        Transitions.flatMap(({ Days, Date: date, StorageClass }) =>
          date === undefined && StorageClass !== undefined
            ? [{ afterDays: Days ?? 0, storageClass: StorageClass, rule: ID }]
            : [],
        ),
      ),
    ),
    noncurrentTransitions: byDays(
      whole.flatMap(({ ID, NoncurrentVersionTransitions }) =>
        NoncurrentVersionTransitions.flatMap(({ NoncurrentDays = 0, StorageClass }) =>
          StorageClass === undefined ? [] : [{ afterDays: NoncurrentDays, storageClass: StorageClass, rule: ID }],
        ),
      ),
    ),
    partial: [
      ...some.filter(movesOrEnds),
      ...whole.filter(({ Transitions }) => Transitions.some(({ Date: date }) => date !== undefined)),
    ].map(({ ID }) => ID),
    partialMoves: [
      ...some.filter(moves),
      ...whole.filter(({ Transitions }) => Transitions.some(({ Date: date }) => date !== undefined)),
    ].map(({ ID }) => ID),
  };
}

/** From warm to cold. A lifecycle never moves an object back: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
const COLDER = [
  'STANDARD',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
];
/** A class that AWS does not have belongs to another store; any move of such a class is believed. */
export function isColder(storageClass: string, than: string): boolean {
  if (!COLDER.includes(storageClass) || !COLDER.includes(than)) return storageClass !== than;
  return COLDER.indexOf(storageClass) > COLDER.indexOf(than);
}

/** Where two are due on one day, the colder class wins: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html */
const byDays = (transitions: readonly Transition[]): readonly Transition[] =>
  transitions.toSorted(
    (one, other) =>
      one.afterDays - other.afterDays ||
      Number(isColder(one.storageClass, other.storageClass)) - Number(isColder(other.storageClass, one.storageClass)),
  );

const moves = ({ Transitions, NoncurrentVersionTransitions }: Rule): boolean =>
  Transitions.length + NoncurrentVersionTransitions.length > 0;

const movesOrEnds = (rule: Rule): boolean =>
  rule.Expiration?.Days !== undefined || rule.NoncurrentVersionExpiration?.NoncurrentDays !== undefined || moves(rule);

/** Some stores return null for a field that is not set. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((each) => each !== null).map(withoutNulls);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value ?? undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (each === null ? [] : [[key, withoutNulls(each)]])),
  );
}

/** The prefix may be in one of three places: https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html */
const prefixOf = ({ Prefix, Filter }: Rule): string => Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? '';

/** True if the prefix alone selects its objects. */
const isPlain = ({ Filter }: Rule): boolean =>
  Object.entries(Filter ?? {}).every(([key, value]) => key === 'Prefix' || value === undefined);

/** A rule that keeps some newer versions never deletes the only noncurrent version of a key. */
function noncurrentDaysOf({ NoncurrentVersionExpiration: ending }: Rule): number | undefined {
  if (ending === undefined || (ending.NewerNoncurrentVersions ?? 0) > 0) return undefined;
  return ending.NoncurrentDays;
}

function archivingsOf({ ID, Transitions }: Rule): Archiving[] {
  return Transitions.flatMap(({ Days, Date: date, StorageClass = '' }) => {
    const thawMs = thawMsOf(StorageClass);
    if (thawMs === undefined) return [];
    // A rule with a date moves every object on that date, however new it is.
    const afterMs = date === undefined ? (Days ?? 0) * DAY_MS : 0;
    return [{ afterMs, rule: ID, storageClass: StorageClass, thawMs }];
  });
}

function shortest(rules: readonly Rule[], daysOf: (rule: Rule) => number | undefined): Ending | null {
  const endings = rules.flatMap((each) => {
    const found = daysOf(each);
    return found === undefined ? [] : [{ afterMs: found * DAY_MS, rule: each.ID }];
  });
  return firstOf(endings);
}

const firstOf = <T extends Ending>(endings: readonly T[]): T | null =>
  endings.toSorted((one, other) => one.afterMs - other.afterMs)[0] ?? null;
