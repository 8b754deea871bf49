import type { MarkerLane, ObservedMarker } from '../../../model/asset.ts';
import { IndeterminateWriteError } from '../../../model/errors.ts';
import { type PodConversation, UnansweredError } from './conversation.ts';
import { linesFromPod, type PodAccess } from './pod.ts';

/** Where a volume is mounted. */
export const MOUNT = '/data';
/** What the harness writes into a volume beside its content: markers, the probe's file, the proof that a hook ran. */
export const OWN_FOLDER = '.dr-contracts';
export const HOOK_PROOF = `${OWN_FOLDER}/before-backup`;

/**
 * What runs in the pod while it is asked: appends markers, writes the probe's file, tells a file's digest. Needs a shell with
 * `printf` and `sha256sum`. A marker is one line, written in one piece, so a reader of the file sees it whole or not at all.
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

/** A last line without its end was being written when the volume was captured: `read` passes over it, it is not written. */
const READ_MARKERS = `cd ${MOUNT} && [ ! -f ${OWN_FOLDER}/markers ] ||
while IFS= read -r line; do printf '%s\\n' "$line"; done < ${OWN_FOLDER}/markers`;

/** Markers in a file of the volume, one line each, in the order in which they were written. */
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
