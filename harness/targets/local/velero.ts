import { mkdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import { runCommand } from '../../process/run.ts';
import type { StartedProcess } from '../../process/supervised.ts';
import { GCS_STORAGE_LOCATION, type GcsStore } from '../../systems/gcs/service.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { arrived, HopelessError, isHopelessText, notYet, type Wait, waitFor } from '../../wait/wait.ts';
import { onFreePorts, saysPortTaken } from '../ports.ts';
import { type KubeAccess, KubeApi, reasonIn } from './kube-api.ts';
import { discovered } from './kube-discovery.ts';
import { collectionOfGo, type LocalContext, startProgram } from './program.ts';

export const VELERO_NAMESPACE = 'velero';
const LOCATION = 'default';
const pathOfLocation = (name: string): string =>
  `/apis/velero.io/v1/namespaces/${VELERO_NAMESPACE}/backupstoragelocations/${name}`;
export const locationPath = pathOfLocation(LOCATION);
const gcsLocationPath = pathOfLocation(GCS_STORAGE_LOCATION);
const SYNC_PERIOD = '30s';
/**
 * For the record: the time until a cluster knows a backup that was put into its bucket by another cluster or a copy. Production's wait is
 * part of an RTA.
 */
export const SYNC_SETTING = {
  'velero backup sync': `backupSyncPeriod ${SYNC_PERIOD}, and once when Velero starts: its location is marked as available beforehand, and the Velero of a standby region is restarted when the other region is lost. The wait of production is added to RTA as backup-sync`,
};
const CONCURRENT_BACKUPS = 4;
const MANAGER_PORT = 8_080;
const READY_BUDGET_MS = 60_000;

export const definitionSchema = z.looseObject({
  kind: z.literal('CustomResourceDefinition'),
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ plural: z.string() }),
    versions: z.array(z.looseObject({ name: z.string() })).min(1),
  }),
});
const listSchema = z.object({ items: z.array(definitionSchema).min(1) });
const locationSchema = z.object({
  status: z
    .object({
      phase: z.string().optional(),
      message: z.string().optional(),
      lastValidationTime: z.string().optional(),
      lastSyncedTime: z.string().optional(),
    })
    .optional(),
});

export type CustomResourceDefinition = z.infer<typeof definitionSchema>;

const resourceOf = ({ spec: { group, names, versions } }: CustomResourceDefinition) => ({
  group: `${group}/${versions[0]?.name}`,
  plural: names.plural,
});

/** A bucket of Google Cloud Storage, and the plugin program through which Velero writes to it. */
export interface VeleroGcs {
  readonly store: GcsStore;
  readonly plugin: string;
}

export interface VeleroOptions {
  readonly label: string;
  readonly kubeconfigPath: string;
  readonly access: KubeAccess;
  readonly s3: S3Place;
  /** A second place for backups, beside S3. */
  readonly gcs?: VeleroGcs | undefined;
  /** Prefix of this cluster's backups in the backup bucket, e.g. `velero/x1y2-shared`. */
  readonly prefix: string;
  readonly definitions: readonly CustomResourceDefinition[];
}

/** Returns the custom resource definitions that this velero itself provides. Needs no cluster, so it can run while one starts. */
export async function veleroDefinitions(
  context: LocalContext,
  signal: AbortSignal,
): Promise<CustomResourceDefinition[]> {
  const { stdout } = await runCommand(
    {
      name: 'velero install --crds-only --dry-run',
      file: context.tool('velero'),
      args: ['install', '--crds-only', '--dry-run', '--output', 'json'],
      env: { HOME: context.session.folder('home', 'velero-definitions') },
    },
    signal,
  );
  return listSchema.parse(JSON.parse(stdout)).items;
}

/**
 * Starts the real Velero server with its AWS plugin against the target's S3, and with its GCP plugin where there is Google Cloud Storage.
 * Ready when Velero itself has found each storage location valid and knows the backups in it, so that a restore into a new cluster can
 * begin at once.
 */
export async function startVelero(
  options: VeleroOptions,
  context: LocalContext,
  signal: AbortSignal,
): Promise<StartedProcess> {
  await furnish(options, context.clock, signal);
  return await launch(options, context, signal);
}

/** Restarts the server on the same cluster. Ready when it has read its bucket again. */
export async function restartVelero(
  server: StartedProcess,
  options: VeleroOptions,
  context: LocalContext,
  signal: AbortSignal,
): Promise<StartedProcess> {
  await server.stop();
  await forgetSync(options.access, signal);
  if (options.gcs !== undefined) await forgetSync(options.access, signal, gcsLocationPath);
  return await launch(options, context, signal);
}

