import type { Recipe } from '../../registered/recipe.ts';

const FAKE_GCS_SERVER = '1.56.1';
const FAKE_GCS_SERVER_MODULE = 'github.com/fsouza/fake-gcs-server';

/** A server that speaks the JSON API of Google Cloud Storage. */
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
];
