import type { MarkerLane, ObservedMarker } from '../../../model/asset.ts';
import { IndeterminateWriteError } from '../../../model/errors.ts';
import type { ManifestObject } from '../objects.ts';
import { type PodConversation, UnansweredError } from './conversation.ts';
import type { VolumePlan } from './options.ts';
import { linesFromPod, type PodAccess } from './pod.ts';

/** Mount path of a volume. */
export const MOUNT = '/data';
/** Folder of the harness's own files in a volume: markers, the probe's file, the proof that a hook ran. */
export const OWN_FOLDER = '.dr-contracts';
export const HOOK_PROOF = `${OWN_FOLDER}/before-backup`;

/**
 * The script in the pod that answers requests: it appends markers, writes the probe's file, prints a file's digest. It needs a shell with
 * `printf` and `sha256sum`. A marker is one line, written at once, so a reader of the file sees it whole or not at all.
 */
export const SERVICE_SCRIPT = `cd ${MOUNT} && mkdir -p ${OWN_FOLDER} && echo ready || exit 1
while IFS=' ' read -r verb first second; do
  case "$verb" in
    marker) printf '%s %s\\n' "$first" "$second" >> ${OWN_FOLDER}/markers && echo ok || echo "no marker $first" ;;
    probe) printf '%s\\n' "$first" > ${OWN_FOLDER}/probe && echo ok || echo 'no probe file' ;;
    digest) set -- $(sha256sum < "$first") && [ -f "$first" ] && echo "ok $1" || echo "no $first" ;;
    *) echo "no such request" ;;
  esac
done`;

/** Prints the markers. The capture of the volume may cut the last line: `read` skips a line without its end. */
const READ_MARKERS = `cd ${MOUNT} && [ ! -f ${OWN_FOLDER}/markers ] ||
while IFS= read -r line; do printf '%s\\n' "$line"; done < ${OWN_FOLDER}/markers`;

/** Returns a lane of markers in a file of the volume, one line each, in the order of writing. */
export function volumeLane(volume: string, conversation: PodConversation, access: () => PodAccess): MarkerLane {
  return {
    name: `volume ${volume}`,
    async write(sequence, body, signal) {
      try {
        await conversation.ask(`marker ${sequence} ${Buffer.from(body).toString('base64')}`, signal);
      } catch (error) {
        if (!(error instanceof UnansweredError)) throw error;
        throw new IndeterminateWriteError(`marker ${sequence} may or may not have been written`, { cause: error });
      }
    },
    async *read(signal): AsyncGenerator<ObservedMarker> {
      for await (const line of linesFromPod(access(), READ_MARKERS, signal)) {
        const marker = /^(\d+) ([A-Za-z0-9+/=]+)$/.exec(line);
        if (marker === null) throw new Error(`the marker file of volume ${volume} holds a line that is no marker`);
        yield { sequence: Number(marker[1]), body: Buffer.from(marker[2] ?? '', 'base64').toString() };
      }
    },
  };
}

/** Name of the volume in the pod, and of its claim template: the claim is then called `data-<name>-0`. */
const POD_VOLUME = 'data';
export const CONTAINER = 'keeper';
const HOOK_TIMEOUT = '60s';

/** The command of a pod that keeps the volume mounted and ends on a signal. The pod is ready when the volume is writable. */
const KEEP = `trap 'exit 0' TERM INT; mkdir -p ${MOUNT}/${OWN_FOLDER}; while :; do sleep 3600 & wait $!; done`;

export const podOf = (volume: string): string => `${volume}-0`;
export const claimOf = (volume: string): string => `${POD_VOLUME}-${volume}-0`;

/** Yields a StatefulSet of one pod with its claim, as an operator would declare it for Velero's file-system backup. */
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
