import { z } from 'zod';

const DAY_MS = 86_400_000;
const days = z.int().positive();

const rule = z.looseObject({
  ID: z.string().default('without a name'),
  Status: z.string(),
  Prefix: z.string().optional(),
  Filter: z
    .looseObject({ Prefix: z.string().optional(), And: z.looseObject({ Prefix: z.string().optional() }).optional() })
    .optional(),
  Expiration: z.looseObject({ Days: days.optional(), Date: z.unknown().optional() }).optional(),
  NoncurrentVersionExpiration: z.looseObject({ NoncurrentDays: days }).optional(),
});
type Rule = z.infer<typeof rule>;
const lifecycleSchema = z.looseObject({ Rules: z.array(rule).default([]) });

export interface Ending {
  readonly afterMs: number;
  /** The rule that says so, by its name. */
  readonly rule: string;
}

/** What a bucket's lifecycle does to the objects of a prefix. */
export interface PrefixLifecycle {
  /** The shortest life that a rule gives every current object of the prefix; null when none does. */
  readonly current: Ending | null;
  /** The same of rules that end only some of them: below a longer prefix, with a tag, of a size, on a date. */
  readonly someCurrent: Ending | null;
  /** How long every version stays after it has been deleted or overwritten; null for ever. */
  readonly noncurrent: Ending | null;
}

/** @param lifecycle as S3 returns it; undefined when the bucket has none. */
export function lifecycleOf(prefix: string, lifecycle: unknown): PrefixLifecycle {
  const { Rules } = lifecycleSchema.parse(lifecycle ?? {});
  const active = Rules.filter(({ Status }) => Status === 'Enabled');
  const whole = active.filter((each) => isPlain(each) && prefix.startsWith(prefixOf(each)));
  const touching = active.filter(
    (each) => !whole.includes(each) && (prefix.startsWith(prefixOf(each)) || prefixOf(each).startsWith(prefix)),
  );
  return {
    current: shortest(whole, ({ Expiration }) => Expiration?.Days),
    someCurrent: shortest([...touching, ...whole.filter(onADate)], (each) =>
      onADate(each) ? 0 : each.Expiration?.Days,
    ),
    noncurrent: shortest(whole, (each) => each.NoncurrentVersionExpiration?.NoncurrentDays),
  };
}

/** The prefix may stand in three places: https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html */
const prefixOf = ({ Prefix, Filter }: Rule): string => Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? '';

/** True when the prefix is all that chooses its objects. */
const isPlain = ({ Filter }: Rule): boolean => Object.keys(Filter ?? {}).every((key) => key === 'Prefix');

const onADate = ({ Expiration }: Rule): boolean => Expiration?.Date !== undefined;

function shortest(rules: readonly Rule[], daysOf: (rule: Rule) => number | undefined): Ending | null {
  const endings = rules.flatMap((each) => {
    const found = daysOf(each);
    return found === undefined ? [] : [{ afterMs: found * DAY_MS, rule: each.ID }];
  });
  return endings.toSorted((one, other) => one.afterMs - other.afterMs)[0] ?? null;
}
