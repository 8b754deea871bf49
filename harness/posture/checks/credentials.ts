import { z } from 'zod';
import { comparisonOf } from '../../model/comparison.ts';
import type { PostureCheck, PostureDifference } from '../../model/posture.ts';
import { nameSchema, parseOptions, pathSchema, prefixSchema } from '../../posture-kit/check-options.ts';
import { findPlaceholders } from '../../systems/kubernetes/posture/placeholders.ts';
import { readSecret } from '../../systems/kubernetes/posture/secrets.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { MADE_UP, refusalOf } from '../../systems/s3/bucket-reads.ts';
import type { Credentials } from '../../systems/s3/recovery-points.ts';
import { s3Store } from '../../systems/s3/service.ts';

const scanSchema = z.strictObject({ folders: z.array(pathSchema).min(1) });
const placeholderSchema = z.strictObject({ namespaces: z.array(nameSchema).min(1) });
const acceptedSchema = z.strictObject({
  namespace: nameSchema,
  secret: nameSchema,
  /** The key that holds an AWS credentials file; absent if the Secret has AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. */
  file: nameSchema.optional(),
  bucket: z.string().min(1),
  prefix: prefixSchema,
});
export type NoCredentialsOptions = z.input<typeof scanSchema>;
export type NoPlaceholdersOptions = z.input<typeof placeholderSchema>;
export type CredentialsAcceptedOptions = z.input<typeof acceptedSchema>;

/** No file of those folders holds a credential. */
export function noCredentials(options: NoCredentialsOptions): PostureCheck {
  const { folders } = parseOptions('noCredentials', scanSchema, options);
  return {
    name: 'no-credentials',
    promise: `No file below ${folders.join(', ')} holds a credential`,
    needs: [],
    reads: folders,
    async observe({ step }) {
      // Its patterns take a while to load, and listing contracts does not need them.
      const { scanForCredentials } = await import('../credentials/scan.ts');
      return comparisonOf(await scanForCredentials(folders, step.signal));
    },
  };
}

/** No live object of those namespaces still has a `REPLACE_WITH_*`. */
export function noPlaceholders(options: NoPlaceholdersOptions): PostureCheck {
  const { namespaces } = parseOptions('noPlaceholders', placeholderSchema, options);
  return {
    name: 'no-placeholders',
    promise: `No placeholder is left in ${namespaces.join(', ')}`,
    needs: ['kubernetes'],
    async observe({ target, step }) {
      const { kubeconfigPath } = await target.place(sharedKubernetes);
      const { objects, left } = await findPlaceholders(kubeconfigPath, namespaces, step.signal);
      return comparisonOf({ of: 'live objects', compared: objects, differences: left });
    },
  };
}

/** The credentials in a live Secret exist and are filled in, and S3 accepts them for a listing of the writer's own prefix. */
export function credentialsAccepted(options: CredentialsAcceptedOptions): PostureCheck {
  const given = parseOptions('credentialsAccepted', acceptedSchema, options);
  const { namespace, secret, file, bucket, prefix } = given;
  const item = `Secret ${namespace}/${secret}`;
  const made = (found: string, nextStep: string): PostureDifference[] => [
    { item, expected: 'credentials that S3 accepts', found, nextStep },
  ];
  return {
    name: `${secret}-accepted`,
    promise: `S3 accepts the credentials in ${item} below ${prefix}`,
    // Refused credentials permit nothing, whatever the policies say.
    condition: 'access',
    needs: ['kubernetes', 's3'],
    async observe({ target, step }) {
      const { kubeconfigPath } = await target.place(sharedKubernetes);
      const values = await readSecret(kubeconfigPath, { namespace, name: secret }, step);
      const credentials = values === undefined ? undefined : credentialsOf(values, file);
      // In a credentials file, the key is only a part of the Secret's value.
      for (const value of Object.values(credentials ?? {})) step.secrets.add(value, item);
      let differences: readonly PostureDifference[] = [];
      const notVerified: string[] = [];
      if (values === undefined) differences = made('no such Secret', 'Create it from where secrets are kept.');
      else if (credentials === undefined) {
        differences = made(
          'no access key and secret key in it',
          'Fill in both, under the names that the writer reads.',
        );
      } else if (Object.values(credentials).some((value) => value.includes('REPLACE_WITH_'))) {
        differences = made('a placeholder', 'Put the real values in its place.');
      } else {
        const refusal = await refusalOf(await target.place(s3Store), { bucket, prefix }, credentials, step.signal);
        if (refusal !== undefined)
          differences = made(`S3 answers ${refusal}`, 'Issue new ones, and note when they expire.');
        else if (
          (await refusalOf(await target.place(s3Store), { bucket, prefix }, MADE_UP, step.signal)) === undefined
        ) {
          notVerified.push('that they are the right ones: this S3 accepts made-up credentials, too');
        }
      }
      return comparisonOf({ of: 'credentials', compared: 1, differences, notVerified });
    },
  };
}

export function credentialsOf(
  values: Readonly<Record<string, string>>,
  file: string | undefined,
): Credentials | undefined {
  const named = file === undefined ? values : iniValues(values[file] ?? '');
  const pick = (name: string) => named[name] ?? named[name.toLowerCase()];
  const [accessKeyId, secretAccessKey] = [pick('AWS_ACCESS_KEY_ID'), pick('AWS_SECRET_ACCESS_KEY')];
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = pick('AWS_SESSION_TOKEN');
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** Returns the `name = value` lines of an AWS credentials file. Profiles are ignored, because a writer has one. */
function iniValues(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^\s*([A-Za-z_]+)\s*=\s*(\S+)\s*$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}
