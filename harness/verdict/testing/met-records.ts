import { type DrillRecord, drillRecordSchema, RECORD_SCHEMA_VERSION } from '../../model/record.ts';

// Records with a complete proof and round figures. The tests of the judge remove parts of them.

const BEGAN_UTC = Date.parse('2026-01-15T00:00:00Z');
const moment = (atSeconds: number) => ({
  utc: new Date(BEGAN_UTC + atSeconds * 1_000).toISOString(),
  monotonicMs: atSeconds * 1_000,
});
const stage = (name: string, durationMs: number) => ({ name, durationMs, outcome: 'completed' as const });
const phase = (name: string, measuredMs: number, addedMs = 0) => ({
  name,
  measuredMs,
  addedMs,
  outcome: 'completed' as const,
});
const counts = (kind: string, expected: number) => ({
  kind,
  expected,
  restored: expected,
  matched: expected,
  missing: 0,
  extra: 0,
  differing: 0,
});

/** Markers 1 to 40, the first 10 of them before the capture; none lost. */
export const wholeLane = {
  lane: 'orders',
  acknowledged: 40,
  acknowledgedBeforeCapture: 10,
  indeterminate: 1,
  restored: 40,
  lost: 0,
  lostBeforeCapture: 0,
  duplicated: 0,
  reordered: 0,
  altered: 0,
  unknown: 0,
  lastBeforeLossMs: null,
  firstAcknowledgedMs: 11_000,
  lastAcknowledgedMs: 49_000,
  firstLostSequence: null,
  firstLostBeforeCapture: null,
};

/** The same lane with its last ten markers lost. The last restored one was acknowledged 9 s before the disaster. */
export const losingLane = {
  ...wholeLane,
  restored: 30,
  lost: 10,
  firstLostSequence: 31,
  lastBeforeLossMs: 41_000,
};

/** Returns a fully proved drill of a backup: RTA 150 s of 15 min, RPA 9 s and exposure 310 s of 2 h. */
export function metRecord(change: (record: DrillRecord) => void = () => undefined): DrillRecord {
  const record = drillRecordSchema.parse({
    schemaVersion: RECORD_SCHEMA_VERSION,
    drillId: 'd1',
    runId: 'r1',
    state: 'complete',
    contract: {
      name: 'orders',
      description: 'the orders',
      system: 'memory',
      inScope: ['orders'],
      outOfScope: [],
      priority: 'P1',
      owner: 'tests',
      controls: [],
      rtoMs: 900_000,
      rpoMs: 7_200_000,
      procedure: 'a copy',
      schedule: { cron: '*/5 * * * *', timeZone: 'UTC' },
      detection: { failures: 3, everyMs: 30_000 },
      decisionMs: 40_000,
      productionSizeBytes: null,
    },
    disaster: { name: 'wiped', threat: 'it is emptied', blastRadius: 'the asset', exercised: 'all removed' },
    environment: {
      target: 'memory',
      sessionId: 's',
      host: { platform: 'linux', arch: 'x64', cpus: 1, memoryBytes: 1 },
      node: 'v24.0.0',
      harnessVersion: '0.0.0',
      commit: null,
      dirty: null,
      trigger: 'test',
      concurrentDrills: 1,
      tools: [],
      differencesFromProduction: [],
      settings: {},
    },
    moments: {
      began: moment(0),
      seeded: moment(10),
      writerBegan: moment(10),
      captureBegan: moment(20),
      durable: moment(30),
      disasterBegan: moment(50),
      disasterEnded: moment(52),
      cutOff: moment(50),
      goneProved: moment(54),
      firstFailedProbe: moment(53),
      provisioned: moment(57),
      restoreBegan: moment(57),
      restoreEnded: moment(69),
      firstVerifiedRead: moment(71),
      firstVerifiedWrite: moment(72),
      serviceRestored: moment(72),
      verified: moment(80),
      ended: moment(90),
    },
    expected: {
      findings: ['destruction', 'content', 'rpo', 'exposure', 'rto'],
      stages: [
        'open',
        'seed',
        'fingerprint',
        'backup',
        'writes after the backup',
        'disaster',
        'proof of destruction',
        'provisioning',
        'restore',
        'service-check',
        'verify',
        'clean-up',
      ],
      phases: ['detection', 'decision', 'provisioning', 'restore', 'service-check'],
      lanes: ['orders', 'payments'],
      absence: ['read the store', 'read by a user'],
      identities: [
        { what: 'creation time', value: 'before' },
        { what: 'store id', value: 'A' },
      ],
      items: [
        { kind: 'messages', items: 50 },
        { kind: 'consumers', items: 2 },
      ],
      assurances: [],
    },
    stages: [
      stage('open', 1_000),
      stage('seed', 9_000),
      stage('fingerprint', 8_000),
      stage('backup', 10_000),
      stage('writes after the backup', 5_000),
      stage('disaster', 2_000),
      stage('proof of destruction', 2_000),
      stage('provisioning', 3_000),
      stage('restore', 12_000),
      stage('service-check', 3_000),
      stage('verify', 8_000),
      stage('clean-up', 9_000),
    ],
    seeded: { items: 52, bytes: 4_096, parts: ['50 messages'] },
    fingerprint: { items: 52, bytes: 4_096, digest: 'sha256:f' },
    recoveryPoint: {
      id: 'p1',
      location: 's3://backups/p1',
      objects: 3,
      sizeBytes: 5_000,
      digest: 'sha256:p',
      encryption: 'none',
      immutability: 'none',
      claimed: 'done',
    },
    absence: [
      { what: 'read the store', gone: true, observed: 'not found' },
      { what: 'read by a user', gone: true, observed: 'not found' },
    ],
    phases: [
      phase('detection', 2_000, 90_000),
      phase('decision', 0, 40_000),
      phase('provisioning', 3_000),
      phase('restore', 12_000),
      phase('service-check', 3_000),
    ],
    restore: { claimed: 'Completed', warnings: [], commands: ['restore'] },
    provenance: [
      { what: 'creation time', before: 'before', after: 'after', isNew: true },
      { what: 'store id', before: 'A', after: 'B', isNew: true },
    ],
    markers: [wholeLane, { ...losingLane, lane: 'payments' }],
    comparison: { items: [counts('messages', 50), counts('consumers', 2)], firstDifferences: [], notVerified: [] },
    probe: { attempts: 30, failures: 12, lastFailure: 'not found' },
    sizes: [{ sizeBytes: 4_096, restoreMs: 12_000, backupMs: 10_000 }],
    failure: null,
    cleanup: [{ what: 'asset', outcome: 'done' }],
    judgement: null,
  });
  change(record);
  return record;
}

