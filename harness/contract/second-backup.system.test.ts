import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { runDrill } from '../drill/run-drill.ts';
import { bucket, commands, jetstream, kubernetesNamespace, script, versioning } from '../index.ts';
import type { AssetKind } from '../model/asset.ts';
import type { Procedure } from '../model/procedure.ts';
import type { DrillRecord } from '../model/record.ts';
import { attachTarget } from './attach-target.ts';
import { defineContract } from './define.ts';
import { newDrillId } from './drill-contract.ts';

const { handle, facts } = inject('drContracts');
const target = attachTarget(handle, { clock: systemClock });
let scratchDir: string;
beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-second-'));
});
afterAll(() => rm(scratchDir, { recursive: true, force: true }));

async function drill(asset: AssetKind, protectedBy: Procedure, survives: string[], disaster = survives[0]) {
  const contract = defineContract({
    name: 'second',
    asset,
    rto: '15m',
    rpo: '1h',
    priority: 'P1',
    owner: 'tests',
    protectedBy,
    survives,
  });
  return await runDrill({
    contract,
    disaster: disaster ?? '',
    target,
    drillId: newDrillId(),
    run: facts,
    scratchDir,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    save: async () => undefined,
    tuning: { goneBudgetMs: 2_000, serviceBudgetMs: 5_000 },
  });
}

async function executable(name: string, lines: readonly string[], shell = 'bash'): Promise<string> {
  const path = join(scratchDir, `${newDrillId()}-${name}`);
  const [first, start] =
    shell === 'bash'
      ? ['#!/usr/bin/env bash', ['set -euo pipefail', 'to="s3://$BACKUP_BUCKET/$BACKUP_PREFIX"']]
      : ['#!/usr/bin/env node', []];
  await writeFile(path, [first, ...start, ...lines, ''].join('\n'));
  await chmod(path, 0o755);
  return path;
}

interface Scripts {
  readonly backup: readonly string[];
  readonly restore: readonly string[];
}

async function scripts({ backup, restore }: Scripts): Promise<Procedure> {
  return script({
    backup: await executable('backup.sh', backup),
    restore: await executable('restore.sh', restore),
    schedule: { cron: '*/15 * * * *', timeZone: 'UTC' },
    prefix: 'second/',
  });
}

const contentOf = (record: DrillRecord) => record.judgement?.findings.find(({ name }) => name === 'content');

