import { manifestRenderer } from '../manifests/render.ts';
import { environmentAccess } from '../model/access.ts';
import type { Destination, Standpoint } from '../model/backup-store.ts';
import { ContractMistakeError, NotProvableHereError } from '../model/errors.ts';
import type { Procedure, ProcedureContext } from '../model/procedure.ts';
import { preparable, type RenderManifests } from '../model/rendering.ts';
import type { Target } from '../model/target.ts';
import { authorVariables } from '../procedure-kit/author-environment.ts';
import { destinationOf, pointBefore, requireLeft } from '../procedure-kit/destination.ts';
import { drillVariables } from '../procedure-kit/drill-variables.ts';
import { backupMachine, type Machines, restoreMachine } from '../procedure-kit/machines.ts';
import { lastLines } from '../procedure-kit/observe.ts';
import { requireTaken } from '../procedure-kit/require-taken.ts';
import { requireExecutable } from '../process/named-program.ts';
import { runAsJob } from './cron-job/as-job.ts';
import { type CronJobRun, runAsProcess } from './cron-job/as-process.ts';
import { type FoundCronJob, findCronJob } from './cron-job/find.ts';
import { keptSecrets, pathsOf, secretsNamed } from './cron-job/kept.ts';
import { type CronJobOptions, type CronJobSettings, parseCronJobOptions } from './cron-job/options.ts';
import { withRenderedNames } from './cron-job/rendered-names.ts';
import type { Container } from './cron-job/spec.ts';
import { scheduleOfCronJob, unreadSchedule } from './cron-job-schedule.ts';
import { runScript } from './script.ts';
import { namedStore, observeBackup } from './usual-store.ts';

/**
 * A CronJob of somebody's manifests, as it is: its schedule and time zone, command, variables and mounts are what `kubectl kustomize` renders
 * when a run is prepared. Where pods run it runs as a Job of its own; elsewhere its command runs as a process with the same
 * variables and files, and the record says so. The drill's own places take the place of the variables `NATS_URL`, `STREAMS`, `AWS_*`,
 * `BACKUP_BUCKET` and `BACKUP_PREFIX`.
 * @throws {ExplainedError} for a wrong option, or manifests that are not there.
 */
export function cronJob(options: CronJobOptions): Procedure<'environment'> {
  const settings = parseCronJobOptions(options);
  const { manifests, name, restore } = settings;
  const schedule = unreadSchedule({ manifests, name, namespace: settings.namespace });
  const prepared = async (render: RenderManifests) =>
    cronJobOf(settings, findCronJob(await render(manifests), settings));
  const ready = async ({ target, step }: ProcedureContext) =>
    await prepared(manifestRenderer(target.tool('kubectl'), step.signal));
  const known: Procedure<'environment'> = {
    description: `${schedule.heldBy}, restored by ${restore}${namedStore(settings.destination)}`,
    ...stated(settings),
    schedule,
    backup: async (context) => await (await ready(context)).backup(context),
    restore: async (recoveryPoint, context) => await (await ready(context)).restore(recoveryPoint, context),
  };
  return preparable(known, prepared);
}

/** What the contract says of it, whatever its manifests say. */
const stated = ({ manifests, restore, build, destination }: CronJobSettings) => ({
  protects: [environmentAccess],
  needs: [destination.capability],
  prefers: ['pods'] as const,
  reads: [manifests, restore, ...(build === undefined ? [] : [build])],
  check: async () => await requireExecutable(restore, 'restore script'),
});

/** @throws {ContractMistakeError} when the contract does not say which container takes the backup, or where it lies. */
function cronJobOf(written: CronJobSettings, found: FoundCronJob): Procedure<'environment'> {
  const settings = withRenderedNames(written, found);
  const container = containerOf(found, settings);
  const prefix = prefixOf(container, settings);
  const schedule = scheduleOfCronJob(found, settings.manifests);
  const thing = `CronJob ${found.namespace}/${settings.name}`;
  const keeps = pathsOf(settings);
  const { destination: store } = settings;
  return {
    description: `${thing} ("${schedule.cron}", ${schedule.timeZone}), restored by ${settings.restore}${namedStore(store)}`,
    ...stated(settings),
    schedule,
    differencesFromProduction: (target) => [...differences(found, container, settings, target), ...store.notEvaluated],

    async backup(context) {
      requireTaken(schedule);
      return await observeBackup(
        {
          thing,
          what: 'its container',
          store,
          prefix,
          text: scriptOf(found, container),
          keeps,
          handed: secretsNamed(settings),
          run: async (destination) => {
            if (podsRunOn(context.target)) {
              requireNothingKept(thing, keeps);
              const run = await runOf(found, container, settings, context, destination, { name: 'pod' }, 'pod');
              return await runAsJob(run, settings.image ?? container.image);
            }
            const machine = await backupMachine(keeps, context.step, 'pod');
            return await runAsProcess(await runOf(found, container, settings, context, destination, machine));
          },
        },
        context,
      );
    },

    async restore(recoveryPoint, context) {
      using destination = await destinationOf(store, prefix, context);
      const before = await pointBefore(destination, recoveryPoint, context.step.signal);
      const known = new Map([...drillVariables(context, destination), ...destination.credentials()]);
      const author = authorVariables(settings.environment, known, context.step.secrets);
      const drills = { RECOVERY_POINT: recoveryPoint.location };
      const { secrets } = context.step;
      const machine = restoreMachine(keeps, context.step);
      const kept = await keptSecrets(settings, found, new Map([...known, ...author.values]), context.step, secrets);
      const { output, warnings } = await runScript(
        { path: settings.restore, role: 'restore', machine, mounts: kept },
        context,
        { store, destination },
        author,
        drills,
      );
      await requireLeft(before, context.step.signal);
      return {
        claimed: lastLines(output),
        warnings,
        commands: [`RECOVERY_POINT=${recoveryPoint.location} ${settings.restore}`],
      };
    },
  };
}

