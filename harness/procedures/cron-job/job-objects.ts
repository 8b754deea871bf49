import type { ManifestObject } from '../../model/rendering.ts';
import type { FoundCronJob } from './find.ts';
import type { Container, Content } from './spec.ts';
import { cronJobObject } from './spec.ts';

export interface JobPlan {
  readonly found: FoundCronJob;
  /** The container whose image may be another. */
  readonly container: Container;
  readonly image: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, Content>;
  readonly namespace: string;
  readonly job: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Everything that the Job needs in a namespace of its own: what its manifests declare beside it, and the Job as the CronJob would make it. */
export function jobObjects(plan: JobPlan): readonly object[] {
  const { found, secrets, namespace, labels } = plan;
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
    ...found.others.map((object) => placed(object, namespace)),
    ...[...found.configMaps].map(([name, content]) => configMap(name, content, namespace)),
    ...[...secrets].map(([name, content]) => secret(name, content, namespace)),
    jobOf(plan),
  ];
}

const placed = (object: ManifestObject, namespace: string): object => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

function configMap(name: string, content: Content, namespace: string): object {
  const isText = (bytes: Buffer) => Buffer.from(bytes.toString('utf8')).equals(bytes);
  const entries = [...content];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: Object.fromEntries(entries.filter(([, b]) => isText(b)).map(([key, b]) => [key, b.toString('utf8')])),
    binaryData: Object.fromEntries(
      entries.filter(([, b]) => !isText(b)).map(([key, b]) => [key, b.toString('base64')]),
    ),
  };
}

const secret = (name: string, content: Content, namespace: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  data: Object.fromEntries([...content].map(([key, bytes]) => [key, bytes.toString('base64')])),
});

/** As `kubectl create job --from=cronjob/…` makes it, but for the drill's variables and the image. */
function jobOf({ found, container, image, variables, namespace, job, labels }: JobPlan): object {
  // Parsed, so that what is changed is known; fields that are not named in the schema stay as they came.
  const { spec, metadata } = cronJobObject.parse(found.manifest).spec.jobTemplate;
  const pod = spec.template.spec;
  const changed = (each: Container) => ({
    ...each,
    image: each.name === container.name ? image : each.image,
    env: [
      ...[...variables].map(([name, value]) => ({ name, value })),
      ...each.env.filter(({ name }) => !variables.has(name)),
    ],
  });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: job,
      namespace,
      labels: { ...metadata?.labels, ...labels },
      annotations: { ...metadata?.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
    },
    spec: {
      ...spec,
      template: {
        ...spec.template,
        spec: {
          ...pod,
          initContainers: pod.initContainers.map(changed),
          containers: pod.containers.map(changed),
        },
      },
    },
  };
}
