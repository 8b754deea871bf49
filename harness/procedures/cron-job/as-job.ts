import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ExplainedError, NotProvableHereError, summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { counted } from '../../model/text.ts';
import { KEPT_OUTPUT_BYTES, tellingLines, Warnings } from '../../process/output.ts';
import { platformPath } from '../../process/platform-folder.ts';
import type { ProgramRun } from '../../process/program.ts';
import { type Command, runCommand } from '../../process/run.ts';
import { DRILL_LABEL, SESSION_LABEL } from '../../systems/kubernetes/access.ts';
import type { KubernetesPlace } from '../../systems/kubernetes/service.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import type { CronJobRun } from './as-process.ts';
import { jobObjects } from './job-objects.ts';
import { isRegistryUnreachable, StartWatch } from './never-starts.ts';
import { secretsOfDrill } from './secrets.ts';

const JOB_BUDGET_MS = 840_000;
const LOOK_INTERVAL_MS = 500;
const CLEANUP_BUDGET_MS = 30_000;

const jobSchema = z.looseObject({
  status: z
    .looseObject({
      conditions: z
        .array(
          z.looseObject({
            type: z.string(),
            status: z.string(),
            reason: z.string().default(''),
            message: z.string().default(''),
          }),
        )
        .default([]),
    })
    .default({ conditions: [] }),
});
const waiting = z.looseObject({ reason: z.string().default(''), message: z.string().default('') });
const containerStatuses = z
  .array(z.looseObject({ name: z.string(), state: z.looseObject({ waiting: waiting.optional() }).default({}) }))
  .default([]);
const podsSchema = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      status: z
        .looseObject({ containerStatuses, initContainerStatuses: containerStatuses })
        .default({ containerStatuses: [], initContainerStatuses: [] }),
    }),
  ),
});

/** Runs the CronJob once as a Job of its own, in a namespace of its own, to its end. Secrets are left out of what its container wrote. */
export async function runAsJob(run: CronJobRun, image: string): Promise<ProgramRun> {
  const { found, container, described, variables, credentials, context } = run;
  const { target, drillId, step } = context;
  await using place = await target.place(sharedKubernetes);
  // The namespace of a first run may still be going.
  const namespace = `dr-job-${drillId}${context.earlier === undefined ? '' : '-2'}`;
  const job = `${found.cronJob.metadata.name}-${drillId}`;
  const secrets = secretsOfDrill(found, described, new Map([...variables, ...credentials]), step.secrets);
  const labels = { [SESSION_LABEL]: target.sessionId, [DRILL_LABEL]: drillId };
  const objects = jobObjects({ found, container, image, variables, secrets, namespace, job, labels });
  const kubectl = async (
    args: readonly string[],
    signal = step.signal,
    output: Pick<Command, 'keptBytes' | 'onLine'> = {},
  ) => {
    const { stdout } = await runCommand(
      {
        ...output,
        name: `kubectl ${args.slice(0, 2).join(' ')}`,
        file: target.tool('kubectl'),
        args: ['--kubeconfig', place.kubeconfigPath, ...args],
      },
      signal,
    );
    return stdout;
  };
  await bringImage(place, image, run);
  const folder = await mkdtemp(join(step.scratchDir, 'job-'));
  try {
    const path = join(folder, 'objects.json');
    // Written to a file, because Secrets must not be on a command line.
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }), { mode: 0o600 });
    await kubectl(['create', '--filename', path]);
    step.progress(`Job ${namespace}/${job} runs in image ${image}`);
    const ended = await untilEnded(kubectl, namespace, job, run);
    const warnings = new Warnings((line) => step.secrets.redact(line));
    const log = step.secrets.redact(
      await kubectl(
        ['--namespace', namespace, 'logs', `job/${job}`, '--container', container.name],
        step.signal,
        // A pod may write without end: the end of it says how it went.
        { keptBytes: KEPT_OUTPUT_BYTES, onLine: warnings.look },
      ),
    );
    if (ended.type === 'Complete') return { output: log, warnings: warnings.lines };
    throw failed(
      job,
      `it failed (${ended.reason}: ${ended.message}); its pod said: ${tellingLines('', log).join(' / ').replace(/\.$/, '')}`,
    );
  } finally {
    await cleanUp(folder, namespace, kubectl, step);
  }
}

