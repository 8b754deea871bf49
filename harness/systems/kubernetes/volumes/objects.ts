import type { ManifestObject } from '../objects.ts';
import type { VolumePlan } from './options.ts';
import { HOOK_PROOF, MOUNT, OWN_FOLDER } from './service.ts';

/** Name of the volume in the pod, and of its claim template: the claim is then called `data-<name>-0`. */
const POD_VOLUME = 'data';
export const CONTAINER = 'keeper';
const HOOK_TIMEOUT = '60s';

/** A pod that keeps the volume mounted, ends when asked to, and is ready when the volume can be written to. */
const KEEP = `trap 'exit 0' TERM INT; mkdir -p ${MOUNT}/${OWN_FOLDER}; while :; do sleep 3600 & wait $!; done`;

export const podOf = (volume: string): string => `${volume}-0`;
export const claimOf = (volume: string): string => `${POD_VOLUME}-${volume}-0`;

/** A StatefulSet of one pod with its claim, as an operator would declare it for Velero's file-system backup. */
export function* volumeObjects(plan: VolumePlan): Generator<ManifestObject> {
  const { name, image } = plan;
  const labels = { 'app.kubernetes.io/name': name };
  yield {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels },
    spec: { clusterIP: 'None', selector: labels, ports: [{ name: 'unused', port: 80 }] },
  };
  yield {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels },
    spec: {
      serviceName: name,
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: annotationsOf(plan) },
        spec: {
          terminationGracePeriodSeconds: 2,
          automountServiceAccountToken: false,
          containers: [
            {
              name: CONTAINER,
              image,
              command: ['sh', '-c', KEEP],
              readinessProbe: { exec: { command: ['test', '-w', `${MOUNT}/${OWN_FOLDER}`] }, periodSeconds: 1 },
              volumeMounts: [{ name: POD_VOLUME, mountPath: MOUNT }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: POD_VOLUME },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: storageOf(plan) } },
            ...(plan.storageClass === undefined ? {} : { storageClassName: plan.storageClass }),
          },
        },
      ],
    },
  };
}

/** https://velero.io/docs/v1.18/file-system-backup/ and https://velero.io/docs/v1.18/backup-hooks/ */
function annotationsOf({ beforeBackup }: VolumePlan): Record<string, string> {
  const optedIn = { 'backup.velero.io/backup-volumes': POD_VOLUME };
  if (beforeBackup === undefined) return optedIn;
  const script = `cd ${MOUNT} && { ${beforeBackup}\n} && printf ran > ${HOOK_PROOF}`;
  return {
    ...optedIn,
    'pre.hook.backup.velero.io/container': CONTAINER,
    'pre.hook.backup.velero.io/command': JSON.stringify(['sh', '-c', script]),
    'pre.hook.backup.velero.io/timeout': HOOK_TIMEOUT,
  };
}

function storageOf({ storage, files, largestBytes }: VolumePlan): string {
  const needed = 2 * (largestBytes + files * 4_096);
  return storage ?? `${Math.ceil(needed / 2 ** 20) + 16}Mi`;
}