async function launch(options: VeleroOptions, context: LocalContext, signal: AbortSignal): Promise<StartedProcess> {
  const pluginDir = await pluginFolder(options, context);
  const credentialsFile = await writeCredentials(options, context);
  return await onFreePorts(1, async ([metricsPort = 0]) => {
    const starting = await startProgram(
      {
        name: `velero-${options.label}`,
        tool: 'velero',
        args: [
          'server',
          `--plugin-dir=${pluginDir}`,
          `--kubeconfig=${options.kubeconfigPath}`,
          `--namespace=${VELERO_NAMESPACE}`,
          `--metrics-address=127.0.0.1:${metricsPort}`,
          // Its fixed port would collide with another session's.
          '--profiler-address=',
          // Drills share this server: with the default of one, a backup waits up to a minute behind another drill's.
          `--concurrent-backups=${CONCURRENT_BACKUPS}`,
          // Validates the location at the start only. With a check every minute, a server short of CPU sometimes finds the location
          // unavailable and refuses every backup until the next check.
          '--store-validation-frequency=1h',
        ],
        env: {
          ...collectionOfGo(),
          AWS_EC2_METADATA_DISABLED: 'true',
          AWS_SHARED_CREDENTIALS_FILE: credentialsFile,
          ...(options.gcs === undefined ? {} : await gcsEnvironment(options.gcs, options.label, context)),
        },
        // hashicorp/go-plugin connects to a plugin by a socket in a folder of its own below TMPDIR.
        putsSockets: true,
        ending: 'immediate',
      },
      context,
    );
    try {
      const { process } = await starting.untilServing(storageLocationUsable(options.access), signal);
      if (options.gcs !== undefined) {
        await starting.untilServing(storageLocationUsable(options.access, gcsLocationPath), signal);
      }
      return process;
    } catch (error) {
      throw explainManagerPort(error);
    }
  });
}

/**
 * Explains an error about port 8080. The manager inside Velero's server listens on it, and no flag changes that, only the way the program
 * is linked.
 */
function explainManagerPort(error: unknown): unknown {
  if (!saysPortTaken(error, [MANAGER_PORT])) return error;
  return new ExplainedError(
    {
      thing: 'velero server',
      expected: `a velero that can use a free port for its manager's metrics, or port ${MANAGER_PORT} to be free`,
      observed: `this one needs port ${MANAGER_PORT}, on which another program listens`,
      nextStep: 'Let npm run toolchain build velero (unset DR_CONTRACTS_VELERO), or stop that program.',
    },
    { cause: error },
  );
}

async function pluginFolder({ label, gcs }: VeleroOptions, context: LocalContext): Promise<string> {
  const folder = join(context.session.folder('velero'), `plugins-${label}`);
  await mkdir(folder, { recursive: true });
  await linkPlugin(join(folder, 'velero-plugin-for-aws'), context.tool('velero-plugin-for-aws'));
  if (gcs !== undefined) await linkPlugin(join(folder, 'velero-plugin-for-gcp'), gcs.plugin);
  return folder;
}

async function linkPlugin(link: string, program: string): Promise<void> {
  await unlink(link).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  });
  await symlink(program, link);
}

/**
 * Returns the environment of the GCP plugin. The plugin sends every request without credentials to the server in this variable, but it
 * requires credentials when it starts. These contain no key. Without a key it signs no URLs, so `velero backup logs` fails for this
 * location. Nothing requests a token.
 */
async function gcsEnvironment({ store }: VeleroGcs, label: string, { session }: LocalContext) {
  const path = join(session.folder('velero'), `gcs-identity-${label}.json`);
  const identity = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/0/locations/global/workloadIdentityPools/none/providers/none',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${store.endpoint}/token`,
    credential_source: { file: '/dev/null' },
  };
  await writeFile(path, JSON.stringify(identity), { mode: 0o600 });
  return { STORAGE_EMULATOR_HOST: store.endpoint, GOOGLE_APPLICATION_CREDENTIALS: path };
}

async function furnish(options: VeleroOptions, clock: Clock, signal: AbortSignal): Promise<void> {
  using api = new KubeApi(options.access);
  const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await Promise.all([
    ...options.definitions.map((definition) => api.create(definitionsPath, definition, signal)),
    api.create(
      '/api/v1/namespaces',
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: VELERO_NAMESPACE } },
      signal,
    ),
  ]);
  await Promise.all([
    ...options.definitions.map((definition) => waitFor(served(api, definition), clock, signal)),
    // Velero queries discovery once, at its start, and exits when one of these is missing (observed under load only).
    waitFor(discovered(api, options.definitions.map(resourceOf)), clock, signal),
    // Restores read the image of their helper from the Deployment named velero; none of its pods needs to run.
    api.create(`/apis/apps/v1/namespaces/${VELERO_NAMESPACE}/deployments`, veleroDeployment, signal),
  ]);
  await api.apply(locationPath, storageLocation(options), signal);
  if (options.gcs !== undefined) {
    await api.apply(gcsLocationPath, gcsStorageLocation(options.gcs, options.prefix), signal);
  }
}

/**
 * Writes the credentials into a separate file instead of a Secret in the location: Velero would write such a Secret into a file before each
 * use, and a reader of a half-written file fails with "no EC2 IMDS role found".
 */
