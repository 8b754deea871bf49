import type { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { s3Client } from '../../../clients/s3.ts';
import type { PostureDifference, UndecidedItem } from '../../../model/posture.ts';
import type { Step } from '../../../model/step.ts';
import type { EnforcingStore } from '../../s3/service.ts';
import { REACHES_NO_DATA, type WriterScope } from '../requests.ts';
import type { DecidedWriter } from '../writer-policy.ts';
import { allOperations } from './operations.ts';
import { performAll } from './perform.ts';
import { byEvaluationAlone, reconcile, rightsDecided, saidOf } from './reconcile.ts';
import { ensureBucket, type KeyPair, StoreUsers } from './store-users.ts';
import { type Calibration, calibrate, tryStrangers } from './strangers.ts';
import { namedPlaces, OTHER_BUCKET, planTrial, untriedActions } from './trial-plan.ts';

/** A writer to try, with all its documents. */
export interface TriedWriter {
  /** The writer's name in sentences: `IAM user backup-writer`. */
  readonly item: string;
  readonly name: string;
  readonly documents: readonly unknown[];
  readonly scopes: readonly WriterScope[];
  /** The documents' decision on each request. */
  readonly decided: DecidedWriter;
  /** Differences that the evaluation finds for the writer as a whole. */
  readonly evaluated: readonly PostureDifference[];
}

export interface Trial {
  readonly tried: number;
  readonly differences: readonly PostureDifference[];
  readonly undecided: readonly UndecidedItem[];
  readonly evidence: Readonly<Record<string, string>>;
  readonly notVerified: readonly string[];
}

/** Installs each writer with its policies in the store, and tries there what it must be able to do and what it must not. */
export async function tryAccess(
  writers: readonly TriedWriter[],
  store: EnforcingStore,
  step: Pick<Step, 'secrets' | 'signal'>,
): Promise<Trial> {
  const admin = s3Client(store.s3);
  using users = new StoreUsers(store, step);
  try {
    const calibration = await calibrate(allOperations, store, users, admin, step);
    const trials: Trial[] = [];
    const taken = new Set<string>();
    for (const writer of writers) {
      const installed = await installedAs(writer, taken, users, store);
      trials.push(
        'credentials' in installed
          ? await tryWriter(writer, installed.credentials, calibration, { store, admin, signal: step.signal })
          : notTried(writer, installed.problem),
      );
    }
    return joined(trials, calibration, store);
  } finally {
    admin.destroy();
  }
}

interface Means {
  readonly store: EnforcingStore;
  readonly admin: S3Client;
  readonly signal: AbortSignal;
}

const refusalSchema = z.object({
  name: z.string(),
  $metadata: z.object({ httpStatusCode: z.number().min(400).max(499) }),
});

/** Creates the writer as a user of the store, or returns why the store refuses. */
async function installedAs(
  { name, documents, decided }: TriedWriter,
  taken: Set<string>,
  users: StoreUsers,
  store: EnforcingStore,
): Promise<{ readonly credentials: KeyPair } | { readonly problem: string }> {
  // Its policy variables stand for the name that the evaluation uses.
  const userName = decided.variables.length === 0 ? name : decided.callerName;
  if (taken.has(userName)) return { problem: `another writer of the check is tried as ${userName}` };
  taken.add(userName);
  try {
    return { credentials: await users.add(userName, documents) };
  } catch (error) {
    const refusal = refusalSchema.safeParse(error);
    if (!refusal.success) throw error;
    return { problem: `${store.service} does not take its policies: ${refusal.data.name}` };
  }
}

const notTried = ({ item, scopes }: TriedWriter, problem: string): Trial => ({
  tried: 0,
  differences: [],
  undecided: [],
  evidence: byEvaluationAlone(item, scopes, problem),
  notVerified: [`by trying: what ${item} can do (${problem})`],
});

async function tryWriter(
  writer: TriedWriter,
  credentials: KeyPair,
  { enforced }: Calibration,
  means: Means,
): Promise<Trial> {
  const { store, admin, signal } = means;
  const { item, scopes, decided, evaluated } = writer;
  const own = scopes.map(({ bucket }) => bucket);
  const named = namedPlaces(decided.statements, decided.facts, own);
  const buckets = new Set([...own, ...named.places.map(({ bucket }) => bucket), OTHER_BUCKET]);
  await Promise.all([...buckets].map(async (bucket) => await ensureBucket(admin, bucket, signal)));
  // First, because a later request may delete the bucket.
  const unknown = await tryStrangers(writer, credentials, means);
  const plan = planTrial(scopes, enforced, named.places);
  const client = s3Client(store.s3, { maxAttempts: 1, credentials });
  try {
    const answers = await performAll(plan, { admin, client, signal });
    const requests = plan.map((request, index) => ({
      request,
      answer: answers[index],
      said: saidOf(decided, request),
    }));
    const notJudged = new Set(REACHES_NO_DATA.keys());
    const found = reconcile(requests, { item, service: store.service, evaluated, notJudged });
    const allowed = plan.filter(({ expected }) => expected === 'allowed').length;
    const refused = plan.length - allowed + unknown.tried;
    return {
      tried: plan.length + unknown.tried,
      differences: [...unknown.differences, ...found.differences],
      undecided: found.undecided,
      evidence: {
        [`tried as ${item}`]: `${allowed} requests to be allowed, ${refused} to be refused`,
        ...rightsDecided(item, scopes, plan, found.decidedBy),
      },
      notVerified: [
        ...untriedActions(scopes, allOperations).map((action) => `by trying: ${action} of ${item}`),
        ...(named.leftOut === 0 ? [] : [`by trying: ${named.leftOut} more places that the policies of ${item} name`]),
      ],
    };
  } finally {
    client.destroy();
  }
}

function joined(trials: readonly Trial[], { enforced, notEnforced }: Calibration, store: EnforcingStore): Trial {
  return {
    tried: trials.reduce((sum, { tried }) => sum + tried, 0),
    differences: inTurn(trials.map(({ differences }) => differences)),
    undecided: [
      ...trials.flatMap(({ undecided }) => undecided),
      ...(enforced.length === 0
        ? [{ item: store.service, reason: 'it enforces none of the requests, so trying them proves nothing' }]
        : []),
    ],
    evidence: {
      service: store.service,
      program: store.source,
      'kinds of requests tried': `${enforced.length}: ${enforced.map(({ id }) => id).join(', ')}`,
      ...Object.fromEntries(notEnforced.map(({ id, answers }) => [`not tried: ${id}`, answers])),
      ...Object.assign({}, ...trials.map(({ evidence }) => evidence)),
    },
    notVerified: [
      ...trials.flatMap(({ notVerified }) => notVerified),
      ...(notEnforced.length === 0
        ? []
        : [
            `by trying: ${notEnforced.map(({ id }) => id).join(', ')} (${store.service} does not tell ${notEnforced.length === 1 ? 'it' : 'them'} apart from other actions)`,
          ]),
      ...store.notEnforced,
    ],
  };
}

/** The first of each list, then the second of each: a record shows the first ones, and each writer is among them. */
export function inTurn<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}
