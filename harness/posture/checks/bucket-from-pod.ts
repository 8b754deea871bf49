import { z } from 'zod';
import { type Comparison, comparisonOf } from '../../model/comparison.ts';
import type { PostureCheck, PostureContext } from '../../model/posture.ts';
import { nameSchema, parseOptions, pathSchema, prefixSchema } from '../../posture-kit/check-options.ts';
import { platformPath } from '../../process/platform-folder.ts';
import { findPodTemplate, type PodTemplate, runPodTrial } from '../../systems/kubernetes/posture/pod-trial.ts';
import { readSecret } from '../../systems/kubernetes/posture/secrets.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { MADE_UP, refusalOf, removeEveryVersion } from '../../systems/s3/bucket-reads.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { compareRequests, notTried, REQUESTS, requestScript } from './pod-requests.ts';

const optionsSchema = z.strictObject({
  namespace: nameSchema,
  /** The live CronJob of these pods, which gives the image, security settings and node placement. */
  cronJob: nameSchema,
  /** Becomes the pod's environment variables; needs `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
  secret: nameSchema,
  bucket: nameSchema,
  prefix: prefixSchema,
  region: nameSchema,
  /** A folder with the Dockerfile of the CronJob's image, for a target that cannot pull the image. */
  build: pathSchema.optional(),
});
type BucketReachedFromPodOptions = z.input<typeof optionsSchema>;
type Given = z.output<typeof optionsSchema>;

/** Includes building an image and loading it onto a node. */
const BUDGET_MS = 420_000;

/**
 * With nothing but the Secret and the CronJob's own image, a pod of the cluster lists the bucket with the prefix, writes an object below it
 * and reads it back. A failure halts the roll-out as `access`.
 */
export function bucketReachedFromPod(options: BucketReachedFromPodOptions): PostureCheck {
  const given = parseOptions('bucketReachedFromPod', optionsSchema, options);
  const { namespace, cronJob, secret, bucket, prefix, build } = given;
  return {
    name: `${secret}-reaches-bucket`,
    promise: `A pod in ${namespace} that has nothing but the Secret ${secret} reaches ${bucket} below ${prefix}`,
    about: [
      { kind: 'bucket', name: bucket },
      { kind: 'cron-job', name: `${namespace}/${cronJob}` },
    ],
    condition: 'access',
    needs: ['kubernetes', 'pods', 's3'],
    reads: build === undefined ? [] : [build],
    budgetMs: BUDGET_MS,
    async observe(context) {
      return comparisonOf(await tried(given, context));
    },
  };
}

async function tried(given: Given, context: PostureContext): Promise<Comparison> {
  const { namespace, cronJob, secret, bucket, prefix } = given;
  const { target, step } = context;
  await using place = await target.place(sharedKubernetes);
  const template = await findPodTemplate(place.kubeconfigPath, { namespace, cronJob }, step.signal);
  if (template === undefined) return notTried(`CronJob ${namespace}/${cronJob}`, 'no such CronJob', 'Apply it.');
  const values = await readSecret(place.kubeconfigPath, { namespace, name: secret }, step);
  const item = `Secret ${namespace}/${secret}`;
  if (values === undefined) return notTried(item, 'no such Secret', 'Create it from where secrets are kept.');
  const placeholder = Object.entries(values).find(([, value]) => value.includes('REPLACE_WITH_'));
  if (placeholder !== undefined) {
    return notTried(item, `a placeholder in ${placeholder[0]}`, 'Put the real values in its place.');
  }
  await place.nodes.loadImage(template.image, step.signal, {
    progress: step.progress,
    buildFrom: given.build === undefined ? undefined : platformPath(given.build),
  });
  const s3 = await target.place(s3Store);
  const key = `${prefix}dr-trial-${crypto.randomUUID()}`;
  const content = crypto.randomUUID();
  const end = await inPod(given, { template, key, content }, context, place.kubeconfigPath);
  // The writer may not delete, so the harness removes its own object.
  await removeEveryVersion(s3, { bucket, key }, step.signal);
  const takesAnything = (await refusalOf(s3, { bucket, prefix }, MADE_UP, step.signal)) === undefined;
  return compareRequests(end, {
    ...given,
    image: template.image,
    notVerified: [
      ...(takesAnything ? ['that the credentials are the right ones: this S3 accepts made-up ones, too'] : []),
      'the latency to the region: the target runs on one machine',
    ],
  });
}

async function inPod(
  { namespace, secret, bucket, prefix, region }: Given,
  { template, key, content }: { readonly template: PodTemplate; readonly key: string; readonly content: string },
  { target, step }: PostureContext,
  kubeconfigPath: string,
) {
  const s3 = await target.place(s3Store);
  const variables = {
    // Switches off sources of credentials other than the Secret.
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_MAX_ATTEMPTS: '2',
    AWS_ENDPOINT_URL: s3.endpointFromPods ?? s3.endpoint,
    DR_BUCKET: bucket,
    DR_PREFIX: prefix,
    DR_KEY: key,
    DR_CONTENT: content,
    USER: 'dr-trial',
  };
  step.progress(`a pod in ${namespace} makes ${REQUESTS.length} requests to ${bucket}`);
  const trial = { namespace, template, secret, variables, script: requestScript };
  return await runPodTrial(kubeconfigPath, trial, target.sessionId, step);
}

// Requests that a pod makes to the bucket, and the judgement of their answers.
