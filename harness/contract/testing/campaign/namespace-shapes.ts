import { dirname } from 'node:path';
import { kubernetesNamespace, veleroSchedule } from '../../../index.ts';
import type { Shape } from './stage.ts';

const named = (kind: string, name: string, rest: object = {}, apiVersion = 'v1') => ({
  apiVersion,
  kind,
  metadata: { name },
  ...rest,
});
const settings = named('ConfigMap', 'settings', { data: { color: 'blue' } });
const pause = { name: 'main', image: 'registry.k8s.io/pause:3.10.1' };
const podSpec = (labels: Record<string, string>, more: object = {}) => ({
  metadata: { labels },
  spec: { containers: [pause], ...more },
});
const selected = (app: string) => ({ selector: { matchLabels: { app } }, template: podSpec({ app }) });
const base64 = (text: string) => Buffer.from(text).toString('base64');

const namespaces: Readonly<Record<string, readonly object[]>> = {
  'Pod Security labels, immutable and binary objects': [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } },
    },
    { ...settings, immutable: true, binaryData: { tool: base64('\u0000\u0001binary') } },
    named('Secret', 'tls', {
      type: 'kubernetes.io/tls',
      immutable: true,
      data: { 'tls.crt': base64('a'), 'tls.key': base64('b') },
    }),
  ],
  'Services, Endpoints and routes that lead outside': [
    named('Service', 'database', { spec: { ports: [{ port: 5432 }] } }),
    named('Endpoints', 'database', { subsets: [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 5432 }] }] }),
    named('Service', 'outside', { spec: { type: 'ExternalName', externalName: 'example.test' } }),
    named(
      'Ingress',
      'shop',
      {
        spec: {
          rules: [
            {
              host: 'shop.example.test',
              http: {
                paths: [
                  { path: '/', pathType: 'Prefix', backend: { service: { name: 'database', port: { number: 5432 } } } },
                ],
              },
            },
          ],
        },
      },
      'networking.k8s.io/v1',
    ),
    named('NetworkPolicy', 'closed', { spec: { podSelector: {}, policyTypes: ['Ingress'] } }, 'networking.k8s.io/v1'),
  ],
  'headless Service with an EndpointSlice by hand': [
    named('Service', 'peers', { spec: { clusterIP: 'None', ports: [{ port: 80 }] } }),
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'peers-1', labels: { 'kubernetes.io/service-name': 'peers' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.9'] }],
      ports: [{ port: 80 }],
    },
  ],
  'Deployment, DaemonSet and disruption budget': [
    named('Deployment', 'web', { spec: { replicas: 2, ...selected('web') } }, 'apps/v1'),
    named('DaemonSet', 'agent', { spec: selected('agent') }, 'apps/v1'),
    named(
      'PodDisruptionBudget',
      'web',
      { spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } },
      'policy/v1',
    ),
  ],
  ReplicationController: [
    named('ReplicationController', 'old', {
      spec: { replicas: 1, selector: { app: 'old' }, template: podSpec({ app: 'old' }) },
    }),
  ],
  'StatefulSet with claims': [
    named(
      'StatefulSet',
      'store',
      {
        spec: {
          serviceName: 'store',
          podManagementPolicy: 'Parallel',
          ...selected('store'),
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      },
      'apps/v1',
    ),
  ],
  'claim without a pod': [
    named('PersistentVolumeClaim', 'data', {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }),
  ],
  'bare Pod': [named('Pod', 'tool', { spec: podSpec({ app: 'tool' }).spec })],
  'Secret of a ServiceAccount, named before its account': [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'token', annotations: { 'kubernetes.io/service-account.name': 'robot' } },
      type: 'kubernetes.io/service-account-token',
    },
    named('ServiceAccount', 'robot'),
  ],
  'ServiceAccount default with pull secrets': [
    { ...named('ServiceAccount', 'default'), imagePullSecrets: [{ name: 'registry' }] },
    named('Secret', 'registry', {
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': base64('{"auths":{}}') },
    }),
  ],
  Job: [
    named(
      'Job',
      'migrate',
      { spec: { template: { spec: { restartPolicy: 'Never', containers: [pause] } } } },
      'batch/v1',
    ),
  ],
  'CronJob that fires every minute': [
    named(
      'CronJob',
      'tick',
      {
        spec: {
          schedule: '* * * * *',
          jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [pause] } } } },
        },
      },
      'batch/v1',
    ),
    settings,
  ],
  'quota on objects': [
    named('ResourceQuota', 'team', { spec: { hard: { configmaps: '20', secrets: '20', services: '5' } } }),
    settings,
    named('Secret', 'payment', { stringData: { password: 'hunter22' } }),
    named('Service', 'web', { spec: { ports: [{ port: 80 }] } }),
  ],
  'quota on compute and a LimitRange': [
    named('ResourceQuota', 'team', { spec: { hard: { 'requests.cpu': '4', pods: '20' } } }),
    named('LimitRange', 'defaults', {
      spec: { limits: [{ type: 'Container', default: { cpu: '200m' }, defaultRequest: { cpu: '100m' } }] },
    }),
    named('Pod', 'tool', { spec: podSpec({ app: 'tool' }).spec }),
  ],
  'roles and bindings': [
    named(
      'Role',
      'reader',
      { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
      'rbac.authorization.k8s.io/v1',
    ),
    named(
      'RoleBinding',
      'readers',
      {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
      },
      'rbac.authorization.k8s.io/v1',
    ),
  ],
  autoscaler: [
    named('Deployment', 'web', { spec: { replicas: 1, ...selected('web') } }, 'apps/v1'),
    named(
      'HorizontalPodAutoscaler',
      'web',
      {
        spec: {
          minReplicas: 1,
          maxReplicas: 3,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          ],
        },
      },
      'autoscaling/v2',
    ),
  ],
  'lease of a leader': [
    named('Lease', 'leader', { spec: { holderIdentity: 'web-1', leaseDurationSeconds: 15 } }, 'coordination.k8s.io/v1'),
    settings,
  ],
  'large ConfigMap': [named('ConfigMap', 'large', { data: { text: 'x'.repeat(740 * 1_024) } })],
  'a List, as kubectl writes it': [
    {
      apiVersion: 'v1',
      kind: 'List',
      metadata: {},
      items: [settings, named('Secret', 'payment', { stringData: { password: 'hunter22' } })],
    },
  ],
  'empty values, as Helm writes them': [
    { ...settings, metadata: { name: 'settings', labels: null, annotations: null } },
    named('Secret', 'payment', { data: null, stringData: { a: 'b' } }),
  ],
};

export function namespaceShapes(): readonly Shape[] {
  return Object.entries(namespaces).map(([name, objects]) => ({
    name: `Kubernetes, ${name}`,
    stage: async (stage) => {
      const text = objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
      const manifests = dirname(await stage.file('objects.yaml', text));
      return {
        asset: kubernetesNamespace({ manifests }),
        protectedBy: veleroSchedule({ cron: '*/30 * * * *', timeZone: 'UTC' }),
        disaster: 'namespace-deleted',
      };
    },
  }));
}
