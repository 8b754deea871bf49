import { z } from 'zod';
import { type Comparison, comparisonOf } from '../../../model/comparison.ts';
import type { PostureCheck, PostureContext, PostureDifference } from '../../../model/posture.ts';
import { nameSchema, parseOptions, pathSchema, readPolicy } from '../../../posture-kit/check-options.ts';
import type { EnforcingStore } from '../../s3/service.ts';
import { enforcingStore, s3Store } from '../../s3/service.ts';
import type { Trial } from '../enforced/try-access.ts';
import { inTurn } from '../enforced/try-access.ts';
import { readWriter } from '../live-writer.ts';
import type { WriterScope } from '../requests.ts';
import { evaluateWriter, type NamedDocument, type WriterEvaluation } from '../writer-policy.ts';
import { EVALUATION, scopeSchema } from './writer-policy.ts';

const writerSchema = scopeSchema
  .extend({
    /** A live IAM user. The check tries all of its policies. */
    user: nameSchema.optional(),
    /** A live IAM role. The check tries all of its policies as those of a user. */
    role: nameSchema.optional(),
    /** A policy document of the platform (a JSON file), instead of a live user or role. */
    policy: pathSchema.optional(),
    /** Rights that the writer needs in other buckets. */
    also: z.array(scopeSchema).default([]),
  })
  .refine(({ user, role, policy }) => [user, role, policy].filter((each) => each !== undefined).length === 1, {
    error: 'must name one of user, role and policy',
    path: ['user'],
  });
/** Covers hundreds of requests and the start of the service on a busy machine. */
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
const scopesOf = ({ user: _user, role: _role, policy: _policy, also, ...scope }: Declared) => [scope, ...also];

/**
 * Users and roles may do what they need below their prefixes and nothing else. The check evaluates all their policies and tries each
 * request on a service of the target that enforces signatures and policies. The record says which of the two decided each right. Where the
 * target has no such service, the evaluation decides alone.
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
      const there = found.filter((each) => 'documents' in each);
      const without = found.filter((each) => 'expected' in each);
      const evaluated: EvaluatedWriter[] = [];
      for (const writer of there) evaluated.push(await evaluatedWriter(writer, context));
      const made = await decided(evaluated, context);
      return comparisonOf({
        ...made,
        compared: made.compared + without.length,
        differences: [...without, ...made.differences],
      });
    },
  };
}

interface FoundWriter {
  readonly item: string;
  readonly name: string;
  readonly documents: readonly NamedDocument[];
  readonly scopes: readonly WriterScope[];
  readonly writer: { readonly kind: 'user' | 'role'; readonly name: string | undefined };
}

interface EvaluatedWriter extends FoundWriter {
  readonly evaluation: WriterEvaluation;
}

/** @returns the problem, if the user or role does not exist or has no policy. */
async function writerAsItIs(
  writer: Declared,
  { target, step }: PostureContext,
): Promise<FoundWriter | PostureDifference> {
  const { policy, role } = writer;
  const item = itemOf(writer);
  const scopes = scopesOf(writer);
  const kind = role === undefined ? 'user' : 'role';
  if (policy !== undefined) {
    const name = policy.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(-60);
    const documents = [{ name: policy, ...(await readPolicy(policy)) }];
    return { item, name, documents, scopes, writer: { kind, name: undefined } };
  }
  const name = nameOf(writer);
  const documents = await readWriter(await target.place(s3Store), { kind, name }, step.signal);
  if (documents === undefined) {
    return {
      item,
      expected: 'to exist',
      found: 'none of that name',
      nextStep: `Correct the name in the contract, or create the ${kind} and give it its policy.`,
      cause: 'policy-not-applied',
    };
  }
  if (documents.length === 0) {
    return {
      item,
      expected: 'a policy that lets it work',
      found: 'no policy at all',
      nextStep: `Give the ${kind} its policy, or correct the name in the contract.`,
      cause: 'policy-not-applied',
    };
  }
  return { item, name, documents, scopes, writer: { kind, name } };
}

async function evaluatedWriter(found: FoundWriter, { step }: PostureContext): Promise<EvaluatedWriter> {
  const { item, documents, scopes, writer } = found;
  const [first] = documents;
  const evaluation = await evaluateWriter({
    name: writer.name === undefined && first !== undefined ? first.name : item,
    documents,
    scopes,
    writer,
    now: new Date(step.clock.now().utc),
    signal: step.signal,
  });
  return { ...found, evaluation };
}

async function decided(writers: readonly EvaluatedWriter[], { target, step }: PostureContext): Promise<Comparison> {
  // No writer is left to try.
  if (writers.length === 0) return { of: 'requests', compared: 0, differences: [] };
  const evaluated = together(writers);
  const tried = writers.flatMap(({ evaluation, documents, ...writer }) =>
    evaluation.decided === undefined
      ? []
      : [
          {
            ...writer,
            documents: documents.map(({ document }) => document),
            decided: evaluation.decided,
            evaluated: evaluation.comparison.differences,
          },
        ],
  );
  if (!target.offers(enforcingStore)) {
    const none = `target "${target.name}" has no service that enforces credentials and policies`;
    return {
      ...evaluated,
      evidence: { ...evaluated.evidence, service: `none: ${none}`, 'every right': `decided by ${EVALUATION} alone` },
      notVerified: [`anything by trying: ${none}`, ...(evaluated.notVerified ?? [])],
      basis: `${EVALUATION} only`,
    };
  }
  // A document that IAM refuses is in force nowhere.
  if (tried.length === 0) return { ...evaluated, basis: EVALUATION };
  await using held = await target.place(enforcingStore, { label: 'access' }, step.signal);
  const { tryAccess } = await import('../enforced/try-access.ts');
  return joined(writers, evaluated, await tryAccess(tried, held, step), held);
}

/** Joins the comparisons of all writers' documents. */
function together(writers: readonly EvaluatedWriter[]): Comparison {
  const each = writers.map(({ item, evaluation: { comparison, decided } }) => ({
    ...comparison,
    differences: comparison.differences.map((difference) =>
      difference.item.startsWith(item) || decided === undefined
        ? difference
        : { ...difference, item: `${item}: ${difference.item}`, found: `${difference.found}, by ${EVALUATION}` },
    ),
  }));
  return {
    of: 'requests',
    compared: each.reduce((sum, { compared }) => sum + compared, 0),
    differences: inTurn(each.map(({ differences }) => differences)),
    undecided: each.flatMap(({ undecided = [] }) => undecided),
    notVerified: [...new Set(each.flatMap(({ notVerified = [] }) => notVerified))],
  };
}

/**
 * Joins trial and evaluation. Differences that were tried come first, because they were observed; they alternate with those of writers that
 * were only evaluated.
 */
function joined(
  writers: readonly EvaluatedWriter[],
  evaluated: Comparison,
  trial: Trial,
  { service }: EnforcingStore,
): Comparison {
  const told = writers.filter(({ item }) => trial.differences.some((each) => each.item.startsWith(`${item}: `)));
  const isTold = (difference: PostureDifference) => told.some(({ item }) => difference.item.startsWith(`${item}: `));
  const news = evaluated.differences.filter((each) => !isTold(each));
  return {
    of: 'requests',
    compared: evaluated.compared + trial.tried,
    differences: [...inTurn([trial.differences, news]), ...evaluated.differences.filter(isTold)],
    undecided: [...trial.undecided, ...(evaluated.undecided ?? [])],
    evidence: trial.evidence,
    notVerified: [...new Set([...trial.notVerified, ...(evaluated.notVerified ?? [])])],
    basis: `trying on ${service} and by ${EVALUATION}`,
  };
}
