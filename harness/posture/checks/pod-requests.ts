import type { Comparison } from '../../model/comparison.ts';
import type { PostureDifference } from '../../model/posture.ts';
import type { PodTrialEnd } from '../../systems/kubernetes/posture/pod-trial.ts';

/** Request names in the order of the script and of sentences. */
export const REQUESTS = [
  { name: 'list', what: 'a listing with the prefix' },
  { name: 'write', what: 'an object that is written' },
  { name: 'read', what: 'the same object read back' },
] as const;

const CAUSE = 'bucket-not-reached';

const ITEM_LENGTH = 400;

/**
 * Shell script that makes the requests with the aws command line. Each request writes one line to the pod's termination log (4096 bytes):
 * name, `ok` or `failed`, and the end of the command's output.
 */
export const requestScript = `
tell() {
  printf '%s %s %s\\n' "$1" "$2" "$(printf '%s' "$3" | tr '\\n' ' ' | tail -c ${ITEM_LENGTH})" >>/dev/termination-log
}
try() { if said="$("do_$1" 2>&1)"; then tell "$1" ok; else tell "$1" failed "$said"; fi; }
s3() { aws --cli-connect-timeout 10 --cli-read-timeout 10 "$@"; }
do_list() { s3 s3api list-objects-v2 --bucket "$DR_BUCKET" --prefix "$DR_PREFIX" --max-keys 1 --no-paginate --output text; }
do_write() { printf '%s' "$DR_CONTENT" | s3 s3 cp - "s3://$DR_BUCKET/$DR_KEY"; }
read_back() { s3 s3 cp "s3://$DR_BUCKET/$DR_KEY" -; }
do_read() {
  found="$(read_back)" || { printf '%s' "$found"; return 1; }
  [ "$found" = "$DR_CONTENT" ] || { printf 'other content came back: %s' "$found"; return 1; }
}
try list
try write
try read
`;

/** A comparison for a trial that sent the bucket no request, with the reason. */
export const notTried = (item: string, found: string, nextStep: string): Comparison => ({
  of: 'requests from a pod',
  compared: 1,
  differences: [{ item, expected: 'everything that the pod needs to reach the bucket', found, nextStep, cause: CAUSE }],
});

/** Compares the pod's reported requests with the promise that every one succeeds. */
export function compareRequests(
  end: PodTrialEnd,
  { namespace, image, bucket, prefix, notVerified }: PodRequests,
): Comparison {
  const evidence = { image, ...('said' in end ? { 'the pod said': end.said.trim() } : {}) };
  if ('neverEnded' in end) {
    const item = `the pod in ${namespace} with image ${image}`;
    const nextStep = 'Check the image, the Secret and the rules of the namespace.';
    const difference = { item, expected: 'to run to its end', found: end.neverEnded, nextStep, cause: CAUSE };
    return { of: 'requests from a pod', compared: 1, differences: [difference], evidence };
  }
  const lines = end.said.split('\n');
  const differences = REQUESTS.flatMap(({ name, what }): PostureDifference[] => {
    const line = lines.find((each) => each.startsWith(`${name} `))?.slice(name.length + 1);
    if (line?.startsWith('ok') === true) return [];
    const found = line?.replace(/^failed\s*/, '').trim() || 'no answer';
    const nextStep = 'Check the network path from the cluster to the bucket, the policy of the writer, and its key.';
    return [{ item: `${what} (${bucket}/${prefix})`, expected: 'to succeed', found, nextStep, cause: CAUSE }];
  });
  return { of: 'requests from a pod', compared: REQUESTS.length, differences, evidence, notVerified };
}

interface PodRequests {
  readonly namespace: string;
  readonly image: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly notVerified: readonly string[];
}
