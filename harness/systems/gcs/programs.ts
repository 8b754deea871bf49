import type { Recipe } from '../../registered/recipe.ts';

const FAKE_GCS_SERVER = '1.56.1';
const VELERO_PLUGIN_FOR_GCP = '1.14.2';
const VELERO_PLUGIN_MODULE = 'github.com/vmware-tanzu/velero-plugin-for-gcp';
const FAKE_GCS_SERVER_MODULE = 'github.com/fsouza/fake-gcs-server';

/** Server of the JSON API of Google Cloud Storage, and Velero's plugin for it. */
export const gcsPrograms: readonly Recipe[] = [
  {
    name: 'fake-gcs-server',
    version: FAKE_GCS_SERVER,
    probe: { kind: 'go-build-info', module: FAKE_GCS_SERVER_MODULE },
    kind: 'go',
    typicalBuildS: 60,
    goModule: 'gcs',
    goPackage: FAKE_GCS_SERVER_MODULE,
    requirement: `${FAKE_GCS_SERVER_MODULE} v${FAKE_GCS_SERVER}`,
    stamps: {},
  },
  {
    name: 'velero-plugin-for-gcp',
    version: VELERO_PLUGIN_FOR_GCP,
    probe: { kind: 'go-build-info', module: VELERO_PLUGIN_MODULE },
    kind: 'go',
    typicalBuildS: 90,
    goModule: 'velero-gcp',
    goPackage: `${VELERO_PLUGIN_MODULE}/velero-plugin-for-gcp`,
    requirement: `${VELERO_PLUGIN_MODULE} v${VELERO_PLUGIN_FOR_GCP}`,
    stamps: {},
  },
];
