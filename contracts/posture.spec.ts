import {
  accessTried,
  bucketReachedFromPod,
  bucketSettings,
  costWithin,
  credentialsAccepted,
  credentialsRotated,
  cronJobRuns,
  encryptedTransport,
  noCredentials,
  noPlaceholders,
  notRepeated,
  posture,
  recoveryPoints,
  retention,
  rotationRehearsed,
  runbookMatches,
  serverAccepts,
  veleroBackups,
  veleroInstalled,
  veleroRetention,
  veleroScheduleRuns,
  writerPolicy,
} from 'dr-contracts';

const bucket = 'kgents-dr-backups';
const copy = 'kgents-dr-backups-us-east-2';
const writes = [
  's3:PutObject',
  's3:GetObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
];
/** Of Velero, which ends the life of its own backups. */
const veleroWrites = [...writes, 's3:DeleteObject', 's3:PutObjectTagging'];
const copierReads = [
  's3:GetObject',
  's3:GetObjectTagging',
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
  's3:ListBucket',
  's3:GetBucketObjectLockConfiguration',
];
const copierWrites = [
  's3:PutObject',
  's3:PutObjectTagging',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListBucket',
];
const archive = ['streams.tar', 'streams.tar.sha256'];
/** The service levels of the backups themselves. */
const levels = { fresh: '25h', critical: '48h', lag: '48h', successAbove: 99 };
/** Of those that carry the objectives of the streams (five minutes) and of the namespaces (an hour). */
const recentStreams = { fresh: '5m', critical: '10m', lag: '2m', successAbove: 99 };
const recentNamespaces = { fresh: '1h', critical: '2h', lag: '20m', successAbove: 99 };

