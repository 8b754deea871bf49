import { z } from 'zod';
import { type Comparison, comparisonOf } from '../../model/comparison.ts';
import type { PostureCheck, PostureContext, PostureDifference } from '../../model/posture.ts';
import { readWriter } from '../../systems/iam/live-writer.ts';
import { decideWriterPolicy } from '../../systems/iam/writer-policy.ts';
import { enforcingStore, s3Store } from '../../systems/s3/service.ts';
import { nameSchema, parseOptions, pathSchema, readDocument } from '../documents.ts';
import type { TriedWriter } from '../enforced/try-access.ts';
import { EVALUATION, scopeSchema } from './writer-policy.ts';

const writerSchema = scopeSchema
  .extend({
    /** A live IAM user: everything that it has is tried. */
    user: nameSchema.optional(),
    /** A live IAM role: everything that it has is tried as if a user had it. */
    role: nameSchema.optional(),
    /** Instead of a live one: a policy document of the platform, a JSON file. */
    policy: pathSchema.optional(),
    /** What it needs in other buckets. */
    also: z.array(scopeSchema).default([]),
  })
  .refine(({ user, role, policy }) => [user, role, policy].filter((each) => each !== undefined).length === 1, {
    error: 'must name one of user, role and policy',
    path: ['user'],
  });
/** Hundreds of requests, and the start of the service, on a machine that does other things besides. */
const TRIAL_BUDGET_MS = 180_000;

const optionsSchema = z.strictObject({
  writers: z
    .array(writerSchema)
    .min(1)
    .refine((writers) => new Set(writers.map(nameOf)).size === writers.length, { error: 'must name each writer once' }),
});
export type AccessTriedOptions = z.input<typeof optionsSchema>;
type Declared = z.output<typeof writerSchema>;

const nameOf = ({ user, role, policy }: Pick<Declared, 'user' | 'role' | 'policy'>): string =>
  user ?? role ?? policy ?? '';
const itemOf = (writer: Declared): string =>
  writer.policy === undefined
    ? `IAM ${writer.role === undefined ? 'user' : 'role'} ${nameOf(writer)}`
    : `a user with ${writer.policy}`;
const scopesOf = ({ bucket, prefix, may, also }: Declared) => [{ bucket, prefix, may }, ...also];

/**
 * Users and roles may do what they need below their prefixes and nothing else: tried, request by request, on a service of the target
 * that enforces signatures and policies. Where the target has none, the same is decided by evaluation, and the record says so.
 */
export function accessTried(options: AccessTriedOptions): PostureCheck {
  const { writers } = parseOptions('accessTried', optionsSchema, options);
  const isLive = writers.some(({ policy }) => policy === undefined);
  return {
    name: 'access-tried',
    promise: `${writers.map(itemOf).join(', ')} can do what each needs and nothing else`,
    condition: 'access',
    needs: isLive ? ['s3'] : [],
    prefers: ['enforced-access'],
    budgetMs: TRIAL_BUDGET_MS,
    reads: writers.flatMap(({ policy }) => policy ?? []),
    async observe(context) {
      const found = await Promise.all(writers.map((writer) => writerAsItIs(writer, context)));
      const there = found.filter((writer) => writer !== undefined);
      const absent = writers.filter((_, index) => found[index] === undefined).map(absentWriter);
      const made = await decided(writers, there, context);
      return comparisonOf({
        ...made,
        compared: made.compared + absent.length,
        differences: [...absent, ...made.differences],
      });
    },
  };
}

/** @returns nothing where there is no such user or role. */
async function writerAsItIs(writer: Declared, { target, step }: PostureContext): Promise<TriedWriter | undefined> {
  const { policy, role } = writer;
  const item = itemOf(writer);
  const scopes = scopesOf(writer);
  if (policy !== undefined) {
    const name = policy.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(-60);
    return { item, name, documents: [await readDocument(policy)], scopes };
  }
  const name = nameOf(writer);
  const live = await readWriter(
    await target.place(s3Store),
    { kind: role === undefined ? 'user' : 'role', name },
    step.signal,
  );
  return live && { item, name, documents: live.map(({ document }) => document), scopes };
}

const absentWriter = (writer: Declared): PostureDifference => ({
  item: itemOf(writer),
  expected: 'to exist',
  found: 'none of that name',
  nextStep: 'Correct the name in the contract, or make it and give it its policy.',
  cause: 'policy-not-applied',
});

async function decided(
  declared: readonly Declared[],
  writers: readonly TriedWriter[],
  context: PostureContext,
): Promise<Comparison> {
  // Nobody is there to be tried.
  if (writers.length === 0) return { of: 'requests', compared: 0, differences: [] };
  return context.target.offers(enforcingStore)
    ? await tryThem(writers, context)
    : await evaluate(declared, writers, context);
}

async function tryThem(writers: readonly TriedWriter[], { target, step }: PostureContext): Promise<Comparison> {
  await using held = await target.place(enforcingStore, { label: 'access' }, step.signal);
  const { tryAccess } = await import('../enforced/try-access.ts');
  const trial = await tryAccess(writers, held, step);
  return {
    of: 'requests',
    compared: trial.tried,
    differences: trial.differences,
    undecided: trial.undecided,
    evidence: trial.evidence,
    notVerified: [
      ...new Set([
        ...trial.notVerified,
        'policies of the buckets and of keys, boundaries, and control policies of the account',
        'rights in other places than those tried, or under conditions that no request of the trial meets: `writerPolicy` decides these',
      ]),
    ],
    basis: `trying on ${held.service}`,
  };
}

/** What the documents say, for want of a service that carries them out. */
async function evaluate(
  declared: readonly Declared[],
  writers: readonly TriedWriter[],
  { target, step }: PostureContext,
): Promise<Comparison> {
  const decided = await Promise.all(
    writers.map(async ({ item, name, documents, scopes }) => {
      const { role, policy } = declared.find((each) => itemOf(each) === item) ?? {};
      return await decideWriterPolicy({
        name: item,
        documents: documents.map((document, index) => ({ name: `policy ${index + 1} of ${item}`, document })),
        scopes,
        writer: { kind: role === undefined ? 'user' : 'role', name: policy === undefined ? name : undefined },
        now: new Date(step.clock.now().utc),
        signal: step.signal,
      });
    }),
  );
  return {
    of: 'requests',
    compared: decided.reduce((sum, { compared }) => sum + compared, 0),
    differences: decided.flatMap(({ differences }) => differences),
    undecided: decided.flatMap(({ undecided = [] }) => undecided),
    evidence: { service: `none: target "${target.name}" has no service that enforces credentials and policies` },
    notVerified: [
      `anything by trying: target "${target.name}" has no service that enforces credentials and policies`,
      ...new Set(decided.flatMap(({ notVerified = [] }) => notVerified)),
    ],
    basis: `${EVALUATION} only`,
  };
}
