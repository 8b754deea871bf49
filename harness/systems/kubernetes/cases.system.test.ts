import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Comparison } from '../../model/record.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { veleroSchedule } from '../velero/procedure.ts';
import { CONTROL_PLANE_LOST } from './disasters.ts';
import { beginCase, kubectl, type TestDrill } from './testing.ts';

const target = sharedTarget();

const CONFIG = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { app: shop } }
data: { region: here }
`;
const SECRET = `
apiVersion: v1
kind: Secret
metadata: { name: payment, labels: { app: shop } }
stringData: { token: a-token-that-nobody-knows }
`;

describe('what a namespace may look like, restored by Velero', () => {
  test('N13: a quota on ConfigMaps, Secrets and Services has room for markers and probe, however many are written', async () => {
    const quota = `
apiVersion: v1
kind: ResourceQuota
metadata: { name: team }
spec: { hard: { configmaps: "3", secrets: "1", count/services: "1", requests.cpu: "4", pods: "20" } }
`;
    const service = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [ { port: 80 } ] }
`;
    await using drill = await beginCase(target, [quota, CONFIG, SECRET, service].join('---'));
    await writeMarkers(drill, 30);
    const { comparison, markers } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(markers).toHaveLength(35);
  });

  test('N13: a quota that is used up leaves markers an annotation', async () => {
    const quota = `
apiVersion: v1
kind: ResourceQuota
metadata: { name: team }
spec: { hard: { count/configmaps: "2", count/secrets: "1" } }
`;
    await using drill = await beginCase(target, [quota, CONFIG, SECRET].join('---'));
    const { comparison, markers } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(markers).toEqual(drill.markers);
  });

  test('N13: manifests that declare more than their own quota are told so', async () => {
    const quota = `
apiVersion: v1
kind: ResourceQuota
metadata: { name: team }
spec: { hard: { configmaps: "1" } }
`;
    const refused = await beginCase(target, [CONFIG, quota].join('---')).then(
      async (drill) => await drill[Symbol.asyncDispose](),
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(ExplainedError);
    expect(refused).toMatchObject({ explanation: { thing: 'ConfigMap settings', cause: 'quota-used-up' } });
  });

  test('N14: the ServiceAccount default, the certificate that every namespace gets, and the namespace itself are applied', async () => {
    const given = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: shop }, annotations: { owner: shop } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: default }
imagePullSecrets: [ { name: payment } ]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kube-root-ca.crt, labels: { app: shop } }
`;
    await using drill = await beginCase(target, [given, SECRET].join('---'));
    const { comparison } = await throughVelero(drill);
    expect(comparison.items.find(({ kind }) => kind === 'ServiceAccount')).toMatchObject({ expected: 1, matched: 1 });
    expect(comparison.items.find(({ kind }) => kind === 'Namespace')).toMatchObject({ expected: 1, matched: 1 });
  });

  test('N15: a status without a subresource is content, and Velero loses it', async () => {
    const { definition, lease } = leases('without', '');
    await using drill = await beginCase(target, [definition, lease('')].join('---'));
    const { comparison } = await throughVelero(drill, { isServed: false });
    expect(comparison.firstDifferences).toEqual([
      {
        item: 'AddressLease.without.example.com gateway',
        field: 'status.address',
        expected: '"192.0.2.44"',
        observed: 'absent',
      },
    ]);
  });

  test('N15: a status with a subresource is for controllers to write', async () => {
    const { definition, lease } = leases('with', 'subresources: { status: {} }');
    await using drill = await beginCase(target, [definition, lease('')].join('---'));
    const { comparison } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(comparison.notVerified.join('\n')).toContain('subresource');
  });

  test.each([
    [
      'Services and endpoints of something outside',
      `
