import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { PostureContext } from '../../model/posture.ts';
import { Secrets } from '../../model/secrets.ts';
import type { KeyPair } from '../../systems/iam/enforced/store-users.ts';
import { sharedNats } from '../../systems/nats/service.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { lackingAddresses, runPlatformScript } from '../apply.ts';
import { type KeptKey, NEW_KEY_FILE } from './kept-key.ts';
import { observed } from './observed-store.ts';

export interface RotationRun {
  readonly script: string;
  readonly store: EnforcingStore;
  readonly user: string;
  readonly bucket: string;
  readonly prefix: string;
  /** Place where it leaves the new key. */
  readonly kept: KeptKey;
  /** Called for each secret that it printed, with a description. */
  readonly onPrinted: (what: string) => void;
  /** Called after each change that it made, before it receives the answer. */
  readonly onChange: (action: string) => Promise<void>;
}

/**
 * Runs the platform's own script that rotates a user's key, against the store.
 * @returns its changes, in order.
 * @throws {ExplainedError} if it does not exit 0, or leaves no key.
 */
export async function rotateByScript(run: RotationRun, context: PostureContext): Promise<readonly string[]> {
  const { script, store, user, bucket, prefix, kept, onPrinted, onChange } = run;
  const { secrets } = context.step;
  const made = new Secrets();
  const administrators = new Secrets();
  administrators.add(store.s3.secretAccessKey, 'administrator of the store');
  await using watched = await observed(store, {
    onChange,
    onSecret: (secret) => {
      secrets.add(secret, `new key of IAM user ${user}`);
      made.add(secret, `new key of IAM user ${user}`);
    },
  });
  await runPlatformScript(
    {
      script,
      variables: {
        ...placeVariables({ ...store.s3, endpoint: watched.endpoint }, store.s3),
        WRITER: user,
        BACKUP_BUCKET: bucket,
        BACKUP_PREFIX: prefix,
        WORK_DIR: kept.folder,
      },
      mounts: [{ from: kept.folder, to: kept.folder, mode: 'read-write' }],
      onLine: (line) => {
        if (made.foundIn(line)) onPrinted('the secret of the new key');
        if (administrators.foundIn(line)) onPrinted("the administrator's secret");
      },
    },
    context,
  );
  const left = await kept.left();
  if (left.kind === 'key') return watched.changes;
  throw new ExplainedError({
    thing: script,
    expected: `to leave AWS_ACCESS_KEY_ID=… and AWS_SECRET_ACCESS_KEY=… in $WORK_DIR/${NEW_KEY_FILE}`,
    observed: left.kind === 'nothing' ? 'it left no such file' : 'the file lacks one of them',
    nextStep: 'Let it write both, each on a line of its own.',
  });
}

export interface BackupRun {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly store: EnforcingStore;
  readonly key: KeyPair;
  readonly bucket: string;
  readonly prefix: string;
}

/** Runs the platform's own backup with that key against the store. @throws {ExplainedError} if it does not exit 0. */
export async function backUpByScript(
  { script, environment, store, key, bucket, prefix }: BackupRun,
  context: PostureContext,
): Promise<void> {
  const { target } = context;
  const nats = target.offers(sharedNats) ? { NATS_URL: (await target.place(sharedNats)).url } : {};
  const own = { BACKUP_BUCKET: bucket, BACKUP_PREFIX: prefix };
  const variables = { ...placeVariables(store.s3, key), ...own, ...nats, ...environment };
  try {
    await runPlatformScript({ script, variables }, context);
  } catch (error) {
    context.step.signal.throwIfAborted();
    const lacking = await lackingAddresses(
      {
        script,
        message: summaryOf(error),
        asked: ['s3', 'kubernetes'],
        nextStep: (needs) => `add \`needs: ${needs}\` to \`backup\``,
      },
      target,
    );
    if (lacking?.isCertain !== true || 'NATS_URL' in variables) throw error;
    throw new Error(`${summaryOf(error)} ${lacking.said}`, { cause: error });
  }
}

const placeVariables = (
  { endpoint, region }: Pick<EnforcingStore['s3'], 'endpoint' | 'region'>,
  { accessKeyId, secretAccessKey }: KeyPair,
): Record<string, string> => ({
  S3_URL: endpoint,
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