describe('a bucket whose backup brings a copy up to date', () => {
  const objects = bucket({ objects: 2, largest: '64KiB' });
  const COPY = '"$to"mirror';
  const sync = async (options: string) =>
    await scripts({
      backup: [`aws s3 sync --only-show-errors ${options} "s3://$ASSET_BUCKET" ${COPY}`],
      restore: [`aws s3 sync --only-show-errors ${COPY} "s3://$ASSET_BUCKET"`],
    });

  it('N04: is met by a faithful mirror, and says that there is no older recovery point', async () => {
    const record = await drill(objects, await sync('--delete'), ['objects-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'met' });
    expect(record.recoveryPoints).toMatchObject({
      restored: 'newer',
      onlyOneRestored: expect.stringMatching(/wrote over/),
    });
  });

  it('N04: is breached by a comparison by size, and names the object that was rewritten', async () => {
    const record = await drill(objects, await sync('--delete --size-only'), ['objects-deleted']);
    expect(contentOf(record)).toMatchObject({ verdict: 'breached', cause: 'content-altered' });
    const [, overwritten] = record.recoveryPoints?.changes ?? [];
    expect(overwritten).toContain(/object "[^"]+"/.exec(contentOf(record)?.sentence ?? '')?.[0]);
  });

  it('N04: is breached by a mirror that keeps what was deleted', async () => {
    const record = await drill(objects, await sync(''), ['objects-deleted']);
    expect(contentOf(record)).toMatchObject({ verdict: 'breached', cause: 'content-extra' });
    expect(contentOf(record)?.sentence).toContain('between-backups-deleted.bin');
  });

  it('N04: is breached by a second run that believes the list of the first', async () => {
    const believing = await scripts({
      backup: [
        'aws s3 cp --only-show-errors "$to"list list || aws s3 ls --recursive "s3://$ASSET_BUCKET" | awk \'{print $4}\' > list',
        'aws s3 cp --only-show-errors list "$to"list',
        'only=(--exclude "*"); while read -r key; do only+=(--include "$key"); done < list',
        `aws s3 sync --only-show-errors --delete "\${only[@]}" "s3://$ASSET_BUCKET" ${COPY}`,
      ],
      restore: [`aws s3 sync --only-show-errors ${COPY} "s3://$ASSET_BUCKET"`],
    });
    const record = await drill(objects, believing, ['objects-deleted']);
    expect(record.judgement?.verdict).toBe('breached');
    expect(contentOf(record)?.cause).toBe('content-missing');
  });
});

const streams = jetstream({
  streams: [
    {
      name: 'orders',
      subjects: ['orders.created'],
      messages: 200,
      consumer: { durable: 'ledger', acknowledged: 0.2 },
    },
  ],
});
const dump = (name: string, before: readonly string[] = [], after: readonly string[] = []) => [
  ...before,
  'for stream in $STREAMS; do nats --server "$NATS_URL" backup stream --no-progress --consumers "$stream" "$WORK_DIR/set/$stream" >/dev/null; done',
  'tar -C "$WORK_DIR/set" -czf "$WORK_DIR/set.gz" .',
  `aws s3 cp --only-show-errors "$WORK_DIR/set.gz" "$to"orders-${name}.gz`,
  ...after,
];
const load = (point: string) => [
  `aws s3 cp --only-show-errors "${point}" "$WORK_DIR/set.gz"`,
  'mkdir "$WORK_DIR/set" && tar -C "$WORK_DIR/set" -xzf "$WORK_DIR/set.gz"',
  'for stream in "$WORK_DIR"/set/*/; do nats --server "$NATS_URL" backup restore stream --no-progress "$stream" >/dev/null; done',
];
const stamp = '$(date -u +%Y%m%dT%H%M%SZ)';
const NEWEST = ['newest="$(aws s3 ls "$to" | awk \'{print $4}\' | sort | tail -1)"', 'point="$to$newest"'];

describe('streams with several backups', () => {
  it.each([
    ['seconds', '$(date -u +%Y%m%dT%H%M%SZ)'],
    ['minutes', '$(date -u +%Y%m%d-%H%M)'],
  ])('N10: are met by a restore of what it was given, with names by %s', async (_, name) => {
    const record = await drill(streams, await scripts({ backup: dump(name), restore: load('$RECOVERY_POINT') }), [
      'stream-deleted',
    ]);
    expect(record.judgement).toMatchObject({ verdict: 'met' });
    expect(record.recoveryPoints).toMatchObject({ restored: 'newer', otherRestored: { failure: null } });
  });

  it('N10: are met by folders named by the time, beside a file LATEST that every backup writes again', async () => {
    const pointed = await scripts({
      backup: [
        ...dump('set', [`now=${stamp}`, 'root="$to"', 'to="$to$now/"']),
        'aws s3 cp --only-show-errors - "$to"names <<< "$STREAMS"',
        'aws s3 cp --only-show-errors - "$root"LATEST <<< "$now"',
      ],
      restore: load('$RECOVERY_POINT""orders-set.gz'),
    });
    const record = await drill(streams, pointed, ['stream-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'met' });
    expect(record.recoveryPoints).toMatchObject({ restored: 'newer', otherRestored: { failure: null } });
  });

  it('N10: are breached by a second backup that stores the first state under a new name', async () => {
    const stale = await scripts({
      backup: [
        // Listing an empty prefix exits with 1: there is no earlier run yet.
        'first="$(aws s3 ls "$to" | awk \'{print $4}\' | sort | head -1 || :)"',
        `if [ -n "$first" ]; then aws s3 cp --only-show-errors "$to$first" "$to"orders-${stamp}.gz; exit; fi`,
        ...dump(stamp),
      ],
      restore: load('$RECOVERY_POINT'),
    });
    const record = await drill(streams, stale, ['stream-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'other-recovery-point' });
    expect(record.judgement?.sentence).toContain('the second backup stored the old state');
  });

  it('N10: are breached by a second backup that holds nothing', async () => {
    const record = await drill(
      streams,
      await scripts({
        backup: dump(stamp, [
          'if [ -n "$(aws s3 ls "$to")" ]; then export STREAMS=""; mkdir -p "$WORK_DIR/set"; echo nothing > "$WORK_DIR/set/note"; fi',
        ]),
        restore: load('$RECOVERY_POINT'),
      }),
      ['stream-deleted'],
    );
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'restore-failed' });
  });

  it('N10: are breached by a restore that takes the last one by name', async () => {
    const byName = await scripts({
      backup: dump('$(date -u +%Y%m%d-%H%M)'),
      restore: [...NEWEST, ...load('$point')],
    });
    const record = await drill(streams, byName, ['stream-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'other-recovery-point' });
  });

  it('N10: are breached by a command that takes the first one', async () => {
    const restore = await executable('first.sh', [
      ...NEWEST.map((line) => line.replace('tail -1', 'sed 1q')),
      ...load('$point'),
    ]);
    const first = commands({
      backup: [await executable('backup.sh', dump('$(date -u +%Y%m%dT%H%M%SZ)'))],
      restore: [restore],
      schedule: { cron: '*/15 * * * *', timeZone: 'UTC' },
      prefix: 'second/',
    });
    const record = await drill(streams, first, ['stream-deleted', 'server-lost'], 'server-lost');
    expect(record.recoveryPoints?.restored).toBe('newer');
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'other-recovery-point' });
  });

  const pause =
    'for stream in $STREAMS; do nats --server "$NATS_URL" consumer pause -f "$stream" ledger 1h >/dev/null; done';
  const resume =
    'for stream in $STREAMS; do nats --server "$NATS_URL" consumer resume -f "$stream" ledger >/dev/null; done';
  const purge = 'for stream in $STREAMS; do nats --server "$NATS_URL" stream purge -f "$stream" >/dev/null; done';
  it.each([
    ['a paused consumer', dump(stamp, [pause]), /consumer ledger.*, pause_until, was not set and is/],
    ['an emptied stream', dump(stamp, [], [purge]), /messages gone/],
  ])('N21: are breached by a backup that leaves %s behind', async (_, backup, said) => {
    const record = await drill(streams, await scripts({ backup, restore: load('$RECOVERY_POINT') }), [
      'stream-deleted',
    ]);
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'backup-changed-asset' });
    expect(record.judgement?.sentence).toMatch(said);
  });

  it('N21: are restored paused from a dump that was taken while they paused, and pause_until is the first difference', async () => {
    const backup = dump(stamp, [pause], [resume]);
    const record = await drill(streams, await scripts({ backup, restore: load('$RECOVERY_POINT') }), [
      'stream-deleted',
    ]);
    // The live consumer was resumed.
    expect(record.failure).toBeNull();
    expect(contentOf(record)).toMatchObject({ verdict: 'breached', cause: 'content-altered' });
    expect(contentOf(record)?.sentence).toMatch(/First difference: consumer ledger.*, pause_until/);
  });

  it('N10: acknowledge nothing for a consumer that skips messages, because no reply says which messages it was given', async () => {
    const config = { deliver_policy: 'last_per_subject', max_ack_pending: 1 };
    const sparse = jetstream({
      streams: [
        {
          name: 'orders',
          subjects: ['orders.created', 'orders.*.paid'],
          messages: 60,
          consumers: [{ durable: 'ledger', acknowledged: 0.5, config }],
        },
      ],
    });
    const usual = await scripts({ backup: dump(stamp), restore: load('$RECOVERY_POINT') });
    const record = await drill(sparse, usual, ['stream-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'met' });
    expect(record.recoveryPoints?.changes.join()).toMatch(/added/);
    expect(record.recoveryPoints?.changes.join()).not.toMatch(/acknowledged/);
  });

  it('N22: are breached by a restore that moves the backup away', async () => {
    const moving = await scripts({
      backup: dump(stamp),
      restore: load('$RECOVERY_POINT').map((line) => line.replace('s3 cp', 's3 mv')),
    });
    const record = await drill(streams, moving, ['stream-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'protection-not-in-force' });
    expect(record.judgement?.sentence).toContain('the restore removed it');
  });

  it('N22: are breached by a restore that takes no answer for a no, in its own words', async () => {
    const asking = await scripts({
      backup: dump(stamp),
      restore: [
        'read -r -p "This overwrites all streams. Continue? [y/N] " answer || answer=n',
        'case "$answer" in y) ;; *) echo "Restore aborted by user."; exit 0 ;; esac',
      ],
    });
    const record = await drill(streams, asking, ['stream-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'nothing-came-back' });
    expect(record.judgement?.sentence).toContain('Restore aborted by user.');
  });
});

describe('a versioned bucket', () => {
  const suspend =
    'aws s3api put-bucket-versioning --bucket "$ASSET_BUCKET" --versioning-configuration Status=Suspended';

  it('N03: is breached by a restore that leaves versioning suspended', async () => {
    const restore = await executable(
      'restore.mjs',
      [
        "import { execFileSync } from 'node:child_process';",
        `execFileSync('node', ['${join(process.cwd(), 'fixtures/platform/scripts/buckets/bucket-restore.mjs')}'], { stdio: 'inherit' });`,
        `execFileSync('sh', ['-c', ${JSON.stringify(suspend)}], { stdio: 'inherit' });`,
      ],
      'node',
    );
    const record = await drill(bucket({ objects: 3 }), versioning({ restore }), ['objects-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'protection-not-in-force' });
    expect(record.judgement?.sentence).toMatch(/versioning: expected Enabled, found Suspended/);
  });

  it('N03: is breached by a backup that leaves versioning suspended', async () => {
    const mirror = '"$to"mirror';
    const suspending = await scripts({
      backup: [suspend, `aws s3 sync --only-show-errors --delete "s3://$ASSET_BUCKET" ${mirror}`],
      restore: [`aws s3 sync --only-show-errors ${mirror} "s3://$ASSET_BUCKET"`],
    });
    const record = await drill(bucket({ objects: 3, largest: '64KiB' }), suspending, ['objects-deleted']);
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'backup-changed-asset' });
    expect(record.judgement?.sentence).toMatch(/versioning, was Enabled and is Suspended/);
  });
});

describe('a namespace whose manifests are copied one by one', () => {
  const strip = [
    'import json, sys',
    'object = json.load(sys.stdin)',
    'for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields"): object["metadata"].pop(field, None)',
    'json.dump(object, sys.stdout)',
  ].join('\n');
  const each = [
    'get() { kubectl --kubeconfig "$KUBECONFIG" --namespace "$ASSET_NAMESPACE" get "$@"; }',
    'for object in "namespace/$ASSET_NAMESPACE" $(get configmaps,secrets --output name | grep -v kube-root-ca); do',
    '  mkdir -p "$(dirname "$WORK_DIR/set/$object")"',
    `  get "$object" --output json | python3 -c '${strip}' > "$WORK_DIR/set/$object.json"`,
    'done',
  ];
  const COPY = '"$to"objects';
  const restore = [
    `aws s3 cp --recursive --only-show-errors ${COPY} "$WORK_DIR/set"`,
    'create() { kubectl --kubeconfig "$KUBECONFIG" create --recursive --filename "$WORK_DIR/set/$1" >/dev/null; }',
    'create namespace; create configmap; create secret',
  ];

  it.each([
    ['removes what is gone', '--delete', 'met'],
    ['keeps what is gone', '', 'content-extra'],
  ])('N04: where the copy %s', async (_, option, outcome) => {
    const backup = [...each, `aws s3 sync --only-show-errors ${option} "$WORK_DIR/set" ${COPY}`];
    const record = await drill(kubernetesNamespace({ secrets: 3, configMaps: 3 }), await scripts({ backup, restore }), [
      'namespace-deleted',
    ]);
    expect(contentOf(record)?.cause ?? contentOf(record)?.verdict, contentOf(record)?.sentence).toBe(outcome);
  });
});
