import { z } from 'zod';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';
import type { Step } from '../../../model/step.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../../../wait/wait.ts';
import { SESSION_LABEL } from '../access.ts';

/** The template of a live CronJob's pod, limited to fields that decide whether a pod may run in that namespace. */
export interface PodTemplate {
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Fields of its pod and container on where and how it runs, without volumes, variables and commands. */
  readonly pod: Readonly<Record<string, unknown>>;
  readonly container: Readonly<Record<string, unknown>>;
}

export interface PodTrial {
  readonly namespace: string;
  readonly template: PodTemplate;
  /** Name of a Secret. All its values become variables of the container. The pod gets nothing else of the cluster. */
  readonly secret: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Script for `sh -c`; its output to /dev/termination-log is returned. */
  readonly script: string;
}

/** The output of the pod, or why it did not finish. */
export type PodTrialEnd = { readonly said: string } | { readonly neverEnded: string };

/** Fields on placement and security of a pod: without these the namespace may refuse it. */
const POD_FIELDS = [
  'securityContext',
  'imagePullSecrets',
  'nodeSelector',
  'tolerations',
  'affinity',
  'dnsPolicy',
  'dnsConfig',
  'priorityClassName',
  'runtimeClassName',
] as const;
const CONTAINER_FIELDS = ['imagePullPolicy', 'securityContext', 'resources'] as const;
const END_BUDGET_MS = 90_000;
/** Time limit for retries of the kubelet, such as a Secret that is not in its cache yet. */
const START_BUDGET_MS = 30_000;
/** Reasons that mean that the kubelet is still starting the container; only an event gives details. */
const STILL_MAKING = new Set(['ContainerCreating', 'PodInitializing']);
const HOPELESS = new Set(['InvalidImageName', 'ErrImageNeverPull']);