/** Returns the same drill with assurances: two checks of things that had to stay untouched, and one of acceptance. */
export function assuringRecord(change: (record: DrillRecord) => void = () => undefined): DrillRecord {
  return metRecord((record) => {
    record.disaster.assures = ['untouched', 'acceptance'];
    record.assurances = [
      {
        promise: 'untouched',
        what: 'the original',
        checked: 2,
        failed: 0,
        observed: [
          { what: 'content', held: true, observed: 'unchanged' },
          { what: 'reads', held: true, observed: '0 of 20 failed' },
        ],
      },
      {
        promise: 'untouched',
        what: 'the bystander',
        checked: 12,
        failed: 0,
        observed: [{ what: 'writes', held: true, observed: 'refused', checks: 12 }],
      },
      {
        promise: 'acceptance',
        what: 'the dashboards',
        checked: 25,
        failed: 0,
        observed: [{ what: 'dashboard a', held: true, observed: 'valid' }],
        notListed: 24,
      },
    ];
    if (record.expected === undefined) return;
    record.expected.findings = ['destruction', 'untouched', 'acceptance', 'content', 'rpo', 'exposure', 'rto'];
    record.expected.assurances = record.assurances.map(({ promise, what }) => ({ promise, what }));
    change(record);
  });
}

/** Returns a drill of two backups that restores the older one. */
export function twoPointsRecord(change: (record: DrillRecord) => void = () => undefined): DrillRecord {
  return metRecord((record) => {
    const { expected } = record;
    if (expected === undefined) return;
    expected.points = { taken: 2, restores: 'older' };
    record.moments.durable = moment(24);
    const point = (name: 'older' | 'newer', id: string, began: number, durable: number, digest: string) => ({
      name,
      id,
      location: `s3://backups/${id}`,
      captureBegan: moment(began),
      durable: moment(durable),
      content: { items: 52, digest },
    });
    record.recoveryPoints = {
      taken: [point('older', 'p1', 20, 24, 'sha256:f'), point('newer', 'p2', 26, 30, 'sha256:g')],
      changes: ['message 51 added'],
      restored: 'older',
    };
    for (const lane of record.markers) lane.firstLostMs = lane.lost > 0 ? 41_100 : null;
    change(record);
  });
}

