import type { ToolName } from './tool-names.ts';
import { versions } from './versions.ts';

/** How a program says its version. */
export type VersionProbe =
  | { readonly kind: 'command'; readonly args: readonly string[]; readonly pattern: RegExp }
  /** For a program without a version command: the module version that the Go linker wrote into it. */
  | { readonly kind: 'go-build-info'; readonly module: string };

/** A folder of `go/` whose go.mod names the package as a `tool`, or that holds a main of our own. */
type GoModule = 'nats' | 'etcd' | 'kubernetes' | 'velero' | 'coredns' | 'kind' | 'prometheus';

export interface GoRecipe {
  readonly name: ToolName;
  readonly version: string;
  readonly probe: VersionProbe;
  readonly kind: 'go';
  readonly goModule: GoModule;
  readonly goPackage: string;
  /** The line of go.mod that pins it. */
  readonly requirement: string;
  /** Variables that the linker sets, e.g. the version that the program reports. */
  readonly stamps: Readonly<Record<string, string>>;
  /** Build tags; none when left out. */
  readonly tags?: readonly string[];
  /**
   * Packages that are compiled together before this program is linked: its own, and those of the program that is built after it. They fill
   * the processors, where one would wait for a large package of the other by itself.
   */
  readonly compiledFirst?: readonly string[];
  /** False for a program that has to be linked in our own way; true when left out. */
  readonly takenFromPath?: boolean;
  /** The version of a whole program that will do as well, where this one is slim. */
  readonly wholeVersion?: string;
}

interface PythonRecipe {
  readonly name: ToolName;
  readonly version: string;
  readonly probe: VersionProbe;
  readonly kind: 'python';
  /** Its place in the virtual environment. */
  readonly program: string;
  /** False for a program that a version alone does not vouch for, because what it imports matters as much. */
  readonly takenFromPath: boolean;
}

export type Recipe = GoRecipe | PythonRecipe;

const versionFlag = (pattern: RegExp): VersionProbe => ({ kind: 'command', args: ['--version'], pattern });

const kubernetesStamps: Readonly<Record<string, string>> = Object.fromEntries(
  ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((versionPackage) => [
    [`${versionPackage}.gitVersion`, `v${versions.kubernetes}`],
    [`${versionPackage}.gitMajor`, versions.kubernetes.split('.')[0] ?? ''],
    [`${versionPackage}.gitMinor`, versions.kubernetes.split('.')[1] ?? ''],
    [`${versionPackage}.gitTreeState`, 'clean'],
    // Velero and client-go parse it: it must be a date, and a fixed one keeps the build reproducible.
    [`${versionPackage}.buildDate`, '2026-01-01T00:00:00Z'],
  ]),
);

const kubernetesTool = (
  name: 'kube-apiserver' | 'kube-controller-manager' | 'kubectl',
  probe: VersionProbe,
  compiledFirst: readonly string[] = [],
): GoRecipe => ({
  name,
  version: versions.kubernetes,
  probe,
  kind: 'go',
  goModule: 'kubernetes',
  goPackage: `k8s.io/kubernetes/cmd/${name}`,
  requirement: `k8s.io/kubernetes v${versions.kubernetes}`,
  stamps: kubernetesStamps,
  compiledFirst,
});

const velero = 'github.com/vmware-tanzu/velero';

/** The package in the folder of the module itself. */
const OWN_MAIN = '.';