const cronJobSchema = z.looseObject({
  spec: z.looseObject({
    jobTemplate: z.looseObject({
      spec: z.looseObject({
        template: z.looseObject({
          metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).default({ labels: {} }),
          spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })).min(1) }),
        }),
      }),
    }),
  }),
});
const podSchema = z.looseObject({
  status: z
    .looseObject({
      containerStatuses: z
        .array(
          z.looseObject({
            state: z
              .looseObject({
                waiting: z.looseObject({ reason: z.string().default(''), message: z.string().default('') }).optional(),
                terminated: z
                  .looseObject({ exitCode: z.int(), reason: z.string().default(''), message: z.string().default('') })
                  .optional(),
              })
              .default({}),
          }),
        )
        .default([]),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .default({ containerStatuses: [], conditions: [] }),
});

/** Returns the template of a live CronJob's pods; undefined if there is no such CronJob. */
export async function findPodTemplate(
  kubeconfigPath: string,
  { namespace, cronJob }: { readonly namespace: string; readonly cronJob: string },
  signal: AbortSignal,
): Promise<PodTemplate | undefined> {
  using api = new KubernetesApi(kubeconfigPath);
  const found = await api.findObject(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${cronJob}`, signal);
  if (found === undefined) return undefined;
  const { metadata, spec } = cronJobSchema.parse(found).spec.jobTemplate.spec.template;
  const [container] = spec.containers;
  if (container === undefined) return undefined;
  return {
    image: container.image,
    labels: metadata.labels,
    pod: picked(spec, POD_FIELDS),
    container: picked(container, CONTAINER_FIELDS),
  };
}

const picked = (from: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));

/** Runs one Job to its end in a live namespace, and removes it. */
export async function runPodTrial(
  kubeconfigPath: string,
  trial: PodTrial,
  sessionId: string,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<PodTrialEnd> {
  using api = new KubernetesApi(kubeconfigPath);
  const name = `dr-trial-${crypto.randomUUID().slice(0, 8)}`;
  const jobs = `/apis/batch/v1/namespaces/${trial.namespace}/jobs`;
  await api.create(jobs, jobOf(name, trial, sessionId), signal);
  try {
    return await untilEnded(api, name, trial.namespace, { clock, signal });
  } finally {
    // After an aborted check, the Job's time to live removes it.
    if (!signal.aborted) await api.delete(`${jobs}/${name}?propagationPolicy=Background`, signal);
  }
}

function jobOf(name: string, { template, secret, variables, script }: PodTrial, sessionId: string): object {
  const labels = { ...template.labels, [SESSION_LABEL]: sessionId };
  const home = [{ name: 'home', mountPath: '/dr-home' }];
  const env = Object.entries({ HOME: '/dr-home', TMPDIR: '/dr-home', ...variables });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels: { [SESSION_LABEL]: sessionId } },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: END_BUDGET_MS / 1_000,
      ttlSecondsAfterFinished: 60,
      template: {
        // Excludes the scratch folder from a concurrent backup of the namespace.
        metadata: { labels, annotations: { 'backup.velero.io/backup-volumes-excludes': 'home' } },
        spec: {
          ...template.pod,
          // No account of the cluster either: the pod has only the Secret.
          automountServiceAccountToken: false,
          restartPolicy: 'Never',
          containers: [
            {
              ...template.container,
              name: 'trial',
              image: template.image,
              command: ['sh', '-c', script],
              envFrom: [{ secretRef: { name: secret } }],
              env: env.map(([variable, value]) => ({ name: variable, value })),
              volumeMounts: home,
            },
          ],
          volumes: [{ name: 'home', emptyDir: {} }],
        },
      },
    },
  };
}

async function untilEnded(
  api: KubernetesApi,
  job: string,
  namespace: string,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<PodTrialEnd> {
  const beganMs = clock.monotonicMs();
  const path = `/api/v1/namespaces/${namespace}/pods`;
  try {
    return await waitFor<PodTrialEnd>(
      {
        for: `the pod of Job ${namespace}/${job} to end`,
        budgetMs: END_BUDGET_MS,
        intervalMs: 500,
        look: async (looking) => {
          const [object] = await Array.fromAsync(api.list(path, looking, `job-name=${job}`));
          const isLate = clock.monotonicMs() - beganMs > START_BUDGET_MS;
          if (object === undefined) {
            const refusal = await refusalOf(api, namespace, job, looking);
            if (refusal !== undefined && isLate) return arrived({ neverEnded: `it was never created: ${refusal}` });
            return notYet(refusal ?? 'there is no pod yet');
          }
          const { status } = podSchema.parse(object);
          const { terminated, waiting } = status.containerStatuses[0]?.state ?? {};
          if (terminated !== undefined) {
            if (terminated.message !== '') return arrived({ said: terminated.message });
            return arrived({ neverEnded: `it exited ${terminated.exitCode} (${terminated.reason}) without a message` });
          }
          if (waiting !== undefined && neverStarts(waiting.reason, isLate)) {
            return arrived({ neverEnded: `it never started: ${inWords(waiting)}` });
          }
          const condition = status.conditions.find(({ status: is }) => is === 'False');
          return notYet(waiting === undefined ? condition?.message || 'it has not ended' : inWords(waiting));
        },
      },
      clock,
      signal,
    );
  } catch (error) {
    if (error instanceof WaitTimeoutError) {
      return { neverEnded: `it has not ended within ${END_BUDGET_MS / 1_000} s: ${error.lastSeen}` };
    }
    throw error;
  }
}

const neverStarts = (reason: string, isLate: boolean): boolean =>
  HOPELESS.has(reason) || (isLate && !STILL_MAKING.has(reason));

const inWords = ({ reason, message }: { readonly reason: string; readonly message: string }): string =>
  message === '' ? reason : `${reason}: ${message}`;

const eventSchema = z.looseObject({ message: z.string().default(''), type: z.string().default('') });

/** Returns why a Job has no pod: a refusal by admission, or an exhausted quota. Undefined if no event names a reason. */
async function refusalOf(
  api: KubernetesApi,
  namespace: string,
  job: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = new URLSearchParams({ fieldSelector: `involvedObject.name=${job},type=Warning` });
  const found = z
    .looseObject({ items: z.array(eventSchema) })
    .parse(await api.get(`/api/v1/namespaces/${namespace}/events?${query}`, signal));
  return found.items.at(-1)?.message || undefined;
}