/** Returns a drill of two backups that restores the newer one and then the older one. */
export function bothPointsRecord(change: (record: DrillRecord) => void = () => undefined): DrillRecord {
  return twoPointsRecord((record) => {
    const { expected, recoveryPoints: points, comparison, markers } = record;
    const [older, newer] = points?.taken ?? [];
    if (expected === undefined || points === undefined || older === undefined || newer === undefined) return;
    expected.points = { taken: 2, restores: 'newer', alsoRestores: 'older' };
    points.restored = 'newer';
    points.otherRestored = {
      cleared: [{ what: 'read the store', gone: true, observed: 'not found' }],
      claimed: 'Completed',
      warnings: [],
      markers: structuredClone(markers),
      comparison: structuredClone(comparison),
      failure: null,
    };
    record.moments.captureBegan = newer.captureBegan;
    record.moments.durable = newer.durable;
    record.fingerprint = { items: 52, bytes: 4_096, digest: newer.content.digest };
    if (record.recoveryPoint !== null) {
      record.recoveryPoint = { ...record.recoveryPoint, id: newer.id, location: newer.location };
    }
    change(record);
  });
}

/** Returns a drill of a failover to a mirror and back: RTA 150 s, lag of 9 s at most. */
export function mirroredRecord(change: (record: DrillRecord) => void = () => undefined): DrillRecord {
  return metRecord((record) => {
    const { expected } = record;
    if (expected === undefined) return;
    record.contract.schedule = 'mirror';
    record.contract.failsBack = true;
    const wayBack = [
      stage('return', 1_000),
      stage('split-brain check', 1_000),
      stage('rejoin', 1_000),
      stage('fail-back', 1_000),
      stage('verify the fail-back', 1_000),
    ];
    const withLook = (names: readonly string[]) =>
      names.flatMap((name) => (name === 'provisioning' ? ['what the replica holds', name] : [name]));
    expected.findings = ['destruction', 'content', 'rpo', 'exposure', 'rto', 'fail-back'];
    expected.stages = withLook(expected.stages);
    expected.phases = [...expected.phases, 'promotion', 'redirect'];
    expected.replicaLooks = 50;
    expected.failBack = {
      stages: wayBack.map(({ name }) => name),
      writes: [
        { when: 'on its return', what: 'publish' },
        { when: 'after it had rejoined', what: 'publish' },
      ],
      proofs: ['the record', 'the mirror'],
    };
    record.stages = [
      ...record.stages.slice(0, 7),
      stage('what the replica holds', 1_000),
      ...record.stages.slice(7, -1),
      ...wayBack,
      ...record.stages.slice(-1),
    ];
    record.phases = drillRecordSchema.shape.phases.parse([
      phase('detection', 3_000, 90_000),
      phase('decision', 0, 40_000),
      phase('provisioning', 2_000),
      phase('promotion', 4_000),
      phase('redirect', 2_000),
      phase('restore', 5_000),
      phase('service-check', 3_000),
    ]);
    const held = { heldThrough: 30, lostFromReplica: 0, firstLostFromReplica: null };
    record.markers = record.markers.map((lane) => ({ ...lane, ...held }));
    const lag = { worstPositions: 12, worstMs: 9_000, atDisasterPositions: 10, atDisasterMs: 8_000, heldThrough: 30 };
    record.replication = {
      replica: 'region B',
      looks: 60,
      lanes: record.markers.map(({ lane }) => ({ lane, ...lag })),
    };
    record.failBack = {
      returned: 'region A started again',
      stages: wayBack,
      writesTried: expected.failBack.writes.map((write) => ({ ...write, accepted: false, observed: 'refused' })),
      markers: ['orders', 'payments'].map((lane) => ({
        ...wholeLane,
        lane,
        acknowledgedBeforeCapture: 0,
        firstAcknowledgedMs: 80_000,
        lastAcknowledgedMs: 90_000,
      })),
      comparison: structuredClone(record.comparison),
      proofs: expected.failBack.proofs.map((what) => ({ what, holds: true, observed: 'so it is' })),
      commands: ['rejoin'],
      claimed: 'done',
      failure: null,
    };
    change(record);
  });
}
