import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import type { PostureContext } from '../../model/posture.ts';
import { WORK } from '../../process/sandbox/machine.ts';
import { sharedNats } from '../../systems/nats/service.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { runPlatformScript } from '../apply.ts';
import type { KeyPair } from '../enforced/store-users.ts';

/** The file in its `WORK_DIR` in which a script of the platform leaves the new key. */
export const NEW_KEY_FILE = 'new-key';

const newKeySchema = z.object({ AWS_ACCESS_KEY_ID: z.string().min(1), AWS_SECRET_ACCESS_KEY: z.string().min(1) });

export interface RotationRun {
  readonly script: string;
  readonly store: EnforcingStore;
  readonly user: string;
  readonly bucket: string;
  readonly prefix: string;
}

/**
 * Runs the platform's own script that rotates the key of a user, against the store.
 * @returns the new key, as the script left it.
 * @throws {ExplainedError} when it does not exit 0, or leaves no key.
 */
export async function rotateByScript(run: RotationRun, context: PostureContext): Promise<KeyPair> {
  const { script, store, user, bucket, prefix } = run;
  const { scratchDir, secrets } = context.step;
  const folder = await mkdtemp(join(scratchDir, 'rotation-'));
  try {
    const to = join(folder, NEW_KEY_FILE);
    await runPlatformScript(
      {
        script,
        variables: { ...placeVariables(store, store.s3), WRITER: user, BACKUP_BUCKET: bucket, BACKUP_PREFIX: prefix },
        keeps: [{ path: `${WORK}/${NEW_KEY_FILE}`, to }],
      },
      context,
    );
    const text = await readFile(to, 'utf8').catch(() => '');
    const values = Object.fromEntries(
      [...text.matchAll(/^([A-Z_]+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    for (const value of Object.values(values)) secrets.add(value, `new key of IAM user ${user}`);
    const parsed = newKeySchema.safeParse(values);
    if (parsed.success) {
      return { accessKeyId: parsed.data.AWS_ACCESS_KEY_ID, secretAccessKey: parsed.data.AWS_SECRET_ACCESS_KEY };
    }
    throw new ExplainedError({
      thing: script,
      expected: `to leave AWS_ACCESS_KEY_ID=… and AWS_SECRET_ACCESS_KEY=… in $WORK_DIR/${NEW_KEY_FILE}`,
      observed: text === '' ? 'it left no such file' : 'one of them is not in it',
      nextStep: 'Let it write both, each on a line of its own.',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface BackupRun {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly store: EnforcingStore;
  readonly key: KeyPair;
  readonly bucket: string;
  readonly prefix: string;
}

/** Runs the platform's own backup with that key, so that it goes into the store. @throws {ExplainedError} when it does not exit 0. */
export async function backUpByScript(
  { script, environment, store, key, bucket, prefix }: BackupRun,
  context: PostureContext,
): Promise<void> {
  const { target } = context;
  const nats = target.offers(sharedNats) ? { NATS_URL: (await target.place(sharedNats)).url } : {};
  const own = { BACKUP_BUCKET: bucket, BACKUP_PREFIX: prefix };
  await runPlatformScript(
    { script, variables: { ...placeVariables(store, key), ...own, ...nats, ...environment } },
    context,
  );
}

const placeVariables = ({ s3 }: EnforcingStore, { accessKeyId, secretAccessKey }: KeyPair): Record<string, string> => ({
  S3_URL: s3.endpoint,
  AWS_ENDPOINT_URL: s3.endpoint,
  AWS_REGION: s3.region,
  AWS_DEFAULT_REGION: s3.region,
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
