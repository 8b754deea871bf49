import type { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { parsedOptions } from '../../model/options-mistake.ts';
import type { Procedure, ProcedureContext, RecoveryPoint } from '../../model/procedure.ts';
import { madeWithSchedule, scheduleOption } from '../../procedure-kit/schedule-option.ts';
import { requireProgram } from '../../process/named-program.ts';
import { bucketElsewhere } from './access.ts';
import { type Transfer, transfer, variablesOf } from './bucket-transfer.ts';

const optionsSchema = z.strictObject({
  /** Path of the executable that brings the source's objects to the destination; Node runs .mjs and .js. */
  copy: z.string().min(1),
  /** The same for the way back, from the copy into an empty bucket. */
  restore: z.string().min(1),
  schedule: scheduleOption,
});
export type OffRegionCopyOptions = z.input<typeof optionsSchema>;

/** What the asset says about its buckets and how to reach them. */
const environmentSchema = z.object({
  AWS_ENDPOINT_URL: z.string(),
  AWS_REGION: z.string(),
  AWS_ACCESS_KEY_ID: z.string(),
  AWS_SECRET_ACCESS_KEY: z.string(),
  ASSET_BUCKET: z.string(),
  ASSET_REGION: z.string(),
  COPY_BUCKET: z.string(),
  COPY_REGION: z.string(),
  RESTORE_BUCKET: z.string(),
  RESTORE_REGION: z.string(),
});
type Environment = z.infer<typeof environmentSchema>;

/**
 * Protection by a copy in another region, made by an executable of the platform on a schedule. Both executables are given
 * `OPERATION` (`copy` or `restore`), `SOURCE_BUCKET`, `SOURCE_REGION`, `DESTINATION_BUCKET`, `DESTINATION_REGION` and `AWS_*`.
 * @throws {ExplainedError} when the options are not valid.
 */
export function offRegionCopy(options: OffRegionCopyOptions): Procedure<typeof bucketElsewhere.name> {
  return madeWithSchedule(offRegionCopyOf(options), (schedule) => offRegionCopy({ ...options, schedule }));
}

function offRegionCopyOf(options: OffRegionCopyOptions): Procedure<typeof bucketElsewhere.name> {
  const { copy, restore, schedule } = parseOptions(options);
  return {
    description: `copy into a bucket of another region by ${copy}`,
    protects: [bucketElsewhere],
    needs: ['s3'],
    schedule,
    reads: [copy, restore],

    async check() {
      await requireProgram(copy, 'copy script');
      await requireProgram(restore, 'restore script');
    },

    async backup(context): Promise<RecoveryPoint> {
      const { clock, signal } = context.step;
      const environment = environmentOf(context);
      const { ASSET_BUCKET, ASSET_REGION, COPY_BUCKET, COPY_REGION } = environment;
      // Loaded here, because listing contracts does without.
      const { encryptionOf, immutabilityOf, observeVersions } = await import('./versioning-observe.ts');
      const client = await clientFor(environment, COPY_REGION);
      try {
        await requireOtherRegion(client, environment, signal);
        const before = await observeVersions(client, COPY_BUCKET, signal);
        const captureBegan = clock.now();
        const claimed = await transfer(
          copy,
          { operation: 'copy', source: [ASSET_BUCKET, ASSET_REGION], destination: [COPY_BUCKET, COPY_REGION] },
          environment,
          context,
        );
        const after = await observeVersions(client, COPY_BUCKET, signal);
        const durable = clock.now();
        if (after.objects === 0 || after.digest === before.digest) throw nothingArrived(copy, COPY_BUCKET, claimed);
        const location = `s3://${COPY_BUCKET} in ${COPY_REGION}`;
        return {
          id: `copy-of-${ASSET_BUCKET}-at-${captureBegan.utc}`,
          location,
          captureBegan,
          durable,
          ...after,
          encryption: await encryptionOf(client, COPY_BUCKET, signal),
          immutability: await immutabilityOf(client, COPY_BUCKET, signal),
          claimed,
          ...(context.earlier === undefined
            ? {}
            : { replacesEarlier: 'the copy holds one state of the bucket, and every run brings it up to date' }),
        };
      } finally {
        client.destroy();
      }
    },

    async restore(_recoveryPoint, context) {
      const environment = environmentOf(context);
      const { COPY_BUCKET, COPY_REGION, RESTORE_BUCKET, RESTORE_REGION } = environment;
      const way: Transfer = {
        operation: 'restore',
        source: [COPY_BUCKET, COPY_REGION],
        destination: [RESTORE_BUCKET, RESTORE_REGION],
      };
      const claimed = await transfer(restore, way, environment, context);
      const variables = Object.entries(variablesOf(way)).map(([name, value]) => `${name}=${value}`);
      return { claimed, warnings: [], commands: [`${variables.join(' ')} ${restore}`] };
    },
  };
}

/** A copy in the same region is lost with it. */
async function requireOtherRegion(client: S3Client, environment: Environment, signal: AbortSignal): Promise<void> {
  const { ASSET_REGION, COPY_BUCKET } = environment;
  const { GetBucketLocationCommand } = await import('@aws-sdk/client-s3');
  const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket: COPY_BUCKET }), {
    abortSignal: signal,
  });
  // The oldest region has no name here.
  const region = LocationConstraint ?? 'us-east-1';
  if (region !== ASSET_REGION) return;
  throw new ExplainedError({
    thing: `bucket ${COPY_BUCKET}`,
    expected: `a bucket in another region than ${ASSET_REGION}`,
    observed: 'it is in the same region and would be lost with it',
    nextStep: 'Make the copy in another region.',
  });
}

function environmentOf({ environment }: ProcedureContext): Environment {
  const parsed = environmentSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new ExplainedError(
    {
      thing: 'offRegionCopy()',
      expected: 'an asset with a bucket in another region (COPY_BUCKET)',
      observed: `this asset names none (${parsed.error.issues.map(({ path }) => path.join('.')).join(', ')} missing)`,
      nextStep: 'Protect a bucket() against "region-lost" with it, or choose another procedure.',
    },
    { cause: parsed.error },
  );
}

async function clientFor(environment: Environment, region: string): Promise<S3Client> {
  const { s3Client } = await import('../../clients/s3.ts');
  const { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY } = environment;
  return s3Client({ endpoint, region, accessKeyId, secretAccessKey: AWS_SECRET_ACCESS_KEY });
}

function nothingArrived(path: string, bucket: string, claimed: string): ExplainedError {
  return new ExplainedError({
    thing: `copy ${path}`,
    expected: `something new in s3://${bucket}`,
    observed: `it exited 0 and left nothing new there${claimed === '' ? '' : `; it said: ${claimed}`}`,
    nextStep: 'Run it by hand and look at what it copies, and at its credentials.',
  });
}

function parseOptions(options: OffRegionCopyOptions): z.output<typeof optionsSchema> {
  return parsedOptions('offRegionCopy(…)', optionsSchema, options);
}
