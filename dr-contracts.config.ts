import { defineConfig } from 'dr-contracts';

const NEEDS_PODS = 'its workloads run in pods, and the local target runs none';
const NEEDS_ENFORCING = 'its rehearsal takes a service that enforces credentials, and the docker target has none';
const NEEDS_GCS = 'its store is a Google Cloud Storage, and the docker target has none';
const NEEDS_VOLUMES = 'its data lies in volumes of pods, and the local target has neither';
const NEEDS_A_CLUSTER = 'its proof is a pod that runs, and the local target runs none';

export default defineConfig({
  // The demo's contract, and contracts in texts of the harness and of its tests.
  notRead: ['demo/**', 'harness/**', 'packaging/**'],
  plan: 'fixtures/platform/plan.json',
  // Without Docker, a pipeline cannot drill these. It says so and does not fail.
  notOn: {
    docker: { 'key-rotation': NEEDS_ENFORCING, 'nats-to-gcs': NEEDS_GCS, 'configuration-to-gcs': NEEDS_GCS },
    local: {
      api: NEEDS_PODS,
      observability: NEEDS_PODS,
      'nats-in-cluster': NEEDS_VOLUMES,
      'nats-staging': NEEDS_VOLUMES,
      uploads: NEEDS_VOLUMES,
      'bucket-from-cluster': NEEDS_A_CLUSTER,
      'velero-installation': NEEDS_A_CLUSTER,
    },
  },
});
