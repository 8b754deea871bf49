import { bucket, jetstream, kubernetesNamespace, versioning } from '../../../index.ts';
import type { AssetKind } from '../../../model/asset.ts';
import type { Cause } from '../../../model/causes.ts';
import { copyIn, copyOut, dump, load } from './platform-lines.ts';
import type { Stage, Staged } from './stage.ts';

/** A procedure that is broken in one way: the right verdict is anything but `met`, with this cause. */
export interface Broken {
  readonly name: string;
  readonly cause: Cause;
  stage(stage: Stage): Promise<Staged>;
}

const streams = jetstream({
  streams: [
    { name: 'orders', subjects: ['orders.created'], messages: 60, consumer: { durable: 'ledger', acknowledged: 0.3 } },
  ],
  keyValue: [{ bucket: 'settings', keys: 6, history: 2 }],
});
const nats = 'nats --server "$NATS_URL"';
const orders = (command: string) => `stream="\${STREAMS%% *}"; ${command}`;

interface Lines {
  readonly backup?: readonly string[];
  readonly restore?: readonly string[];
}

const scripted =
  (asset: AssetKind, disaster: string, given: Lines, usual: Required<Lines>) =>
  async (stage: Stage): Promise<Staged> => ({
    asset,
    protectedBy: await stage.scripts(given.backup ?? usual.backup, given.restore ?? usual.restore),
    disaster,
  });

const ofStreams = (name: string, cause: Cause, lines: Lines): Broken => ({
  name: `NATS, ${name}`,
  cause,
  stage: scripted(streams, 'stream-deleted', lines, { backup: dump(), restore: load() }),
});

const NEWEST_BY_NAME = 'point="$to$(aws s3 ls "$to" | awk \'{print $4}\' | sort | tail -1)"';

const brokenStreams: readonly Broken[] = [
  ofStreams('consumers left out', 'content-missing', { backup: dump(undefined, '--no-consumers') }),
  ofStreams('the first of two streams alone', 'content-missing', {
    backup: ['STREAMS="$(echo $STREAMS | cut -d" " -f1)"', ...dump()],
  }),
  ofStreams('an empty upload that says "Backup complete"', 'backup-failed', {
    backup: [
      ': > "$WORK_DIR/set.gz"',
      'aws s3 cp --only-show-errors "$WORK_DIR/set.gz" "$to"a.gz',
      'echo "Backup complete"',
    ],
  }),
  ofStreams('no upload at all', 'backup-failed', { backup: [...dump().slice(0, 2), 'echo "Backup complete"'] }),
  ofStreams('a backup that ends with 3', 'backup-failed', { backup: [...dump(), 'exit 3'] }),
  ofStreams('an upload to another prefix', 'backup-failed', {
    backup: ['to="s3://$BACKUP_BUCKET/elsewhere-$RANDOM/"', ...dump()],
  }),
  ofStreams('a restore that does nothing', 'nothing-came-back', { restore: ['echo "Restore complete"'] }),
  ofStreams('a restore that asks and takes silence for no', 'nothing-came-back', {
    restore: [
      'read -r -p "Continue? [y/N] " answer || answer=n',
      '[ "$answer" = y ] || { echo "Aborted by user."; exit 0; }',
    ],
  }),
  ofStreams('a restore that ends with 1', 'restore-failed', { restore: [...load(), 'exit 1'] }),
  ofStreams('a restore that takes the last backup by name', 'other-recovery-point', {
    restore: [NEWEST_BY_NAME, ...load('$point')],
  }),
  ofStreams('a backup that leaves its consumer paused', 'backup-changed-asset', {
    backup: [orders(`${nats} consumer pause -f "$stream" ledger 1h >/dev/null`), ...dump()],
  }),
  ofStreams('a backup that empties the stream', 'backup-changed-asset', {
    backup: [...dump(), orders(`${nats} stream purge -f "$stream" >/dev/null`)],
  }),
  ofStreams('a restore that drops a message', 'content-missing', {
    restore: [...load(), orders(`${nats} stream rmm -f "$stream" 5 >/dev/null`)],
  }),
  ofStreams('a restore that changes a limit', 'content-altered', {
    restore: [...load(), orders(`${nats} stream edit -f "$stream" --max-age 48h >/dev/null`)],
  }),
  ofStreams('a restore that makes the consumer anew', 'content-altered', {
    restore: [
      ...load(),
      orders(
        `${nats} consumer info "$stream" ledger --json | python3 -c 'import json,sys; json.dump(json.load(sys.stdin)["config"], sys.stdout)' > "$WORK_DIR/c.json"`,
      ),
      `${nats} consumer rm -f "$stream" ledger >/dev/null`,
      `${nats} consumer add "$stream" --config "$WORK_DIR/c.json" >/dev/null`,
    ],
  }),
  ofStreams('a restore that empties the stream', 'content-missing', {
    restore: [...load(), orders(`${nats} stream purge -f "$stream" >/dev/null`)],
  }),
];

const objects = bucket({ objects: 8, largest: '64KiB', prefixes: ['docs/', 'bills/'] });
const ofObjects = (name: string, cause: Cause, lines: Lines): Broken => ({
  name: `S3, ${name}`,
  cause,
  stage: scripted(objects, 'objects-deleted', lines, { backup: copyOut(), restore: copyIn() }),
});
const MIRROR = '"$to"mirror';
const fromMirror = [`aws s3 sync --only-show-errors ${MIRROR} "s3://$ASSET_BUCKET"`];
const platformRestore = `node "${process.cwd()}/fixtures/platform/scripts/buckets/bucket-restore.mjs"`;