apiVersion: v1
kind: Service
metadata: { name: outside }
spec: { ports: [ { port: 5432 } ] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: outside }
subsets: [ { addresses: [ { ip: 192.0.2.10 } ], ports: [ { port: 5432 } ] } ]
---
apiVersion: v1
kind: Service
metadata: { name: elsewhere }
spec: { type: ExternalName, externalName: db.example.com }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: none }
spec: { podSelector: {}, policyTypes: [ Ingress ] }
`,
    ],
    [
      'one bare pod',
      `
apiVersion: v1
kind: Pod
metadata: { name: tools }
spec: { containers: [ { name: tools, image: busybox, command: [ sleep, "3600" ] } ] }
`,
    ],
    [
      'a claim without a pod',
      `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ ReadWriteOnce ], storageClassName: none, resources: { requests: { storage: 1Gi } } }
`,
    ],
    [
      'a DaemonSet and a suspended CronJob',
      `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template: { metadata: { labels: { app: agent } }, spec: { containers: [ { name: a, image: busybox } ] } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "0 2 * * *"
  suspend: true
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [ { name: nightly, image: busybox } ] } } } }
`,
    ],
    [
      'a Job and nothing else',
      `
apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec: { template: { spec: { restartPolicy: Never, containers: [ { name: m, image: busybox, command: [ "true" ] } ] } } }
`,
    ],
  ])('N18: %s can be probed, and comes back', async (_, manifests) => {
    await using drill = await beginCase(target, manifests);
    const { comparison, markers } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(markers).toEqual(drill.markers);
    expect(drill.asset.probe.reads).toMatch(/^the content of [A-Z]/);
  });

  test('C13: a Job is a new one after the restore, and the comparison says that it starts anew', async () => {
    const job = `
apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec: { template: { spec: { restartPolicy: Never, containers: [ { name: m, image: busybox, command: [ "true" ] } ] } } }
`;
    await using drill = await beginCase(target, [job, CONFIG].join('---'));
    await untilThere(drill, 'pods', 1);
    const { comparison } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(comparison.items.find(({ kind }) => kind === 'Job.batch')).toMatchObject({ expected: 1, matched: 1 });
    expect(comparison.items.find(({ kind }) => kind === 'Pod')).toBeUndefined();
    expect(comparison.notVerified.join('\n')).toContain('first: migrate');
  });

  test('C13: a Job that is lost is missing', async () => {
    const job = `
apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec: { suspend: true, template: { spec: { restartPolicy: Never, containers: [ { name: m, image: busybox } ] } } }
`;
    await using drill = await beginCase(target, [job, CONFIG].join('---'));
    const point = await drill.backUp();
    await drill.strike();
    await drill.restore(point);
    await kubectl(target, drill, '-n', namespaceOf(drill), 'delete', 'job', 'migrate');
    expect(faultsOf(await drill.compare())).toEqual(['Job.batch: 1 missing']);
  });

  test('N19: Jobs that a CronJob made, before and after the fingerprint, are its own, and so are their pods', async () => {
    const cronJob = `
apiVersion: batch/v1
kind: CronJob
metadata: { name: tick }
spec:
  schedule: "0 2 29 2 *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [ { name: t, image: busybox } ] } } } }
`;
    const controller = `
