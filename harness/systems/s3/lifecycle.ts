import { z } from 'zod';

const DAY_MS = 86_400_000;
const days = z.int().positive();

const rule = z.looseObject({
  ID: z.string().default('without a name'),
  Status: z.string(),
  Prefix: z.string().optional(),
  Filter: z.looseObject({ Prefix: z.string().optional() }).optional(),
  Expiration: z.looseObject({ Days: days.optional() }).optional(),
  NoncurrentVersionExpiration: z.looseObject({ NoncurrentDays: days }).optional(),
});
const lifecycleSchema = z.looseObject({ Rules: z.array(rule).default([]) });

/** What a bucket's lifecycle does to the objects of a prefix. */
export interface PrefixLifecycle {
  /** The shortest life that a rule gives a current object; null when none ends it. */
  readonly currentMs: number | null;
  /** How long a version stays after it has been deleted or overwritten; null for ever. */
  readonly noncurrentMs: number | null;
  /** The rules that say so, by their names. */
  readonly rules: readonly string[];
}

/** @param lifecycle as S3 returns it; undefined when the bucket has none. */
export function lifecycleOf(prefix: string, lifecycle: unknown): PrefixLifecycle {
  const { Rules } = lifecycleSchema.parse(lifecycle ?? {});
  const active = Rules.filter((each) => each.Status === 'Enabled' && prefix.startsWith(prefixOf(each)));
  return {
    currentMs: shortest(active.map(({ Expiration }) => Expiration?.Days)),
    noncurrentMs: shortest(active.map((each) => each.NoncurrentVersionExpiration?.NoncurrentDays)),
    rules: active.map(({ ID }) => ID),
  };
}

const prefixOf = ({ Prefix, Filter }: z.infer<typeof rule>): string => Filter?.Prefix ?? Prefix ?? '';

function shortest(found: readonly (number | undefined)[]): number | null {
  const given = found.filter((each) => each !== undefined);
  return given.length === 0 ? null : Math.min(...given) * DAY_MS;
}