posture({
  name: 'off-site-backups',
  owner: 'platform',
  cadence: '1d',
  controls: ['SOC 2 A1.2', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9', 'NIST SP 800-53 AC-6'],
  appliedBy: 'fixtures/platform/scripts/apply-backups.sh',
  needs: ['nats'],
  checks: [
    writerPolicy({
      policy: 'fixtures/platform/iam/nats-writer.json',
      user: 'kgents-nats-writer',
      bucket,
      prefix: 'nats/',
      may: writes,
    }),
    writerPolicy({
      policy: 'fixtures/platform/iam/velero-writer.json',
      user: 'kgents-velero-writer',
      bucket,
      prefix: 'velero/',
      may: veleroWrites,
    }),
    writerPolicy({
      policy: 'fixtures/platform/iam/bucket-copier.json',
      user: 'kgents-bucket-copier',
      bucket,
      prefix: '',
      may: copierReads,
      also: [{ bucket: copy, prefix: '', may: copierWrites }],
    }),
    // The same by trying, with what each user really has.
    accessTried({
      writers: [
        { user: 'kgents-nats-writer', bucket, prefix: 'nats/', may: writes },
        { user: 'kgents-velero-writer', bucket, prefix: 'velero/', may: veleroWrites },
        {
          user: 'kgents-bucket-copier',
          bucket,
          prefix: '',
          may: copierReads,
          also: [{ bucket: copy, prefix: '', may: copierWrites }],
        },
      ],
    }),
    credentialsRotated({
      rotatedWithin: '90d',
      credentials: [
        { user: 'kgents-nats-writer', secret: { namespace: 'kgents-agents', name: 'nats-backup-s3' } },
        { user: 'kgents-velero-writer', secret: { namespace: 'velero', name: 'velero-s3', file: 'cloud' } },
        { user: 'kgents-bucket-copier', secret: { namespace: 'kgents-agents', name: 'bucket-copy-s3' } },
      ],
    }),
    bucketSettings({
      bucket,
      region: 'us-west-2',
      declared: {
        versioning: 'fixtures/platform/bucket/versioning.json',
        lifecycle: 'fixtures/platform/bucket/lifecycle.json',
        encryption: 'fixtures/platform/bucket/encryption.json',
        publicAccess: 'fixtures/platform/bucket/public-access.json',
        policy: 'fixtures/platform/bucket/policy.json',
      },
    }),
    bucketSettings({
      bucket: copy,
      region: 'us-east-2',
      declared: {
        versioning: 'fixtures/platform/bucket/versioning.json',
        lifecycle: 'fixtures/platform/bucket-off-region/lifecycle.json',
        encryption: 'fixtures/platform/bucket/encryption.json',
        publicAccess: 'fixtures/platform/bucket/public-access.json',
        policy: 'fixtures/platform/bucket-off-region/policy.json',
      },
    }),
    encryptedTransport({ bucket, prefix: 'nats/' }),
    cronJobRuns({ namespace: 'kgents-agents', name: 'bucket-copy', rpo: '30m', takes: '14m' }),
    cronJobRuns({ namespace: 'kgents-agents', name: 'nats-backup', rpo: '25h', takes: '1h' }),
    // Its deadline ends a backup before the next one is due.
    cronJobRuns({ namespace: 'kgents-agents', name: 'nats-backup-recent', for: 'nats-streams', takes: '110s' }),
    veleroScheduleRuns({ name: 'daily', rpo: '25h', takes: '1h' }),
    veleroScheduleRuns({ name: 'half-hourly', rpo: '1h', takes: '20m' }),
    retention({
      bucket,
      prefix: 'nats/daily/',
      holds: archive,
      madeBy: { namespace: 'kgents-agents', name: 'nats-backup' },
      keeps: 30,
    }),
    retention({
      bucket,
      prefix: 'nats/recent/',
      holds: archive,
      madeBy: { namespace: 'kgents-agents', name: 'nats-backup-recent' },
      // Two days: a night in which nobody looks, and the day after it.
      keeps: 1_440,
    }),
    veleroRetention({ schedule: 'daily', keeps: 30 }),
    veleroRetention({ schedule: 'half-hourly', keeps: 96 }),
    recoveryPoints({ bucket, prefix: 'nats/daily/', holds: archive, every: '24h', ...levels }),
    recoveryPoints({ bucket, prefix: 'nats/recent/', holds: archive, every: '2m', ...recentStreams }),
    veleroBackups({ schedule: 'daily', ...levels }),
    veleroBackups({ schedule: 'half-hourly', ...recentNamespaces }),
    credentialsAccepted({ namespace: 'kgents-agents', secret: 'nats-backup-s3', bucket, prefix: 'nats/' }),
    credentialsAccepted({ namespace: 'velero', secret: 'velero-s3', file: 'cloud', bucket, prefix: 'velero/' }),
    credentialsAccepted({ namespace: 'kgents-agents', secret: 'bucket-copy-s3', bucket, prefix: 'nats/' }),
    noPlaceholders({ namespaces: ['kgents-agents', 'velero'] }),
    costWithin({
      name: 'storage-cost',
      budget: '20 USD',
      prefixes: [
        {
          bucket,
          prefix: 'nats/daily/',
          holds: archive,
          madeBy: { namespace: 'kgents-agents', name: 'nats-backup' },
          // The job reads back what it uploaded; the cluster is in another region than the bucket.
          readBackFrom: 'us-east-2',
        },
        {
          bucket,
          prefix: 'nats/recent/',
          holds: archive,
          madeBy: { namespace: 'kgents-agents', name: 'nats-backup-recent' },
          readBackFrom: 'us-east-2',
        },
      ],
      velero: ['daily', 'half-hourly'],
      copies: [{ bucket, to: copy, madeBy: { namespace: 'kgents-agents', name: 'bucket-copy' } }],
    }),
    // A fifth of the budget is to be left, as everywhere.
    costWithin({
      name: 'standby-cost',
      budget: '425 USD',
      items: [{ item: 'the standby cluster', perMonth: '340 USD' }],
    }),
    notRepeated({
      cronJobs: ['nats-backup', 'nats-backup-recent', 'bucket-copy'].map((name) => ({
        namespace: 'kgents-agents',
        name,
      })),
      veleroSchedules: ['daily', 'half-hourly'],
    }),
  ],
});

// By the platform's own procedure, in a namespace of its own: the target's Velero is not the platform's work.
posture({
  name: 'velero-installation',
  owner: 'platform',
  cadence: '1d',
  controls: ['SOC 2 A1.2', 'NIST SP 800-53 CP-9', 'NIST SP 800-53 CM-6'],
  appliedBy: 'fixtures/platform/scripts/apply-velero.sh',
  needs: ['s3', 'pods'],
  checks: [
    veleroInstalled({
      version: '1.18',
      bucket,
      prefix: 'velero',
      region: 'us-west-2',
      namespace: 'kgents-velero',
      schedules: ['daily'],
    }),
  ],
});

posture({
  name: 'bucket-from-cluster',
  owner: 'platform',
  cadence: '1d',
  controls: ['SOC 2 A1.2', 'NIST SP 800-53 CP-9', 'NIST SP 800-53 AC-6'],
  appliedBy: 'fixtures/platform/scripts/apply-nats-backup.sh',
  checks: [
    bucketReachedFromPod({
      namespace: 'kgents-agents',
      cronJob: 'nats-backup',
      secret: 'nats-backup-s3',
      bucket,
      prefix: 'nats/',
      region: 'us-west-2',
      build: 'fixtures/platform/images/backup-tools',
    }),
  ],
});

posture({
  name: 'platform-manifests',
  owner: 'platform',
  cadence: '1d',
  controls: ['SOC 2 CC8.1', 'NIST SP 800-53 CM-3', 'NIST SP 800-53 IA-5'],
  checks: [
    noCredentials({ folders: ['fixtures/platform'] }),
    serverAccepts({ kustomization: 'fixtures/platform', values: { REPLACE_WITH_NAMESPACE: 'kgents-agents' } }),
  ],
});

posture({
  name: 'restore-procedures',
  owner: 'platform',
  cadence: '1d',
  controls: ['SOC 2 A1.3', 'ISO 27001 A.5.29', 'NIST SP 800-53 CP-2'],
  checks: [runbookMatches({ runbook: 'docs/runbook.md' })],
});

// On its own: a target whose services enforce no credentials cannot rehearse it. The last one: no drill of the cluster waits for it.
posture({
  name: 'key-rotation',
  owner: 'platform',
  cadence: '1d',
  controls: ['SOC 2 CC6.1', 'ISO 27001 A.5.17', 'NIST SP 800-53 IA-5'],
  appliedBy: 'fixtures/platform/scripts/apply-rotation.sh',
  checks: [
    rotationRehearsed({
      user: 'kgents-nats-writer',
      bucket,
      prefix: 'nats/daily/',
      rotatedBy: 'fixtures/platform/scripts/rotate-key.mjs',
      backup: {
        script: 'fixtures/platform/scripts/nats-backup.sh',
        environment: { STREAMS: 'rotation-rehearsal' },
        needs: ['nats'],
      },
    }),
  ],
});
