import { z } from 'zod';
import { comparisonOf } from '../../model/comparison.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { PostureCheck, PostureContext } from '../../model/posture.ts';
import { parseDurationMs } from '../../model/units.ts';
import { nameSchema, parseOptions, pathSchema, prefixSchema } from '../../posture-kit/check-options.ts';
import { capabilities } from '../../registered/providers.ts';
import { readAccessKeys } from '../../systems/iam/access-keys.ts';
import { readWriter } from '../../systems/iam/live-writer.ts';
import { readSecret } from '../../systems/kubernetes/posture/secrets.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { enforcingStore, s3Store } from '../../systems/s3/service.ts';
import { compareKeyAges, type KeyHolder } from '../rotation/key-ages.ts';
import { compareRehearsal } from '../rotation/rehearsal-steps.ts';
import { credentialsOf } from './credentials.ts';

const credentialSchema = z.strictObject({
  /** The live IAM user whose keys are rotated. */
  user: nameSchema,
  /** The live Secret that holds one of its keys. `file`: the Secret's key with an AWS credentials file. */
  secret: z.strictObject({ namespace: nameSchema, name: nameSchema, file: nameSchema.optional() }).optional(),
});
const agesSchema = z.strictObject({
  /** Maximum age of a key, e.g. `90d`. */
  rotatedWithin: z.string(),
  credentials: z.array(credentialSchema).min(1),
});
export type CredentialsRotatedOptions = z.input<typeof agesSchema>;
type Credential = z.output<typeof credentialSchema>;

/** Every key that IAM accepts is younger than the rotation policy allows, including the one in the Secret. */
export function credentialsRotated(options: CredentialsRotatedOptions): PostureCheck {
  const { rotatedWithin, credentials } = parseOptions('credentialsRotated', agesSchema, options);
  const withinMs = parseDurationMs(rotatedWithin, 'credentialsRotated({ … }), rotatedWithin');
  const usesSecrets = credentials.some(({ secret }) => secret !== undefined);
  return {
    name: 'credentials-rotated',
    promise: `The keys of ${credentials.map(({ user }) => user).join(', ')} are replaced within ${rotatedWithin}`,
    condition: 'rotation',
    needs: usesSecrets ? ['s3', 'kubernetes'] : ['s3'],
    async observe(context) {
      const { target, step } = context;
      let serverMs: number | undefined;
      const holders: KeyHolder[] = [];
      for (const credential of credentials) {
        const found = await readAccessKeys(await target.place(s3Store), credential.user, step.signal);
        serverMs = found?.serverMs ?? serverMs;
        const usedBy = await useOf(credential, context);
        holders.push({ user: credential.user, keys: found?.keys, ...(usedBy === undefined ? {} : { usedBy }) });
      }
      const nowMs = Date.parse(step.clock.now().utc);
      const compared = compareKeyAges({ holders, withinMs, nowMs, serverMs });
      const named = holders.flatMap(({ usedBy }) => usedBy?.item ?? []);
      const untried =
        named.length === 0
          ? []
          : [`that the secret key in ${named.join(', ')} works: only the id of the key is compared`];
      return comparisonOf({ ...compared, notVerified: [...(compared.notVerified ?? []), ...untried] });
    },
  };
}

async function useOf({ secret }: Credential, { target, step }: PostureContext): Promise<KeyHolder['usedBy']> {
  if (secret === undefined) return undefined;
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  const values = await readSecret(kubeconfigPath, secret, step);
  const credentials = values === undefined ? undefined : credentialsOf(values, secret.file);
  const item = `Secret ${secret.namespace}/${secret.name}`;
  for (const value of Object.values(credentials ?? {})) step.secrets.add(value, item);
  return { item, keyId: credentials?.accessKeyId };
}

const rehearsalSchema = z.strictObject({
  /** The live IAM user whose policies are copied; the check does not touch its own keys. */
  user: nameSchema,
  bucket: z.string().min(1),
  /** Prefix of the user's backups. */
  prefix: prefixSchema,
  /** The platform's script that rotates a key. Without it, the harness rotates. */
  rotatedBy: pathSchema.optional(),
  /** The platform's backup, run with each key. Without it, the harness uploads sample objects. */
  backup: z
    .strictObject({
      script: pathSchema,
      environment: z.record(z.string(), z.string()).default({}),
      /** Parts of the target that it needs besides S3. */
      needs: z.array(z.lazy(() => z.enum(capabilities()))).default([]),
    })
    .optional(),
  /**
   * Maximum pause of backups and restores during the rotation, as the platform documents it, e.g. `30s`. Without it, no pause is allowed.
   */
  pauseWithin: z.string().optional(),
});
export type RotationRehearsedOptions = z.input<typeof rehearsalSchema>;

/** Covers backups of the platform, a rotation and two stores on a busy machine. */
const REHEARSAL_BUDGET_MS = 300_000;

/**
 * Rehearses the rotation of a writer's key on a service of the target that enforces credentials. The new key works and has no more rights
 * than the old one. The old key is refused. Backups and restores continue throughout, no secret is printed, and a recovery point from
 * before is still read byte for byte.
 */
export function rotationRehearsed(options: RotationRehearsedOptions): PostureCheck {
  const given = parseOptions('rotationRehearsed', rehearsalSchema, options);
  const { user, bucket, prefix, rotatedBy, backup, pauseWithin } = given;
  const pauseMs = pauseWithin === undefined ? 0 : parseDurationMs(pauseWithin, 'rotationRehearsed({ … }), pauseWithin');
  const but = pauseWithin === undefined ? '' : `, but for a pause of at most ${pauseWithin}`;
  return {
    name: `${user}-rotation`,
    promise: `The key of ${user} can be rotated while backups and restores go on${but}`,
    condition: 'rotation',
    needs: [...new Set(['enforced-access', 's3', ...(backup?.needs ?? [])] as const)],
    reads: [rotatedBy, backup?.script].filter((path) => path !== undefined),
    budgetMs: REHEARSAL_BUDGET_MS,
    async observe(context) {
      const { target, step } = context;
      const live = await readWriter(await target.place(s3Store), { kind: 'user', name: user }, step.signal);
      if (live === undefined) throw noSuchUser(user);
      await using store = await target.place(enforcingStore, { label: 'rotation' }, step.signal);
      const { rehearse } = await import('../rotation/rehearse.ts');
      const documents = live.map(({ document }) => document);
      const steps = await rehearse({ user, documents, bucket, prefix, rotatedBy, backup, pauseMs }, store, context);
      const compared = compareRehearsal(steps, pauseMs);
      return comparisonOf({
        ...compared,
        evidence: {
          service: store.service,
          program: store.source,
          'rotated by': rotatedBy ?? 'the harness: a new key, and the old one deleted',
          'backed up by': backup?.script ?? 'the harness: sample objects',
          ...compared.evidence,
        },
        notVerified: [
          'that the new key reaches everything that uses the old one',
          rotatedBy === undefined
            ? 'how the platform rotates it: `rotatedBy` names no script'
            : `whether ${rotatedBy} leaves a secret elsewhere: only the lines that it prints are searched`,
          ...(backup === undefined ? ['the backup of the platform: `backup` names no script'] : []),
        ],
        basis: `trying on ${store.service}`,
      });
    },
  };
}

const noSuchUser = (user: string): ExplainedError =>
  new ExplainedError({
    thing: `IAM user ${user}`,
    expected: 'to exist',
    observed: 'there is none of that name',
    nextStep: 'Correct the name in the contract, or make the user and give it its policy.',
    cause: 'contract-mistake',
  });