export const recipes: Readonly<Record<ToolName, Recipe>> = {
  'nats-server': {
    name: 'nats-server',
    version: versions.natsServer,
    probe: versionFlag(/^nats-server: v(\S+)/m),
    kind: 'go',
    goModule: 'nats',
    goPackage: 'github.com/nats-io/nats-server/v2',
    requirement: `github.com/nats-io/nats-server/v2 v${versions.natsServer}`,
    stamps: {},
  },
  nats: {
    name: 'nats',
    version: versions.nats,
    probe: versionFlag(/^v?(\d\S*)$/m),
    kind: 'go',
    goModule: 'nats',
    goPackage: 'github.com/nats-io/natscli/nats',
    requirement: `github.com/nats-io/natscli v${versions.nats}`,
    stamps: {},
  },
  etcd: {
    name: 'etcd',
    version: versions.etcd,
    probe: versionFlag(/^etcd Version: (\S+)/m),
    kind: 'go',
    goModule: 'etcd',
    goPackage: 'go.etcd.io/etcd/server/v3',
    requirement: `go.etcd.io/etcd/server/v3 v${versions.etcd}`,
    stamps: {},
  },
  'kube-apiserver': kubernetesTool('kube-apiserver', versionFlag(/^Kubernetes v(\S+)/m), [
    'k8s.io/kubernetes/cmd/kube-apiserver/app',
    'k8s.io/kubernetes/cmd/kube-controller-manager/app',
  ]),
  'kube-controller-manager': kubernetesTool('kube-controller-manager', versionFlag(/^Kubernetes v(\S+)/m)),
  kubectl: kubernetesTool('kubectl', {
    kind: 'command',
    args: ['version', '--client', '--output=json'],
    pattern: /"gitVersion": "v([^"]+)"/,
  }),
  velero: {
    name: 'velero',
    version: versions.velero,
    probe: { kind: 'command', args: ['version', '--client-only'], pattern: /^\s*Version: v(\S+)/m },
    kind: 'go',
    goModule: 'velero',
    goPackage: `${velero}/cmd/velero`,
    requirement: `${velero} v${versions.velero}`,
    stamps: {
      [`${velero}/pkg/buildinfo.Version`]: `v${versions.velero}`,
      // The manager in Velero's server listens on controller-runtime's default address, :8080 on every interface, and no
      // flag of Velero's changes that: two servers on one machine would collide. (A program from elsewhere keeps :8080.)
      'sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress': '127.0.0.1:0',
    },
    takenFromPath: false,
    // The second is the plugin's largest package.
    compiledFirst: [`${velero}/pkg/cmd/velero`, 'github.com/aws/aws-sdk-go-v2/service/ec2'],
  },
  'velero-plugin-for-aws': {
    name: 'velero-plugin-for-aws',
    version: versions.veleroPluginForAws,
    probe: { kind: 'go-build-info', module: `${velero}-plugin-for-aws` },
    kind: 'go',
    goModule: 'velero',
    goPackage: `${velero}-plugin-for-aws/velero-plugin-for-aws`,
    requirement: `${velero}-plugin-for-aws v${versions.veleroPluginForAws}`,
    stamps: {},
  },
  'localstack-python': {
    name: 'localstack-python',
    version: versions.localstack,
    probe: {
      kind: 'command',
      args: ['-c', 'from importlib.metadata import version; print(version("localstack-core"))'],
      pattern: /^(\d\S*)$/m,
    },
    kind: 'python',
    program: 'bin/python',
    takenFromPath: false,
  },
  aws: {
    name: 'aws',
    version: versions.awsCli,
    probe: versionFlag(/^aws-cli\/(\S+)/m),
    kind: 'python',
    program: 'bin/aws',
    takenFromPath: true,
  },
  coredns: {
    name: 'coredns',
    version: `${versions.coredns}-slim`,
    wholeVersion: versions.coredns,
    probe: versionFlag(/^CoreDNS-(\S+)/m),
    kind: 'go',
    goModule: 'coredns',
    goPackage: OWN_MAIN,
    requirement: `github.com/coredns/coredns v${versions.coredns}`,
    stamps: {},
  },
  kind: {
    name: 'kind',
    version: versions.kind,
    probe: versionFlag(/^kind version (\S+)/m),
    kind: 'go',
    goModule: 'kind',
    goPackage: 'sigs.k8s.io/kind',
    requirement: `sigs.k8s.io/kind v${versions.kind}`,
    stamps: {},
  },
  prometheus: {
    name: 'prometheus',
    version: versions.prometheus,
    probe: versionFlag(/^prometheus, version (\S+)/m),
    kind: 'go',
    goModule: 'prometheus',
    goPackage: 'github.com/prometheus/prometheus/cmd/prometheus',
    // A module's major version would be part of its path: Prometheus 3.13 is v0.313.
    requirement: `github.com/prometheus/prometheus ${versions.prometheus.replace(/^3\.(\d+)/, (_, minor) => `v0.3${minor.padStart(2, '0')}`)}`,
    stamps: { 'github.com/prometheus/common/version.Version': versions.prometheus },
    // Discovery by the APIs of clouds is most of the program, and needs none of it here. The pages of the web are not in the module.
    tags: ['remove_all_sd', 'netgo'],
  },
};
