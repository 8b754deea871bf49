import { type GoRecipe, type Recipe, type VersionProbe, versionFlag } from '../../registered/recipe.ts';

const ETCD = '3.6.8';
const KUBERNETES = '1.34.4';
const VELERO = '1.18.3';
const VELERO_PLUGIN_FOR_AWS = '1.14.3';
const KIND = '0.33.0';
const PROMETHEUS = '3.13.5';

const kubernetesStamps: Readonly<Record<string, string>> = Object.fromEntries(
  ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((versionPackage) => [
    [`${versionPackage}.gitVersion`, `v${KUBERNETES}`],
    [`${versionPackage}.gitMajor`, KUBERNETES.split('.')[0] ?? ''],
    [`${versionPackage}.gitMinor`, KUBERNETES.split('.')[1] ?? ''],
    [`${versionPackage}.gitTreeState`, 'clean'],
    // Velero and client-go parse this date; a fixed one keeps the build reproducible.
    [`${versionPackage}.buildDate`, '2026-01-01T00:00:00Z'],
  ]),
);

const kubernetesTool = (
  name: 'kube-apiserver' | 'kube-controller-manager' | 'kubectl',
  typicalBuildS: number,
  probe: VersionProbe,
  compiledFirst: readonly string[] = [],
): GoRecipe => ({
  name,
  version: KUBERNETES,
  probe,
  kind: 'go',
  typicalBuildS,
  goModule: 'kubernetes',
  goPackage: `k8s.io/kubernetes/cmd/${name}`,
  requirement: `k8s.io/kubernetes v${KUBERNETES}`,
  stamps: kubernetesStamps,
  compiledFirst,
});

const velero = 'github.com/vmware-tanzu/velero';

/** The Kubernetes API without nodes, and Velero. */
export const kubernetesPrograms: readonly Recipe[] = [
  {
    name: 'etcd',
    version: ETCD,
    probe: versionFlag(/^etcd Version: (\S+)/m),
    kind: 'go',
    typicalBuildS: 27,
    goModule: 'etcd',
    goPackage: 'go.etcd.io/etcd/server/v3',
    requirement: `go.etcd.io/etcd/server/v3 v${ETCD}`,
    stamps: {},
  },
  kubernetesTool('kube-apiserver', 314, versionFlag(/^Kubernetes v(\S+)/m), [
    'k8s.io/kubernetes/cmd/kube-apiserver/app',
    'k8s.io/kubernetes/cmd/kube-controller-manager/app',
  ]),
  kubernetesTool('kube-controller-manager', 65, versionFlag(/^Kubernetes v(\S+)/m)),
  {
    ...kubernetesTool('kubectl', 90, {
      kind: 'command',
      args: ['version', '--client', '--output=json'],
      pattern: /"gitVersion": "v([^"]+)"/,
    }),
    onScriptsPath: true,
    inImage: { image: 'kind-node', path: '/usr/bin/kubectl' },
  },
  {
    name: 'velero',
    version: VELERO,
    probe: { kind: 'command', args: ['version', '--client-only'], pattern: /^\s*Version: v(\S+)/m },
    kind: 'go',
    typicalBuildS: 306,
    goModule: 'velero',
    goPackage: `${velero}/cmd/velero`,
    requirement: `${velero} v${VELERO}`,
    stamps: {
      [`${velero}/pkg/buildinfo.Version`]: `v${VELERO}`,
      // The manager in Velero's server listens on controller-runtime's default address, :8080 on every interface, and no
      // flag of Velero's changes that: two servers on one machine would collide. (A program from elsewhere keeps :8080.)
      'sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress': '127.0.0.1:0',
    },
    takenFromPath: false,
    onScriptsPath: true,
    inImage: { image: 'velero', path: '/velero' },
    // The second is the plugin's largest package.
    compiledFirst: [`${velero}/pkg/cmd/velero`, 'github.com/aws/aws-sdk-go-v2/service/ec2'],
  },
  {
    name: 'velero-plugin-for-aws',
    version: VELERO_PLUGIN_FOR_AWS,
    probe: { kind: 'go-build-info', module: `${velero}-plugin-for-aws` },
    kind: 'go',
    typicalBuildS: 240,
    goModule: 'velero',
    goPackage: `${velero}-plugin-for-aws/velero-plugin-for-aws`,
    requirement: `${velero}-plugin-for-aws v${VELERO_PLUGIN_FOR_AWS}`,
    stamps: {},
  },
];

/** Programs for nodes. kind makes clusters if it is installed. Prometheus becomes an image for pods if none can be pulled. */
export const nodePrograms: readonly Recipe[] = [
  {
    name: 'kind',
    version: KIND,
    probe: versionFlag(/^kind version (\S+)/m),
    onlyOn: 'docker',
    kind: 'go',
    typicalBuildS: 40,
    goModule: 'kind',
    goPackage: 'sigs.k8s.io/kind',
    requirement: `sigs.k8s.io/kind v${KIND}`,
    stamps: {},
  },
  {
    name: 'prometheus',
    version: PROMETHEUS,
    probe: versionFlag(/^prometheus, version (\S+)/m),
    onlyOn: 'docker',
    kind: 'go',
    typicalBuildS: 240,
    goModule: 'prometheus',
    goPackage: 'github.com/prometheus/prometheus/cmd/prometheus',
    // A module's major version would be part of its path: Prometheus 3.13 is v0.313.
    requirement: `github.com/prometheus/prometheus ${PROMETHEUS.replace(/^3\.(\d+)/, (_, minor) => `v0.3${minor.padStart(2, '0')}`)}`,
    stamps: { 'github.com/prometheus/common/version.Version': PROMETHEUS },
    // Excludes discovery by cloud APIs, which is most of the program and unused here. The module lacks the web pages.
    tags: ['remove_all_sd', 'netgo'],
    image: { reference: `prom/prometheus:v${PROMETHEUS}`, path: '/bin/prometheus' },
  },
];