const brokenObjects: readonly Broken[] = [
  ofObjects('a comparison by size', 'content-altered', {
    backup: [`aws s3 sync --only-show-errors --delete --size-only "s3://$ASSET_BUCKET" ${MIRROR}`],
    restore: fromMirror,
  }),
  ofObjects('a mirror that keeps what was deleted', 'content-extra', {
    backup: [`aws s3 sync --only-show-errors "s3://$ASSET_BUCKET" ${MIRROR}`],
    restore: fromMirror,
  }),
  ofObjects('one prefix of two', 'content-missing', { backup: copyOut('--exclude "bills/*"') }),
  ofObjects('metadata that is replaced', 'content-altered', { restore: copyIn('--metadata-directive REPLACE') }),
  ofObjects('a type of content for all', 'content-altered', {
    restore: copyIn('--content-type text/html --metadata-directive REPLACE'),
  }),
  ofObjects('a restore of one prefix', 'content-missing', { restore: copyIn('--exclude "bills/*"') }),
  ofObjects('a restore under another prefix', 'content-missing', {
    restore: ['aws s3 cp --recursive --only-show-errors "$RECOVERY_POINT" "s3://$ASSET_BUCKET/restored/"'],
  }),
  ofObjects('a restore that adds a file', 'content-extra', {
    restore: [
      ...copyIn(),
      'echo done > "$WORK_DIR/done"; aws s3 cp --only-show-errors "$WORK_DIR/done" "s3://$ASSET_BUCKET/docs/RESTORED"',
    ],
  }),
  {
    name: 'S3, versioning left suspended',
    cause: 'protection-not-in-force',
    stage: async (stage) => ({
      asset: objects,
      protectedBy: versioning({
        restore: await stage.executable([
          platformRestore,
          'aws s3api put-bucket-versioning --bucket "$ASSET_BUCKET" --versioning-configuration Status=Suspended',
        ]),
      }),
      disaster: 'objects-deleted',
    }),
  },
];

const namespace = kubernetesNamespace({ secrets: 3, configMaps: 3 });
const kubectl = 'kubectl --kubeconfig "$KUBECONFIG"';
const STRIP = [
  'import json, sys',
  'found = json.load(sys.stdin)',
  'for item in found["items"]:',
  '  for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields"): item["metadata"].pop(field, None)',
  'found["items"] = [item for item in found["items"] if item["metadata"]["name"] != "kube-root-ca.crt"]',
  'json.dump(found, sys.stdout)',
].join('\n');
const get = (what: string, file: string) =>
  `${kubectl} --namespace "$ASSET_NAMESPACE" get ${what} --output json | python3 -c '${STRIP}' > "$WORK_DIR/${file}.json"`;
const toBucket = [
  `${kubectl} get namespace --field-selector "metadata.name=$ASSET_NAMESPACE" --output json | python3 -c '${STRIP}' > "$WORK_DIR/a.json"`,
  'tar -C "$WORK_DIR" -czf "$WORK_DIR/set.gz" a.json b.json',
  'aws s3 cp --only-show-errors "$WORK_DIR/set.gz" "$to$(date -u +%Y%m%dT%H%M%SZ).gz"',
];
const applyAll = [
  'aws s3 cp --only-show-errors "$RECOVERY_POINT" "$WORK_DIR/set.gz" && tar -C "$WORK_DIR" -xzf "$WORK_DIR/set.gz"',
  `${kubectl} create -f "$WORK_DIR/a.json" >/dev/null && ${kubectl} create -f "$WORK_DIR/b.json" >/dev/null`,
];
const ofNamespace = (name: string, cause: Cause, lines: Lines): Broken => ({
  name: `Kubernetes, ${name}`,
  cause,
  stage: scripted(namespace, 'namespace-deleted', lines, {
    backup: [get('configmaps,secrets', 'b'), ...toBucket],
    restore: applyAll,
  }),
});

const brokenNamespaces: readonly Broken[] = [
  ofNamespace('Secrets left out', 'content-missing', { backup: [get('configmaps', 'b'), ...toBucket] }),
  ofNamespace('an object that is deleted again', 'content-missing', {
    restore: [
      ...applyAll,
      `${kubectl} --namespace "$ASSET_NAMESPACE" delete "$(${kubectl} --namespace "$ASSET_NAMESPACE" get secrets -o name | sed 1q)" >/dev/null`,
    ],
  }),
  ofNamespace('a label on everything', 'content-altered', {
    restore: [...applyAll, `${kubectl} --namespace "$ASSET_NAMESPACE" label configmaps --all restored=yes >/dev/null`],
  }),
  ofNamespace('an object too many', 'content-extra', {
    restore: [
      ...applyAll,
      `${kubectl} --namespace "$ASSET_NAMESPACE" create configmap restored --from-literal=by=script >/dev/null`,
    ],
  }),
  ofNamespace('a backup that deletes an object', 'backup-changed-asset', {
    backup: [
      get('configmaps,secrets', 'b'),
      ...toBucket,
      `${kubectl} --namespace "$ASSET_NAMESPACE" delete "$(${kubectl} --namespace "$ASSET_NAMESPACE" get secrets -o name | sed 1q)" >/dev/null`,
    ],
  }),
];

/** Thirty of them. */
export const brokenProcedures: readonly Broken[] = [...brokenStreams, ...brokenObjects, ...brokenNamespaces];