async function runOf(
  found: FoundCronJob,
  container: Container,
  settings: CronJobSettings,
  context: ProcedureContext,
  destination: Destination,
  machine: Machines,
  standpoint: Standpoint = 'process',
): Promise<CronJobRun> {
  const drill = drillVariables(context, destination, standpoint);
  const own = authorVariables(settings.environment, drill, context.step.secrets).values;
  const { secrets: described, build } = settings;
  const variables = new Map([...drill, ...own]);
  return { found, container, described, machine, variables, credentials: destination.credentials(), context, build };
}

function containerOf({ cronJob: { metadata, spec } }: FoundCronJob, { container: wanted }: CronJobSettings): Container {
  const { containers } = spec.jobTemplate.spec.template.spec;
  const named = wanted === undefined ? containers : containers.filter(({ name }) => name === wanted);
  const [only, another] = named;
  if (only !== undefined && another === undefined) return only;
  throw new ContractMistakeError({
    thing: `CronJob ${metadata.name}`,
    expected: wanted === undefined ? 'one container' : `a container ${wanted}`,
    observed: `it has ${containers.map(({ name }) => name).join(', ')}`,
    nextStep: 'Say in `container` of cronJob({ … }) which of them takes the backup.',
  });
}

function prefixOf({ name, env }: Container, { prefix }: CronJobSettings): string {
  const found = prefix ?? env.find((variable) => variable.name === 'BACKUP_PREFIX')?.value;
  if (found !== undefined) return found === '' || found.endsWith('/') ? found : `${found}/`;
  throw new ContractMistakeError({
    thing: `container ${name}`,
    expected: 'the variable BACKUP_PREFIX with the prefix of its backups in the bucket',
    observed: 'it has none',
    nextStep:
      "State the prefix in `prefix` of cronJob({ … }), and pass it to the container under the name that the container uses: environment: { … '$(BACKUP_PREFIX)' }.",
  });
}

/** The script that the container's command names, where it comes from a ConfigMap. */
function scriptOf({ cronJob: { spec }, configMaps }: FoundCronJob, { command, args, volumeMounts }: Container) {
  const { volumes } = spec.jobTemplate.spec.template.spec;
  const words = [...command, ...args];
  for (const { name, mountPath } of volumeMounts) {
    const configMap = volumes.find((volume) => volume.name === name)?.configMap?.name;
    for (const [key, content] of configMaps.get(configMap ?? '') ?? []) {
      if (words.some((word) => word.includes(`${mountPath}/${key}`))) return content.toString('utf8');
    }
  }
  return words.join('\n');
}

function differences(
  { cronJob: { metadata, spec } }: FoundCronJob,
  container: Container,
  { image }: CronJobSettings,
  target: Pick<Target, 'name' | 'capabilities'>,
): string[] {
  const { name } = metadata;
  const zone = `CronJob ${name} names no time zone: its schedule was read as UTC, but a cluster uses the time zone of its controller manager`;
  const other = `CronJob ${name} ran in image ${image}, not in ${container.image}`;
  const mounts = container.volumeMounts.map(({ mountPath }) => mountPath).join(', ');
  const asProcess = `CronJob ${name} ran as a process of this machine (${target.name}), not as a pod: its image ${container.image} was not used, its security context, resource limits, deadline and retries did not apply${mounts === '' ? '' : `, and its volumes (${mounts}) were folders of this machine`}`;
  const inPod = image === undefined || image === container.image ? [] : [other];
  return [...(spec.timeZone === undefined ? [zone] : []), ...(podsRunOn(target) ? inPod : [asProcess])];
}

const podsRunOn = ({ capabilities }: Pick<Target, 'capabilities'>): boolean => capabilities.includes('pods');

/** What a pod wrote goes with its namespace; nothing brings it to the machine of the restore. */
function requireNothingKept(thing: string, keeps: readonly string[]): void {
  if (keeps.length === 0) return;
  throw new NotProvableHereError({
    thing,
    expected: 'only Secrets of its pod to be kept',
    observed: `the contract keeps ${keeps.join(', ')}, which cannot be taken out of a pod`,
    nextStep: 'Drill it with --target local, where its volumes are folders of this machine.',
  });
}