/**
 * Never throws: how the Job ended matters more than what is left of it, and the namespace is marked as disposable, so that the end of
 * the session removes it.
 */
async function cleanUp(
  folder: string,
  namespace: string,
  kubectl: (args: readonly string[], signal: AbortSignal) => Promise<string>,
  step: Step,
): Promise<void> {
  const removals = await Promise.allSettled([
    rm(folder, { recursive: true, force: true }),
    kubectl(
      ['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false'],
      AbortSignal.timeout(CLEANUP_BUDGET_MS),
    ),
  ]);
  for (const removal of removals) {
    if (removal.status === 'rejected') step.progress(`left of Job ${namespace}: ${summaryOf(removal.reason)}`);
  }
}

async function bringImage(place: KubernetesPlace, image: string, { context, build }: CronJobRun): Promise<void> {
  const { signal, progress } = context.step;
  try {
    await place.nodes.loadImage(image, signal, {
      progress,
      buildFrom: build === undefined ? undefined : platformPath(build),
    });
  } catch (error) {
    signal.throwIfAborted();
    progress(`the node has to pull image ${image} itself: ${summaryOf(error)}`);
  }
}

const NEVER = 'NeverStarts';
interface JobEnd {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

async function untilEnded(
  kubectl: (args: readonly string[], signal?: AbortSignal) => Promise<string>,
  namespace: string,
  job: string,
  { context }: CronJobRun,
) {
  const read = async (args: readonly string[], signal: AbortSignal): Promise<unknown> =>
    JSON.parse(await kubectl(['--namespace', namespace, 'get', ...args, '--output', 'json'], signal));
  const starts = new StartWatch();
  const end = await waitFor<JobEnd>(
    {
      for: `Job ${namespace}/${job} to end`,
      budgetMs: JOB_BUDGET_MS,
      intervalMs: LOOK_INTERVAL_MS,
      look: async (signal) => {
        const { status } = jobSchema.parse(await read(['job', job], signal));
        const condition = status.conditions.find(
          ({ type, status: is }) => is === 'True' && /^(Complete|Failed)$/.test(type),
        );
        if (condition !== undefined) return arrived(condition);
        const pods = podsSchema.parse(await read(['pods', '--selector', `job-name=${job}`], signal));
        const states = pods.items.flatMap(({ metadata, status: pod }) =>
          [...pod.initContainerStatuses, ...pod.containerStatuses].map(({ name, state }) => ({
            pod: metadata.name,
            container: name,
            reason: state.waiting?.reason ?? '',
            message: state.waiting?.message ?? '',
          })),
        );
        const stuck = starts.look(states, context.step.clock.monotonicMs());
        if (stuck !== undefined) return arrived({ type: NEVER, ...stuck });
        const late = states.find(({ reason }) => reason !== '');
        const why = late === undefined ? '' : `; container ${late.container} waits (${late.reason}: ${late.message})`;
        return notYet(`${counted(pods.items.length, 'pod')}, none of them done${why}`);
      },
    },
    context.step.clock,
    context.step.signal,
  );
  if (end.type !== NEVER) return end;
  if (isRegistryUnreachable(end)) {
    throw new NotProvableHereError({
      thing: `Job ${job}`,
      expected: 'a registry that serves its image',
      observed: `the registry could not be reached (${end.reason}: ${end.message})`,
      nextStep: 'Load the image beforehand, or drill again when the registry answers.',
    });
  }
  throw failed(job, `its pod never starts (${end.reason}: ${end.message})`);
}

function failed(job: string, observed: string): ExplainedError {
  return new ExplainedError({
    thing: `Job ${job}`,
    expected: 'to complete',
    observed,
    nextStep: 'Check the image, the volumes of the pod, and the output of its program.',
  });
}