apiVersion: v1
kind: ReplicationController
metadata: { name: old }
spec: { replicas: 1, template: { metadata: { labels: { app: old } }, spec: { containers: [ { name: o, image: busybox } ] } } }
`;
    await using drill = await beginCase(target, [cronJob, controller, CONFIG].join('---'));
    await runJobOf(drill, 'tick', 'tick-1');
    await untilThere(drill, 'pods', 2);
    const { comparison } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(comparison.items.find(({ kind }) => kind === 'Job.batch')).toBeUndefined();
    expect(comparison.items.find(({ kind }) => kind === 'Pod')).toBeUndefined();
  });

  test('N19: replicas that an autoscaler has changed since are its own', async () => {
    const scaled = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  replicas: 1
  selector: { matchLabels: { app: api } }
  template: { metadata: { labels: { app: api } }, spec: { containers: [ { name: a, image: busybox } ] } }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: api }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: api }, minReplicas: 1, maxReplicas: 5 }
`;
    await using drill = await beginCase(target, scaled);
    await kubectl(target, drill, '-n', namespaceOf(drill), 'scale', 'deployment', 'api', '--replicas=3');
    const { comparison } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
  });

  test('a pod that was older than the LimitRange comes back with its defaults, and the API server says that they are defaults', async () => {
    const pod = `
apiVersion: v1
kind: Pod
metadata: { name: tools }
spec: { containers: [ { name: tools, image: busybox } ] }
`;
    await using drill = await beginCase(target, [pod, CONFIG].join('---'));
    await applyText(
      drill,
      `
apiVersion: v1
kind: LimitRange
metadata: { name: sizes }
spec: { limits: [ { type: Container, default: { cpu: 500m }, defaultRequest: { cpu: 100m } } ] }
`,
    );
    const { comparison } = await throughVelero(drill);
    // The LimitRange was made after the fingerprint.
    expect(faultsOf(comparison)).toEqual(['LimitRange: 1 extra']);
    expect(comparison.notVerified.join('\n')).toContain('Pod tools metadata.annotations["kubernetes.io/limit-ranger"]');
  });

  test('an object that another one of the manifests owns is content all the same', async () => {
    const owned = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-of-account
  ownerReferences: [ { apiVersion: v1, kind: ServiceAccount, name: shop, controller: true, uid: somewhere-else } ]
data: { region: here }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: shop }
`;
    await using drill = await beginCase(target, owned);
    const { comparison } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(comparison.items.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({ expected: 1, matched: 1 });
  });

  test('objects of the whole cluster: classes, admission policies, and custom resources', async () => {
    const ofCluster = `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: REPLACE_WITH_NAMESPACE-edge }
spec: { controller: example.com/edge }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: REPLACE_WITH_NAMESPACE-labels }
spec:
  matchConstraints:
    resourceRules: [ { apiGroups: [ apps ], apiVersions: [ v1 ], operations: [ CREATE ], resources: [ deployments ], scope: Namespaced } ]
  validations: [ { expression: "has(object.metadata.labels)" } ]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: REPLACE_WITH_NAMESPACE-labels }
spec:
  policyName: REPLACE_WITH_NAMESPACE-labels
  validationActions: [ Deny ]
  matchResources: { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: REPLACE_WITH_NAMESPACE } } }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: zones.whole.example.com }
spec:
  group: whole.example.com
  scope: Cluster
  names: { kind: Zone, plural: zones, singular: zone, listKind: ZoneList }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
---
apiVersion: whole.example.com/v1
kind: Zone
metadata: { name: REPLACE_WITH_NAMESPACE-zone, finalizers: [ whole.example.com/hold ] }
spec: { pool: dmz }
`;
    const clusterScoped = [
      'ingressclasses',
      'validatingadmissionpolicies',
      'validatingadmissionpolicybindings',
      'zones.whole.example.com',
    ];
    const procedure = veleroSchedule({ cron: '0 * * * *', clusterScoped });
    await using drill = await beginCase(target, [ofCluster, CONFIG].join('---'), CONTROL_PLANE_LOST, procedure);
    const { comparison } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(comparison.items.map(({ kind }) => kind)).toContain('Zone.whole.example.com');
  });

  test('a control plane that is lost comes back with its custom resources, markers and probe', async () => {
    const { definition, lease } = leases('lost', 'subresources: { status: {} }');
    await using drill = await beginCase(target, [definition, lease(''), SECRET].join('---'), CONTROL_PLANE_LOST);
    const { comparison, markers } = await throughVelero(drill);
    expect(faultsOf(comparison)).toEqual([]);
    expect(markers).toEqual(drill.markers);
  });
});

describe('C31: what a finalizer keeps', () => {
  test('is named with its finalizer, and let go in clean-up', { timeout: 170_000 }, async () => {
    const { definition, lease } = leases('held', 'subresources: { status: {} }');
    const drill = await beginCase(target, [definition, lease('finalizers: [ held.example.com/hold ]')].join('---'));
    const namespace = namespaceOf(drill);
    let failure: unknown;
    {
      await using struck = drill;
      await struck.backUp();
      failure = await struck.strike().catch((error: unknown) => error);
    }
    expect(failure).toMatchObject({
      explanation: {
        observed: expect.stringContaining('AddressLease.held.example.com gateway by finalizer held.example.com/hold'),
        cause: 'finalizer-not-removed',
      },
    });
    using api = new KubernetesApi(drill.asset.environment()['KUBECONFIG'] ?? '');
    expect(await api.findObject(`${NAMESPACES}/${namespace}`, AbortSignal.timeout(5_000))).toBeUndefined();
  });
});

describe('C31: a finalizer of a controller that Kubernetes has elsewhere', () => {
  test('is named and let go as well', { timeout: 170_000 }, async () => {
    const balanced = `
