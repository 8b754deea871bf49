import type { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { parsedOptions } from '../../model/options-mistake.ts';
import type { Procedure, ProcedureContext, RecoveryPoint, RestoreReport } from '../../model/procedure.ts';
import { performing } from '../../model/step.ts';
import { executableOf, runProcess } from '../../procedure-kit/as-process.ts';
import { lastLine } from '../../procedure-kit/observe.ts';
import { variablesOfScript } from '../../procedure-kit/script-variables.ts';
import { requireProgram } from '../../process/named-program.ts';
import { platformPath } from '../../process/platform-folder.ts';
import { objectVersions } from './access.ts';
import { s3Backups } from './backup-store.ts';

const optionsSchema = z.strictObject({
  restore: z.string().min(1).describe('The restore script; Node runs .mjs and .js, anything else runs by itself.'),
});
export type VersioningOptions = z.input<typeof optionsSchema>;

/** What the restore script is given. */
const settingNames = ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'ASSET_BUCKET'];

/**
 * Protection by the bucket's own versions: every acknowledged write is its own recovery point, so nothing runs on a schedule.
 *
 * `backup` looks whether versioning really is on and whether there are versions. `restore` runs the operators' script with the
 * asset's environment and `RECOVERY_POINT_TIME`, an exclusive limit: what was written in or after that second is undone.
 * It comes from the asset. After the disaster, the asset knows the second of the first damaging write, which an
 * operator reads in the bucket's audit log. The engine's `disasterBegan` is earlier: users may still get writes acknowledged between it
 * and the cut-off, and to restore to it would lose them. It is used, rounded down to S3's whole seconds, only when the asset
 * says nothing, and then such writes show up as lost. For an earlier recovery point it is the second after that point.
 */
export function versioning(options: VersioningOptions): Procedure<typeof objectVersions.name> {
  const { restore: script } = parseOptions(options);
  return {
    description: `bucket versioning; restore by ${script}`,
    protects: [objectVersions],
    needs: ['s3'],
    schedule: 'continuous',
    restoresEarlierMoments: true,
    reads: [script],
    check: async () => await requireProgram(script, 'restore script'),
    backup: observe,
    restore: async (recoveryPoint, context) => {
      // The limit is exclusive: all of the second in which an earlier point was looked at is kept.
      const point =
        context.isEarlier === true
          ? wholeSecond(recoveryPoint.captureBegan.utc, 1)
          : (context.environment.RECOVERY_POINT_TIME ?? wholeSecond(context.disasterBegan.utc));
      return runRestore(script, recoveryPoint, point, context);
    },
  };
}

async function observe({ environment, step }: ProcedureContext): Promise<RecoveryPoint> {
  const bucket = bucketOf(environment);
  // Loaded here, because listing contracts does without.
  const { encryptionOf, immutabilityOf, observeVersions, versioningStatus } = await import('./versioning-observe.ts');
  const client = await clientFor(environment);
  try {
    const now = step.clock.now();
    const status = await versioningStatus(client, bucket, step.signal);
    if (status !== 'Enabled') throw notVersioned(bucket, status);
    const { objects, sizeBytes, digest } = await observeVersions(client, bucket, step.signal);
    if (objects === 0) {
      throw new ExplainedError({
        thing: `bucket ${bucket}`,
        expected: 'object versions to restore from',
        observed: 'it has none',
        nextStep: 'Check whether something else removes versions (a lifecycle rule, a clean-up job).',
      });
    }
    return {
      id: `versions-of-${bucket}-at-${now.utc}`,
      location: `s3://${bucket}?versions`,
      captureBegan: now,
      durable: now,
      objects,
      sizeBytes,
      digest,
      encryption: await encryptionOf(client, bucket, step.signal),
      immutability: await immutabilityOf(client, bucket, step.signal),
      claimed: `versioning ${status}`,
    };
  } finally {
    client.destroy();
  }
}

async function runRestore(
  script: string,
  recoveryPoint: RecoveryPoint,
  point: string,
  context: ProcedureContext,
): Promise<RestoreReport> {
  const { environment, meanings, step } = context;
  const path = platformPath(script);
  await requireProgram(script, 'restore script');
  const { command, ...executable } = executableOf(path, script);
  step.progress(`restoring ${recoveryPoint.location} to before ${point}`);
  const region = environment.AWS_REGION === undefined ? {} : { AWS_DEFAULT_REGION: environment.AWS_REGION };
  const env = { ...pick(environment, settingNames), ...region, RECOVERY_POINT_TIME: point };
  const described = {
    what: 'Put the bucket back to how it was at that time',
    command,
    variables: await variablesOfScript(path, env, s3Backups, meanings),
    ifItFails: 'It names every key that it could not put back. It removes nothing, so run it again.',
  };
  const { output, warnings } = await performing(step, described, () =>
    runProcess(
      {
        name: `restore ${script}`,
        ...executable,
        variables: new Map(Object.entries(env)),
        machine: { name: 'restore' },
      },
      context,
    ),
  );
  const bucket = bucketOf(environment);
  return {
    claimed: lastLine(output),
    warnings,
    commands: [`ASSET_BUCKET=${bucket} RECOVERY_POINT_TIME=${point} ${command}`],
  };
}

async function clientFor(environment: Readonly<Record<string, string>>): Promise<S3Client> {
  const { s3Client } = await import('../../clients/s3.ts');
  const connection = z.object({
    AWS_ENDPOINT_URL: z.string().optional(),
    AWS_REGION: z.string(),
    AWS_ACCESS_KEY_ID: z.string(),
    AWS_SECRET_ACCESS_KEY: z.string(),
  });
  const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, ...keys } = connection.parse(environment);
  return s3Client({
    endpoint,
    region,
    accessKeyId: keys.AWS_ACCESS_KEY_ID,
    secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
  });
}

function bucketOf(environment: Readonly<Record<string, string>>): string {
  const bucket = environment.ASSET_BUCKET;
  if (bucket !== undefined && bucket !== '') return bucket;
  throw new ExplainedError({
    thing: 'versioning()',
    expected: 'an asset that names its bucket (ASSET_BUCKET)',
    observed: 'this asset names none',
    nextStep: 'Protect a bucket() with versioning(), or choose another procedure.',
  });
}

function notVersioned(bucket: string, status: string): ExplainedError {
  return new ExplainedError({
    thing: `bucket ${bucket}`,
    expected: 'versioning Enabled, because versions are its only backup',
    observed: `versioning is ${status}`,
    nextStep: `Switch it on: aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
  });
}

function parseOptions(options: VersioningOptions): z.infer<typeof optionsSchema> {
  return parsedOptions('versioning(…)', optionsSchema, options);
}

function wholeSecond(utc: string, later = 0): string {
  return new Date((Math.floor(Date.parse(utc) / 1_000) + later) * 1_000).toISOString();
}

function pick(from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