async function writeCredentials({ label, s3 }: VeleroOptions, { session }: LocalContext): Promise<string> {
  const path = join(session.folder('velero'), `credentials-${label}`);
  await writeFile(path, credentialsText(s3), { mode: 0o600 });
  return path;
}

const credentialsText = ({ accessKeyId, secretAccessKey }: S3Place): string =>
  `[default]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`;

/** Returns the credentials for a pod, which cannot read a file of this machine. */
export function cloudCredentials(s3: S3Place) {
  const cloud = credentialsText(s3);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cloud-credentials', namespace: VELERO_NAMESPACE },
    stringData: { cloud },
  };
}

const veleroDeployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'velero', namespace: VELERO_NAMESPACE, labels: { component: 'velero' } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { deploy: 'velero' } },
    template: {
      metadata: { labels: { component: 'velero', deploy: 'velero' } },
      spec: {
        containers: [{ name: 'velero', image: 'velero/velero:v1.18.3', command: ['/velero'], args: ['server'] }],
      },
    },
  },
};

export function storageLocation(
  { s3, prefix }: Pick<VeleroOptions, 's3' | 'prefix'>,
  credential?: { readonly name: string; readonly key: string },
) {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: { name: LOCATION, namespace: VELERO_NAMESPACE },
    spec: {
      provider: 'velero.io/aws',
      default: true,
      objectStorage: { bucket: s3.backupBucket, prefix },
      ...(credential === undefined ? {} : { credential }),
      config: { region: s3.region, s3ForcePathStyle: 'true', s3Url: s3.endpoint },
      // Velero checks once a minute which locations are due (backupSyncReconcilePeriod in its backup_sync_controller.go). With its own
      // default of a minute, a location that was read slightly later than the check is due only every other minute.
      backupSyncPeriod: SYNC_PERIOD,
    },
    // The sync of backups from the bucket reads the phase when the server starts, then once a minute (backupSyncReconcilePeriod in Velero's
    // backup_sync_controller.go), and skips a location without a phase. Velero still validates the location by itself; the start waits for
    // that.
    status: { phase: 'Available' },
  };
}

/** Returns a second location beside the S3 one, which stays the default. */
const gcsStorageLocation = ({ store }: VeleroGcs, prefix: string) => ({
  apiVersion: 'velero.io/v1',
  kind: 'BackupStorageLocation',
  metadata: { name: GCS_STORAGE_LOCATION, namespace: VELERO_NAMESPACE },
  spec: {
    provider: 'velero.io/gcp',
    objectStorage: { bucket: store.backupBucket, prefix },
    backupSyncPeriod: SYNC_PERIOD,
  },
  status: { phase: 'Available' },
});

/**
 * Waits until the API server serves the resource; being established is not enough. Until the API server has filled its cache of a resource,
 * it answers a list with 429. Velero lists several resources in sequence when it starts, and would pause a second for each.
 */
export function served(api: KubeApi, { spec }: CustomResourceDefinition): Wait<void> {
  const [version] = spec.versions;
  const path = `/apis/${spec.group}/${version?.name}/${spec.names.plural}`;
  return {
    for: `${path} to be served`,
    budgetMs: READY_BUDGET_MS,
    intervalMs: 20,
    look: async (signal) => {
      const { status, body } = await api.call('GET', path, signal);
      return status === 200 ? arrived(undefined) : notYet(`it answers ${status}: ${reasonIn(body)}`);
    },
  };
}

/** Marks the bucket as never read: a server that starts then reads it at once, and {@link storageLocationUsable} waits for that. */
export async function forgetSync(access: KubeAccess, signal: AbortSignal, path = locationPath): Promise<void> {
  using api = new KubeApi(access);
  await api.merge(path, { status: { lastSyncedTime: null } }, signal);
}

export function storageLocationUsable(access: KubeAccess, path = locationPath): Wait<void> {
  return {
    for: 'Velero to have validated its storage location and synced the backups that lie there',
    // If the first check comes too early, the next one follows a minute later.
    budgetMs: 2 * READY_BUDGET_MS,
    look: async (signal) => {
      using api = new KubeApi(access);
      const { status, body } = await api.call('GET', path, signal);
      if (status !== 200) return notYet(`the location answers ${status}: ${reasonIn(body)}`);
      const found = locationSchema.parse(JSON.parse(body)).status ?? {};
      const ready =
        found.phase === 'Available' && found.lastValidationTime !== undefined && found.lastSyncedTime !== undefined;
      if (ready) return arrived(undefined);
      const message = found.message ? `: ${found.message}` : '';
      if (isHopelessText(message)) throw new HopelessError(`Velero cannot use its storage location${message}`);
      return notYet(
        `phase ${found.phase ?? 'none'}${message}, validated ${found.lastValidationTime ?? 'never'}, synced ${found.lastSyncedTime ?? 'never'}`,
      );
    },
  };
}
