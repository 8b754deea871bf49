import { type GoRecipe, type Recipe, type VersionProbe, versionFlag } from '../../registered/recipe.ts';

const ETCD = '3.6.8';
const KUBERNETES = '1.34.4';
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

/** The Kubernetes API without nodes. */
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
