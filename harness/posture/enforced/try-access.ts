import type { S3Client } from '@aws-sdk/client-s3';
import { httpRequest } from '../../clients/http.ts';
import { s3Client } from '../../clients/s3.ts';
import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';
import type { Step } from '../../model/step.ts';
import type { WriterScope } from '../../systems/iam/requests.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { type Answer, answerOf } from './answers.ts';
import { type Calibration, calibrate } from './calibrate.ts';
import { allOperations, type Operation, objectOperations } from './operations.ts';
import { performAll } from './perform.ts';
import { ensureBucket, type KeyPair, StoreUsers } from './store-users.ts';
import { OTHER_BUCKET, planTrial, untriedActions } from './trial-plan.ts';

/** Who is tried, with everything that says what it may do. */
export interface TriedWriter {
  /** In sentences: `IAM user backup-writer`. */
  readonly item: string;
  readonly name: string;
  readonly documents: readonly unknown[];
  readonly scopes: readonly WriterScope[];
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
    for (const writer of writers) {
      const credentials = await users.add(writer.name, writer.documents);
      trials.push(await tryWriter(writer, credentials, calibration, { store, admin, signal: step.signal }));
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

async function tryWriter(
  writer: TriedWriter,
  credentials: KeyPair,
  { enforced }: Calibration,
  means: Means,
): Promise<Trial> {
  const { store, admin, signal } = means;
  const { item, scopes } = writer;
  const buckets = new Set([...scopes.map(({ bucket }) => bucket), OTHER_BUCKET]);
  await Promise.all([...buckets].map(async (bucket) => await ensureBucket(admin, bucket, signal)));
  // Before the others: one of those may delete the bucket.
  const unknown = await tryStrangers(writer, credentials, means);
  const plan = planTrial(scopes, enforced);
  const client = s3Client(store.s3, { maxAttempts: 1, credentials });
  const differences = [...unknown.differences];
  const undecided: UndecidedItem[] = [];
  try {
    const answers = await performAll(plan, { admin, client, signal });
    for (const [index, { operation, bucket, prefix, expected }] of plan.entries()) {
      const answer = answers[index];
      const asked = `${item}: ${operation.id} ${whereOf(operation, bucket, prefix)}`;
      if (answer === undefined || answer.outcome === 'failed' || answer.outcome === 'not-implemented') {
        undecided.push({ item: asked, reason: `${store.service} answers ${answer?.said ?? 'nothing'}` });
      } else if (answer.outcome !== expected) differences.push(difference(asked, operation, expected, answer));
    }
  } finally {
    client.destroy();
  }
  const allowed = plan.filter(({ expected }) => expected === 'allowed').length;
  const refused = plan.length - allowed + unknown.tried;
  return {
    tried: plan.length + unknown.tried,
    differences,
    undecided,
    evidence: { [`tried as ${item}`]: `${allowed} requests to be allowed, ${refused} to be refused` },
    notVerified: untriedActions(scopes, allOperations).map((action) => `by trying: ${action} of ${item}`),
  };
}

const whereOf = ({ on, isListing }: Operation, bucket: string, prefix: string | undefined): string => {
  if (on === 'object') return `below ${bucket}/${prefix ?? ''}`;
  if (isListing !== true) return `on bucket ${bucket}`;
  return prefix === undefined ? `of all of bucket ${bucket}` : `of ${bucket} with prefix ${prefix}`;
};

function difference(
  item: string,
  { action }: Operation,
  expected: 'allowed' | 'refused',
  { outcome, said }: Answer,
): PostureDifference {
  return expected === 'refused'
    ? {
        item,
        expected: 'a refusal',
        found: `it was ${outcome} (${said})`,
        nextStep: `Take ${action} there out of what it has, or add it to \`may\` if it needs that.`,
        cause: 'policy-allows-too-much',
      }
    : {
        item,
        expected: 'to be allowed',
        found: `it was ${outcome} (${said})`,
        nextStep: `Allow ${action} there, or take it out of \`may\`.`,
        cause: 'policy-lacks-permission',
      };
}

/** The writer's own requests by somebody without its secret: with another secret, and unsigned. */
async function tryStrangers(
  { item, scopes }: TriedWriter,
  { accessKeyId }: KeyPair,
  { store, admin, signal }: Means,
): Promise<Pick<Trial, 'tried' | 'differences'>> {
  const stranger = s3Client(store.s3, {
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey: 'dr-contracts-has-another-secret-than-it' },
  });
  const plain = objectOperations.filter(({ id }) => id === 's3:PutObject' || id === 's3:GetObject');
  const found: { readonly asked: string; readonly answer: Answer }[] = [];
  try {
    for (const { bucket, prefix } of scopes) {
      const inside = prefix === '' ? 'dr-contracts-trial/' : prefix;
      const attempts = plain.map((operation) => ({ operation, bucket, prefix: inside }));
      const answers = await performAll(attempts, { admin, client: stranger, signal });
      for (const [index, { operation }] of attempts.entries()) {
        const answer = answers[index];
        if (answer !== undefined) {
          found.push({ asked: `${operation.id} below ${bucket}/${inside}, signed with a wrong secret`, answer });
        }
      }
      const object = `${bucket}/${inside}dr-contracts-unsigned`;
      for (const [asked, method, path, body] of [
        [`s3:GetObject below ${bucket}/${inside}, unsigned`, 'GET', object, undefined],
        [`s3:PutObject below ${bucket}/${inside}, unsigned`, 'PUT', object, 'x'],
        [`s3:ListBucket of ${bucket}, unsigned`, 'GET', `${bucket}?list-type=2`, undefined],
      ] as const) {
        const { status, statusText } = await httpRequest(method, `${store.s3.endpoint}/${path}`, signal, body);
        found.push({ asked, answer: answerOf(status, statusText) });
      }
    }
  } finally {
    stranger.destroy();
  }
  const differences = found
    .filter(({ answer }) => answer.outcome !== 'refused')
    .map(({ asked, answer }) => ({
      item: `${item}: ${asked}`,
      expected: 'a refusal',
      found: `the answer ${answer.said}`,
      nextStep: 'Find out what lets requests in that nobody with its secret made, before anything else.',
      cause: 'policy-allows-too-much',
    }));
  return { tried: found.length, differences };
}

function joined(trials: readonly Trial[], { enforced, notEnforced }: Calibration, store: EnforcingStore): Trial {
  return {
    tried: trials.reduce((sum, { tried }) => sum + tried, 0),
    differences: trials.flatMap(({ differences }) => differences),
    undecided: [
      ...trials.flatMap(({ undecided }) => undecided),
      ...(enforced.length === 0
        ? [{ item: store.service, reason: 'it enforces none of the requests, so to try them proves nothing' }]
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
