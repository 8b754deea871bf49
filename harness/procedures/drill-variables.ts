import type { ProcedureContext } from '../model/procedure.ts';
import { type S3Place, s3Store } from '../systems/s3/service.ts';
import type { Destination } from './script-destination.ts';

/** Where a procedure runs decides at which addresses it finds the real systems. */
export type Standpoint = 'process' | 'pod';

/** What every procedure of a drill is given: the asset's variables and where its backups go. No credentials but the asset's own. */
export async function drillVariables(
  { environment, target, step }: ProcedureContext,
  { prefix }: Destination,
  standpoint: Standpoint = 'process',
): Promise<Map<string, string>> {
  const s3 = await target.place(s3Store);
  const inPod = standpoint === 'pod';
  step.secrets.addPublic(prefix);
  const { NATS_URL_FROM_PODS, ...asset } = environment;
  return new Map([
    ...Object.entries(asset),
    ...(inPod && NATS_URL_FROM_PODS !== undefined ? [['NATS_URL', NATS_URL_FROM_PODS] as const] : []),
    ['AWS_ENDPOINT_URL', inPod ? (s3.endpointFromPods ?? s3.endpoint) : s3.endpoint],
    ['AWS_REGION', s3.region],
    ['AWS_DEFAULT_REGION', s3.region],
    ['BACKUP_BUCKET', s3.backupBucket],
    ['BACKUP_PREFIX', prefix],
  ]);
}

export function drillCredentials({ accessKeyId, secretAccessKey }: S3Place): Map<string, string> {
  return new Map([
    ['AWS_ACCESS_KEY_ID', accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', secretAccessKey],
  ]);
}

/** Names of the variables that hold the drill's credentials of S3. */
export const credentialNames: readonly string[] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
