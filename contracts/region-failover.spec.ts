import { contract, failover, mirroredStreams } from 'dr-contracts';

// The NATS streams against the loss of their region, with and without what it stored, end to end: detect, decide, promote, redirect, verify, fail back.
contract({
  name: 'region-failover',
  asset: mirroredStreams({
    streams: [
      { name: 'orders', subjects: ['orders.created', 'orders.paid', 'orders.shipped'], messages: 4_000, headers: true },
    ],
    keyValue: [{ bucket: 'settings', keys: 100, history: 4 }],
  }),
  rto: '15m',
  rpo: '5m',
  priority: 'P1',
  owner: 'messaging',
  cadence: '7d',
  audit: {
    impactAnalysis: 'fixtures/platform/impact-analysis.md',
    segregation: 'The standby region has servers, buckets and network of its own; only the mirror joins the two.',
  },
  controls: ['SOC 2 A1.2', 'SOC 2 A1.3', 'ISO 27001 A.5.30', 'NIST SP 800-53 CP-10', 'NIST SP 800-34', 'DORA 11'],
  protectedBy: failover({
    mirror: 'fixtures/platform/scripts/regions/mirror.mjs',
    detect: 'fixtures/platform/scripts/regions/detect.mjs',
    decide: 'fixtures/platform/scripts/regions/decide.mjs',
    promote: 'fixtures/platform/scripts/regions/promote.mjs',
    redirect: 'fixtures/platform/scripts/regions/redirect.mjs',
    start: 'fixtures/platform/scripts/regions/start.mjs',
    rejoin: 'fixtures/platform/scripts/regions/rejoin.mjs',
    failBack: 'fixtures/platform/scripts/regions/fail-back.mjs',
    // 30 s in production, which `detection` below charges in full.
    environment: { HEALTH_CHECK_EVERY_MS: '200' },
  }),
  survives: ['region-lost', 'region-destroyed'],
  detection: { failures: 3, every: '30s' },
  decision: '5m',
  degraded:
    'Nothing that needs the streams is answered until the name leads to the standby region; what was written last may be missing there.',
  runbook: {
    decides:
      'The incident lead together with the messaging engineer on call: what the mirror has not got is lost to users at that moment',
    ifItFails:
      'Every step may be run again. If a mirror cannot be promoted, leave the name where it is: a name that leads to a mirror gives users reads and refuses their writes. Never start the lost region by hand, past its start script',
  },
});
