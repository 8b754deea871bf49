import type { Recipe } from '../../registered/recipe.ts';

const VELERO = '1.18.3';
const VELERO_PLUGIN_FOR_AWS = '1.14.3';

const velero = 'github.com/vmware-tanzu/velero';

/** Velero, and the plugin by which it writes to S3. */
export const veleroPrograms: readonly Recipe[] = [
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