apiVersion: v1
kind: Service
metadata: { name: web, finalizers: [ service.kubernetes.io/load-balancer-cleanup ] }
spec: { type: LoadBalancer, ports: [ { port: 80 } ] }
`;
    const drill = await beginCase(target, [balanced, CONFIG].join('---'));
    let failure: unknown;
    {
      await using struck = drill;
      failure = await struck.strike().catch((error: unknown) => error);
    }
    expect(failure).toMatchObject({
      explanation: {
        observed: expect.stringContaining('Service web by finalizer service.kubernetes.io/load-balancer-cleanup'),
        cause: 'finalizer-not-removed',
      },
    });
    using api = new KubernetesApi(drill.asset.environment()['KUBECONFIG'] ?? '');
    expect(await api.findObject(`${NAMESPACES}/${namespaceOf(drill)}`, AbortSignal.timeout(5_000))).toBeUndefined();
  });
});

describe('N16: a restore with kubectl', () => {
  test.each([['apply'], ['apply', '--server-side'], ['create']])('%s %s brings everything back', async (...how) => {
    const policy = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: none }
spec: { podSelector: {}, policyTypes: [ Ingress ] }
`;
    await using drill = await beginCase(target, [CONFIG, SECRET, policy].join('---'));
    const namespace = namespaceOf(drill);
    const saved = await cleanedText(drill, ['configmaps', 'secrets', 'networkpolicies']);
    await drill.strike();
    // A manual restore does not set the marks of a drill.
    await kubectl(target, drill, 'create', 'namespace', namespace);
    await applyText(drill, saved, how);
    const comparison = await drill.compare();
    expect(faultsOf(comparison)).toEqual([]);
    expect(await drill.readMarkers()).toEqual(drill.markers);
    await drill.asset.probe.read(drill.step.signal);
    await drill.asset.probe.write(drill.step.signal);
  });

  test('what kubectl had noted and is lost is a difference, and so is a label that nobody had set', async () => {
    const noted = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"}}'
data: { region: here }
`;
    await using drill = await beginCase(target, noted);
    const namespace = namespaceOf(drill);
    await drill.strike();
    await kubectl(target, drill, 'create', 'namespace', namespace);
    await kubectl(target, drill, '-n', namespace, 'create', 'configmap', 'settings', '--from-literal=region=here');
    await kubectl(target, drill, '-n', namespace, 'label', 'configmap', 'settings', 'spoilt=yes');
    const { firstDifferences } = await drill.compare();
    expect(firstDifferences.map(({ field }) => field)).toEqual([
      'metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]',
      'metadata.labels.spoilt',
    ]);
  });
});

const namespaceOf = ({ asset }: TestDrill): string => asset.environment()['ASSET_NAMESPACE'] ?? '';

/** Runs backup, disaster and restore, with users who read and write before and after. */
async function throughVelero(drill: TestDrill, { isServed = true } = {}) {
  const { asset, step } = drill;
  await asset.probe.read(step.signal);
  await asset.probe.write(step.signal);
  const point = await drill.backUp();
  await drill.strike();
  await drill.restore(point);
  const comparison = await drill.compare();
  if (isServed) {
    await asset.probe.read(step.signal);
    await asset.probe.write(step.signal);
  }
  return { comparison, markers: await drill.readMarkers() };
}

function faultsOf({ items, firstDifferences }: Comparison): readonly string[] {
  const faults = items.flatMap(({ kind, ...counts }) =>
    (['missing', 'extra', 'differing'] as const).flatMap((what) =>
      counts[what] === 0 ? [] : [`${kind}: ${counts[what]} ${what}`],
    ),
  );
  const differing = firstDifferences.filter(({ field }) => field !== '(whole object)');
  return [...faults, ...differing.map(({ item, field }) => `${item} ${field}`)];
}

async function writeMarkers({ asset, drillId, step, markers }: TestDrill, count: number): Promise<void> {
  const [lane] = asset.lanes;
  for (let sequence = markers.length + 1; sequence <= markers.length + count; sequence += 1) {
    await lane?.write(sequence, `marker ${sequence} of ${drillId}`, step.signal);
  }
}

/** Returns a CRD in its own group, so that no other test shares it, and an object of it. */
function leases(group: string, subresources: string) {
  const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: addressleases.${group}.example.com }
spec:
  group: ${group}.example.com
  scope: Namespaced
  names: { kind: AddressLease, plural: addressleases, singular: addresslease, listKind: AddressLeaseList }
  versions:
    - name: v1
      served: true
      storage: true
      ${subresources}
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`;
  const lease = (more: string) => `
apiVersion: ${group}.example.com/v1
kind: AddressLease
metadata:
  name: gateway
  ${more}
spec: { pool: dmz }
status: { address: 192.0.2.44 }
`;
  return { definition, lease };
}

async function untilThere({ asset, step }: TestDrill, plural: string, count: number): Promise<void> {
  using api = new KubernetesApi(asset.environment()['KUBECONFIG'] ?? '');
  const path = `${NAMESPACES}/${asset.environment()['ASSET_NAMESPACE']}/${plural}`;
  await waitFor(
    {
      for: `${count} ${plural}`,
      budgetMs: 60_000,
      look: async (signal) => {
        const found = await Array.fromAsync(api.list(path, signal));
        return found.length >= count ? arrived(undefined) : notYet(`${found.length}`);
      },
    },
    step.clock,
    step.signal,
  );
}

/** Creates a Job like the CronJob's controller. */
async function runJobOf(drill: TestDrill, cronJob: string, name: string): Promise<void> {
  const there = await kubectl(target, drill, '-n', namespaceOf(drill), 'get', 'cronjob', cronJob, '-o', 'json');
  const { metadata, spec } = JSON.parse(there);
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: cronJob, uid: metadata.uid, controller: true };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, ownerReferences: [owner] },
    spec: spec.jobTemplate.spec,
  };
  await applyText(drill, JSON.stringify(job), ['create']);
}

async function applyText(drill: TestDrill, text: string, how: readonly string[] = ['apply']): Promise<void> {
  const path = join(drill.step.scratchDir, 'applied.yaml');
  await writeFile(path, text);
  await kubectl(target, drill, '-n', namespaceOf(drill), ...how, '-f', path);
}

/** Returns the content of the simplest backup: the objects as JSON, without server fields. */
async function cleanedText(drill: TestDrill, plurals: readonly string[]): Promise<string> {
  const text = await kubectl(target, drill, '-n', namespaceOf(drill), 'get', plurals.join(','), '-o', 'json');
  const items = JSON.parse(text).items.flatMap((item: { metadata: Record<string, unknown> }) => {
    if (item.metadata['name'] === 'kube-root-ca.crt') return [];
    const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, ...metadata } = item.metadata;
    return [{ ...item, metadata }];
  });
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
