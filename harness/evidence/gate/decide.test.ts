import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparisonOf } from '../../model/comparison.ts';
import type { DrillRecord } from '../../model/record.ts';
import { madeUpPosture } from '../../reporting/testing/made-up-records.ts';
import { judge } from '../../verdict/judge.ts';
import { mirroredRecord } from '../../verdict/testing/met-records.ts';
import type { EntryBody } from '../entry.ts';
import { collectProofs } from './collect-proofs.ts';
import { type GateDecision, gateDecisionSchema } from './decision.ts';
import {
  COMMIT,
  DAY_MS,
  decide,
  HOUR_MS,
  KEY,
  ledgerOf,
  NOW,
  postureRun,
  promise,
  questionOf,
  run,
  STRANGER,
  waiver,
  withInput,
} from './testing/made-up-gate.ts';

const breached = (record: DrillRecord) => {
  record.contract.rtoMs = 60_000;
};
const atRisk = (record: DrillRecord) => {
  record.contract.rtoMs = 160_000;
};
const unproven = (record: DrillRecord) => {
  record.comparison = null;
};
/** Turns the record into a fully proved failover drill. */
const failedOver = (record: DrillRecord) => {
  const { contract, disaster, environment, moments, runId, drillId } = record;
  const way = mirroredRecord();
  Object.assign(record, way, { runId, drillId, environment, disaster: { ...way.disaster, name: disaster.name } });
  record.contract.name = contract.name;
  if (record.moments.ended !== null) record.moments.ended.utc = moments.ended?.utc ?? '';
};
const splitBrain = (record: DrillRecord) => {
  failedOver(record);
  for (const write of record.failBack?.writesTried ?? []) write.accepted = true;
};
const paced = (factor: number) => (record: DrillRecord) => {
  for (const phase of record.phases) phase.measuredMs *= factor;
};

/** The base branch with these commits, the newest first. */
const baseOf = (...commits: readonly string[]) => ({ ref: 'origin/main', commits, isShallow: false });

const kinds = ({ problems, promises }: GateDecision) => [
  ...problems.map(({ kind }) => kind),
  ...promises.flatMap((each) => each.problems.map(({ kind }) => kind)),
];
const sentences = ({ problems, promises }: GateDecision) =>
  [...problems, ...promises.flatMap((each) => each.problems)]
    .map(({ sentence, nextStep }) => `${sentence} ${nextStep}`)
    .join('\n');

describe('a gate', () => {
  it('passes a promise that is met, fresh and of this version', async () => {
    const decision = await decide(run());
    expect(decision).toMatchObject({ decision: 'pass', exitCode: 0, counts: { promises: 1, passed: 1, blocked: 0 } });
    expect(decision.promises[0]?.proofs[0]).toMatchObject({
      verdict: 'met',
      ageMs: HOUR_MS,
      rtoMs: 900_000,
      rtaMs: 150_000,
    });
    expect(gateDecisionSchema.parse(decision)).toEqual(decision);
  });

  it('blocks a promise that was never drilled, although the ledger says nothing of it', async () => {
    const decision = await decide(run(), { promises: [promise(), promise({ contract: 'invoices' })] });
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['missing']]);
    expect(sentences(decision)).toContain(
      'Never drilled: the ledger holds no proof of it. Run `npx dr-contracts drill --contract invoices`.',
    );
  });

  it('blocks one disaster of two that was never drilled', async () => {
    const decision = await decide(run(), { promises: [promise({ disasters: ['wiped', 'region-lost'] })] });
    expect(decision.promises[0]?.problems).toMatchObject([{ kind: 'missing', disaster: 'region-lost' }]);
  });

  it('blocks on an empty ledger, and where nothing is promised', async () => {
    expect((await decide([])).notes).toContain('The ledger is empty.');
    const nothing = await decide([], { promises: [] });
    expect([nothing.exitCode, kinds(nothing)]).toEqual([2, ['no-promise']]);
  });

  it('says unproven, stale and missing with three sentences and one decision', async () => {
    const found = [
      await decide(run({ change: unproven })),
      await decide(run({ agoMs: 15 * DAY_MS })),
      await decide([]),
    ];
    expect(found.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2]);
    expect(found.map(kinds)).toEqual([['unproven'], ['stale'], ['missing']]);
    expect(sentences(found[1] ?? (found[0] as GateDecision))).toContain(
      'Stale: the last proof is 15 d old, and P1 allows 14 d.',
    );
  });

  it('misses a scheduled run of a contract that promises how often it is proved', async () => {
    const weekly = { promises: [promise({ cadenceMs: 7 * DAY_MS })] };
    const decision = await decide(run({ agoMs: 8 * DAY_MS }), weekly);
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['overdue']]);
    expect(sentences(decision)).toContain(
      'The contract promises a proof every 7 d, and the last one is 8 d old: 1 scheduled run is missing.',
    );
    expect(decision.promises[0]).toMatchObject({ cadenceMs: 7 * DAY_MS, nextDue: '2026-01-31T12:00:00.000Z' });
    // Runs vary in length, so a proof may be late by a tenth of the cadence, as in `verify`.
    expect((await decide(run({ agoMs: 7.5 * DAY_MS }), weekly)).exitCode).toBe(0);
    const waived = { ...weekly, waivers: [waiver({ finding: 'overdue' })] };
    expect((await decide(run({ agoMs: 8 * DAY_MS }), waived)).counts.waived).toBe(1);
  });

  it('holds a contract to the age of its priority, where its own cadence is longer', async () => {
    const yearly = { promises: [promise({ cadenceMs: 365 * DAY_MS })] };
    expect(kinds(await decide(run({ agoMs: 15 * DAY_MS }), yearly))).toEqual(['stale']);
  });

  it('says of a breach what was promised, what happened and by how much', async () => {
    const decision = await decide(run({ change: breached }));
    expect([decision.exitCode, kinds(decision)]).toEqual([1, ['breached']]);
    expect(sentences(decision)).toMatch(/Promised back within 1 min; recovered in 2 min 30 s .*Fix the cause/s);
  });

  it('lets at risk pass only where the policy does', async () => {
    expect(await decide(run({ change: atRisk }))).toMatchObject({ exitCode: 0, counts: { passed: 1, atRisk: 1 } });
    const strict = await decide(run({ change: atRisk }), { policy: { priorities: { P1: { allow: ['met'] } } } });
    expect([strict.exitCode, kinds(strict)]).toEqual([1, ['at-risk']]);
  });

  it('counts the worst of all codes, and tells all problems', async () => {
    const decision = await decide([...run({ change: breached }), ...run({ contract: 'invoices', change: unproven })], {
      promises: [promise(), promise({ contract: 'invoices' }), promise({ contract: 'api' })],
      mistakes: [{ contract: null, file: 'contracts/x.spec.ts', message: 'no' }],
    });
    expect([decision.exitCode, kinds(decision)]).toEqual([1, ['not-read', 'breached', 'unproven', 'missing']]);
    const general = { contract: null, disaster: null, findings: [], sentence: '', nextStep: '' };
    for (const code of [64, 70] as const) {
      const problems = [{ ...general, kind: 'gate-failed' as const, code }];
      expect((await decide(run({ change: breached }), { problems })).exitCode).toBe(code);
    }
  });
});

describe('the verdict that counts', () => {
  it("is today's, where today's rules are stricter, and the gate says that they differ", async () => {
    const met = run()[1];
    const recorded = met?.kind === 'drill' ? met.record.judgement : null;
    const decision = await decide(run({ change: unproven, recorded }));
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['unproven']]);
    expect(decision.promises[0]?.notes).toEqual([
      "orders › wiped: Recorded as met, judged unproven by today's rules. Today's verdict counts, because it is the worse one.",
    ]);
  });

  it('is the recorded one, where that is worse', async () => {
    const judgement = { ...judge((run({ change: breached })[1] as { record: DrillRecord }).record) };
    const decision = await decide(run({ recorded: judgement }));
    expect([decision.exitCode, decision.promises[0]?.proofs[0]?.today]).toEqual([1, 'met']);
  });

  it('is unproven for a record without a judgement that today cannot be judged either', async () => {
    const decision = await decide(
      run({
        recorded: null,
        change: (record) => {
          record.schemaVersion = 1;
        },
      }),
    );
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['unproven']]);
  });

  it('is that of the last drill; an unproven one does not clear a breach, a met one does', async () => {
    const old = run({ agoMs: 3 * HOUR_MS, change: breached });
    const late = run({ agoMs: HOUR_MS, change: unproven });
    expect((await decide([...old, ...late])).exitCode).toBe(1);
    expect((await decide([...old, ...run({ agoMs: 2 * HOUR_MS }), ...late])).exitCode).toBe(2);
    expect((await decide([...old, ...run()])).exitCode).toBe(0);
    expect((await decide([...run({ agoMs: 2 * HOUR_MS }), ...late])).exitCode).toBe(2);
  });

  it('is not taken back by an older drill that is appended once more', async () => {
    const again = run({ agoMs: 5 * HOUR_MS, appendedAfterMs: 4.5 * HOUR_MS });
    expect((await decide([...run({ change: breached }), ...again])).exitCode).toBe(1);
  });
});

describe('the version that is proved', () => {
  const other = withInput('ops/backup.sh', 'another script');

  it('is any in which the files were the same', async () => {
    expect((await decide(run({ commit: 'feed'.repeat(10) }))).exitCode).toBe(0);
  });

  it('does not count for a commit whose files are not those of the work tree, and no waiver helps', async () => {
    const uncommitted = ['docs/notes.md', 'ops/backup.sh'];
    const decision = await decide(run(), { uncommitted, waivers: [waiver({ finding: 'changed' })] });
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['changed']]);
    expect(sentences(decision)).toContain('ops/backup.sh in this checkout differs from commit c0ffee0000');
    expect((await decide(run(), { uncommitted: ['docs/notes.md'] })).exitCode).toBe(0);
  });

  it('that was breached or unproven stays so when a file changes: a waiver of the change does not cover it', async () => {
    const waivers = [waiver({ finding: 'changed' })];
    const inputs = withInput('x', 'y');
    for (const change of [breached, unproven]) {
      expect((await decide(run({ change, inputs, commit: null }), { waivers })).exitCode).toBe(2);
    }
    expect((await decide(run({ inputs, commit: null }), { waivers })).exitCode).toBe(0);
  });

  it('of another version is stale as well: a waiver of the change says nothing of its age', async () => {
    const old = run({ inputs: withInput('x', 'y'), commit: null, agoMs: 60 * DAY_MS });
    expect(kinds(await decide(old, { waivers: [waiver({ finding: 'changed' })] }))).toEqual(['stale']);
  });

  it('of a commit that is not checked out is not enough where that commit promises more than the checkout', async () => {
    const bodies = [...run(), ...run({ contract: 'api' })];
    const decision = await decide(bodies, { workTree: 'elsewhere' });
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['missing']]);
    expect(sentences(decision)).toContain('Commit c0ffee0000 promises api. This checkout');
    expect((await decide(run(), { workTree: 'elsewhere' })).exitCode).toBe(0);
  });

  it('of a stranger is none of another version either: a waiver of the change does not help', async () => {
    const forged = run({ inputs: withInput('x', 'y'), commit: null, keyId: STRANGER });
    const decision = await decide(forged, { keyIds: [KEY], waivers: [waiver({ finding: 'changed' })] });
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['stranger']]);
  });

  it('that is overdue and stale is both: a waiver of the missing run says nothing of the age', async () => {
    const promises = [promise({ cadenceMs: 7 * DAY_MS })];
    const waivers = [waiver({ finding: 'overdue' })];
    const decision = await decide(run({ agoMs: 60 * DAY_MS }), { promises, waivers });
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['stale']]);
  });

  it('that the base branch promised is not forgotten by a run of a changed work tree there', async () => {
    const base = 'feed'.repeat(10);
    const narrowed = run({ commit: base, dirty: true, agoMs: HOUR_MS / 2 });
    const decision = await decide([...run({ contract: 'api', commit: base }), ...narrowed, ...run()], {
      base: baseOf(base),
    });
    expect(kinds(decision)).toEqual(['removed']);
  });

  it('gate-3: that the base branch promised is that of its newest commit, not of the run that was appended last', async () => {
    const [newer, older] = ['feed'.repeat(10), 'dead'.repeat(10)];
    const bodies = [
      ...run({ contract: 'api', commit: newer }),
      ...run({ commit: older, agoMs: HOUR_MS / 2 }),
      ...run(),
    ];
    expect(kinds(await decide(bodies, { base: baseOf(newer, older) }))).toEqual(['removed']);
    expect(kinds(await decide(bodies, { base: baseOf(older, newer) }))).toEqual([]);
  });

  it('gate-3: that the base branch promised is not what a stranger says of it', async () => {
    const base = 'feed'.repeat(10);
    const own = run({ contract: 'api', commit: base, keyId: KEY });
    const strange = run({ commit: base, keyId: STRANGER, agoMs: 2 * HOUR_MS });
    const policy = { signedBy: [KEY] };
    const decision = await decide([...own, ...strange, ...run({ keyId: KEY })], { policy, base: baseOf(base) });
    expect(kinds(decision)).toEqual(['removed']);
  });

  it('gate-3: that the base branch promised is told to be unknown where no run of it counts', async () => {
    const base = 'feed'.repeat(10);
    const { exitCode, notes } = await decide(run(), { base: baseOf(base) });
    expect([exitCode, notes]).toEqual([
      0,
      [
        'It was not checked whether this change drops a promise of origin/main: the ledger holds no run of its last commit that counts. Drill that branch, with this ledger.',
      ],
    ]);
    const shallow = { ...baseOf(base), isShallow: true };
    const dirty = run({ commit: base, dirty: true });
    expect((await decide([...dirty, ...run()], { base: shallow })).notes[0]).toMatch(
      /1 run does not count, because the work tree was changed\. .*`git fetch --unshallow`/,
    );
  });

  it('gate-5: is not what a stranger says that a run began with', async () => {
    const [started, drill, finished] = run({ keyId: KEY, inputs: other, commit: 'feed'.repeat(10) });
    const [forged] = run({ keyId: STRANGER, commit: 'feed'.repeat(10) });
    if (!started || !drill || !finished || !forged) throw new Error('no run');
    const policy = { signedBy: [KEY] };
    expect(kinds(await decide([started, forged, drill, finished], { policy }))).toEqual(['changed']);
    expect(kinds(await decide([forged, drill, finished], { policy }))).toEqual(['changed']);
  });

  it('gate-6: of other files has to be on the target that the policy asks for, also under a waiver of the change', async () => {
    const policy = { priorities: { P1: { target: 'docker' } } };
    const waivers = [waiver({ finding: 'changed' })];
    const on = (target: string) => run({ inputs: other, commit: 'feed'.repeat(10), target });
    expect(kinds(await decide(on('local'), { policy, waivers }))).toEqual(['target']);
    expect((await decide(on('docker'), { policy, waivers })).exitCode).toBe(0);
    const both = [...on('docker'), ...on('local')];
    expect((await decide(both, { policy, waivers })).exitCode).toBe(0);
  });

  it('gate-6: of other files has to be signed off and no worse than the policy allows, also under a waiver of the change', async () => {
    const waivers = [waiver({ finding: 'changed' })];
    const elsewhere = { inputs: other, commit: 'feed'.repeat(10) };
    const signOff = { signedBy: [STRANGER] };
    expect(kinds(await decide(run(elsewhere), { policy: { signOff }, waivers }))).toEqual(['sign-off']);
    const policy = { priorities: { P1: { allow: ['met' as const] } } };
    const close = run({ ...elsewhere, change: atRisk });
    expect(kinds(await decide(close, { policy, waivers }))).toEqual(['changed']);
    expect((await decide(close, { waivers })).exitCode).toBe(0);
  });

  it('is noted where a later drill of other files was breached', async () => {
    const later = run({ agoMs: HOUR_MS / 2, change: breached, inputs: withInput('x', 'y'), commit: 'feed'.repeat(10) });
    const decision = await decide([...run(), ...later]);
    expect(decision.exitCode).toBe(0);
    expect(decision.promises[0]?.notes).toEqual([
      'orders › wiped: a later drill of other files was breached (entry 5, commit feedfeedfe).',
    ]);
  });

  it('that the base branch promises is not called dropped where a contract here cannot be read', async () => {
    const base = 'feed'.repeat(10);
    const bodies = [...run({ contract: 'api', commit: base }), ...run()];
    const mistakes = [{ contract: null, file: 'contracts/api.spec.ts', message: 'no' }];
    const decision = await decide(bodies, { base: baseOf(base), mistakes });
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['not-read']]);
  });

  it('of a stranger from before a trusted one does not hide it', async () => {
    const changed = { inputs: withInput('x', 'y'), commit: null };
    const bodies = [...run({ ...changed, keyId: STRANGER, agoMs: 40 * DAY_MS }), ...run({ ...changed, keyId: KEY })];
    expect(kinds(await decide(bodies, { keyIds: [KEY] }))).toEqual(['changed']);
    expect(kinds(await decide(bodies.toReversed(), { keyIds: [KEY] }))).toContain('stranger');
  });

  it('that the base branch promises is asked for, although the change no longer states it', async () => {
    const base = 'feed'.repeat(10);
    const bodies = [...run({ contract: 'api', commit: base }), ...run()];
    const gone = await decide(bodies, { base: baseOf(base) });
    expect([gone.exitCode, kinds(gone), gone.counts]).toMatchObject([
      2,
      ['removed'],
      { promises: 2, passed: 1, blocked: 1 },
    ]);
    expect(sentences(gone)).toContain('The base branch promises this');
    const accepted = [waiver({ contract: 'api', finding: 'removed' })];
    expect((await decide(bodies, { base: baseOf(base), waivers: accepted })).exitCode).toBe(0);
    expect((await decide(bodies)).exitCode).toBe(0);
    const narrowed = { promises: [promise({ disasters: [] })], base: baseOf(COMMIT) };
    expect(kinds(await decide(run(), narrowed))).toContain('removed');
  });

  it('is not one since which a file changed, and the gate names it', async () => {
    const decision = await decide(run({ inputs: other, commit: 'feed'.repeat(10) }));
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['changed']]);
    expect(sentences(decision)).toContain(
      'of another version: ops/backup.sh and contracts/orders.spec.ts changed since',
    );
  });

  it('is not one of this commit whose files differ from those of the work tree', async () => {
    expect(kinds(await decide(run({ inputs: other })))).toEqual(['changed']);
  });

  it('is this commit alone where the policy asks for that, and with a clean work tree', async () => {
    const policy = { priorities: { P1: { provedAt: 'this-commit' as const } } };
    expect((await decide(run(), { policy })).exitCode).toBe(0);
    expect(kinds(await decide(run({ dirty: true }), { policy }))).toEqual(['changed']);
    expect(kinds(await decide(run({ commit: 'feed'.repeat(10) }), { policy }))).toEqual(['changed']);
    expect(kinds(await decide(run(), { policy, commit: null }))).toEqual(['changed']);
  });

  it('is the commit itself where the contracts were read from another one', async () => {
    const elsewhere = { workTree: 'elsewhere' as const };
    expect((await decide(run({ inputs: other }), elsewhere)).exitCode).toBe(0);
    expect(kinds(await decide(run({ commit: 'feed'.repeat(10) }), elsewhere))).toEqual(['changed']);
  });

  it('is unknown if the run did not say what it depended on: then only this commit counts', async () => {
    expect((await decide(run({ inputs: [] }))).exitCode).toBe(0);
    expect(kinds(await decide(run({ inputs: [], commit: null })))).toEqual(['changed']);
    expect(kinds(await decide(run({ inputs: [] }), { workTree: 'changed' }))).toEqual(['changed']);
  });

  it('of another branch neither passes nor blocks', async () => {
    const branch = run({ inputs: other, change: breached, agoMs: HOUR_MS / 2, commit: 'feed'.repeat(10) });
    expect((await decide([...run(), ...branch])).exitCode).toBe(0);
  });
});

describe('the target', () => {
  const policy = { targets: ['local', 'docker', 'staging'], priorities: { P1: { target: 'docker' } } };

  it('is docker or better where the policy asks for docker', async () => {
    const local = await decide(run(), { policy });
    expect([local.exitCode, kinds(local)]).toEqual([2, ['target']]);
    expect(sentences(local)).toMatch(/Proved on local only; P1 needs docker or better\. Run .* --target docker/);
    expect((await decide(run({ target: 'docker' }), { policy })).exitCode).toBe(0);
    expect((await decide(run({ target: 'staging' }), { policy })).exitCode).toBe(0);
    expect(kinds(await decide(run({ target: 'laptop' }), { policy }))).toEqual(['target']);
  });

  it('of a later drill may be a weaker one, as long as that is not breached', async () => {
    const docker = run({ target: 'docker', agoMs: DAY_MS });
    expect((await decide([...docker, ...run()], { policy })).exitCode).toBe(0);
    expect((await decide([...docker, ...run({ change: unproven })], { policy })).exitCode).toBe(0);
    expect((await decide([...docker, ...run({ change: breached })], { policy })).exitCode).toBe(1);
  });
});

describe('the signature', () => {
  const policy = { signedBy: [KEY] };
  const change = (from: string, to: string): EntryBody & { keyId: string } => ({
    kind: 'key-changed',
    at: new Date(NOW.getTime() - 2 * HOUR_MS).toISOString(),
    to: { keyId: to, publicKeyPem: 'pem' },
    reason: 'yearly',
    keyId: from,
  });

  it('is that of a key which the policy names', async () => {
    expect((await decide(run({ keyId: KEY }), { policy })).exitCode).toBe(0);
    const unsigned = await decide(run(), { policy });
    expect([unsigned.exitCode, kinds(unsigned)]).toEqual([2, ['unsigned']]);
    expect(sentences(unsigned)).toContain('not signed; the policy asks for key aaaaaaaaaaaa');
  });

  it("is not a stranger's, who blocks also after a proof that is good", async () => {
    const stranger = await decide(run({ keyId: STRANGER }), { policy });
    expect([stranger.exitCode, kinds(stranger)]).toEqual([2, ['stranger']]);
    expect(sentences(stranger)).toContain('signed by a stranger, key bbbbbbbbbbbb');
    const after = [...run({ keyId: KEY, agoMs: 2 * HOUR_MS }), ...run({ keyId: STRANGER })];
    expect(kinds(await decide(after, { policy }))).toEqual(['stranger']);
    expect((await decide([...after, ...run({ keyId: KEY, agoMs: HOUR_MS / 2 })], { policy })).exitCode).toBe(0);
  });

  it('is asked for by --key as well', async () => {
    expect(kinds(await decide(run(), { keyIds: [KEY] }))).toEqual(['unsigned']);
  });

  it('passes on to a key to which the old one signed the change, and no longer belongs to the old one', async () => {
    const next = 'd'.repeat(64);
    expect((await decide([change(KEY, next), ...run({ keyId: next })], { policy })).exitCode).toBe(0);
    expect(kinds(await decide([change(KEY, next), ...run({ keyId: KEY })], { policy }))).toEqual(['stranger']);
    expect(kinds(await decide([change(STRANGER, next), ...run({ keyId: next })], { policy }))).toEqual(['stranger']);
    expect((await decide([change(STRANGER, KEY), ...run({ keyId: KEY })], { policy })).exitCode).toBe(0);
  });
});

describe('a posture contract', () => {
  const promised = promise({ contract: 'off-site-backups', disasters: [], priority: 'posture' });
  const ask = { promises: [promised] };
  const met = madeUpPosture([{ name: 'writer-policy', verdict: 'met', sentence: 'As promised.' }]);

  it('passes when it is met, and blocks when it was never checked', async () => {
    expect((await decide(postureRun(met, promised), ask)).exitCode).toBe(0);
    expect(sentences(await decide([], ask))).toContain('Never checked');
  });

  it('blocks with exit 1 for a check that is breached, with its name as the finding', async () => {
    const bad = madeUpPosture([{ name: 'writer-policy', verdict: 'breached', sentence: 'It may delete.' }]);
    const decision = await decide(postureRun(bad, promised), ask);
    expect([decision.exitCode, kinds(decision)]).toEqual([1, ['posture']]);
    expect(decision.promises[0]?.problems[0]?.findings).toEqual(['writer-policy']);
    const waived = await decide(postureRun(bad, promised), {
      ...ask,
      waivers: [waiver({ contract: promised.contract, finding: 'writer-policy' })],
    });
    expect([waived.exitCode, waived.counts.waived]).toEqual([0, 1]);
  });

  it('blocks for a check that was promised and not made', async () => {
    const decision = await decide(
      postureRun({ ...met, expectedChecks: ['writer-policy', 'encrypted'] }, promised),
      ask,
    );
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['unproven']]);
  });

  describe('with checks that halt the roll-out', () => {
    const none = comparisonOf({ of: 'backups', compared: 0, differences: [] });
    const backups = { name: 'daily-backups', verdict: 'unproven', sentence: 'None.', condition: 'backups' } as const;
    const drifted = { name: 'settings', verdict: 'unproven', sentence: 'Not read.', observation: none } as const;

    it('tells of each with what it halts, its owner and the next step, apart from what halts nothing', async () => {
      const posture = madeUpPosture([drifted, { ...backups, observation: none }]);
      const decision = await decide(postureRun(posture, promised), ask);
      expect(decision.exitCode).toBe(2);
      expect(decision.promises[0]?.problems).toMatchObject([
        { kind: 'unproven', findings: ['settings'] },
        {
          kind: 'unproven',
          findings: ['daily-backups'],
          halts: 'backups',
          owner: 'tests',
          nextStep: expect.stringMatching(
            /^Remove what kept the check from deciding.* Run `npx dr-contracts drill --contract off-site/,
          ),
        },
      ]);
      expect(decision.promises[0]?.problems[0]).not.toHaveProperty('halts');
      expect(gateDecisionSchema.parse(decision)).toEqual(decision);
    });

    it('says of a breach what it halts', async () => {
      const posture = madeUpPosture([{ ...backups, verdict: 'breached' }]);
      expect((await decide(postureRun(posture, promised), ask)).promises[0]?.problems).toMatchObject([
        { kind: 'posture', code: 1, halts: 'backups' },
      ]);
    });

    it('lets what is at risk pass where the policy allows it, as for drills, and notes that it halts', async () => {
      const posture = madeUpPosture([{ ...backups, verdict: 'at-risk' }]);
      const allowed = await decide(postureRun(posture, promised), ask);
      expect([allowed.exitCode, allowed.promises[0]?.isAtRisk]).toEqual([0, true]);
      expect(allowed.promises[0]?.notes.slice(1)).toEqual([
        expect.stringMatching(
          /daily-backups: None\. It halts the roll-out \(backups\)\. Owner: tests\. Make the backups faster/,
        ),
      ]);
      const refused = await decide(postureRun(posture, promised), { ...ask, policy: { posture: { allow: ['met'] } } });
      expect(refused.exitCode).toBe(1);
      expect(refused.promises[0]?.problems).toMatchObject([{ kind: 'at-risk', halts: 'backups' }]);
    });
  });

  it('is left out where the policy says so, and the gate says that', async () => {
    const decision = await decide(run(), { promises: [promise(), promised], policy: { posture: 'off' } });
    expect([decision.exitCode, decision.counts.promises]).toEqual([0, 1]);
    expect(decision.notes).toContain('The policy leaves 1 posture contract out of the decision.');
  });
});

describe('a waiver', () => {
  it('lets a breach pass, in a tally of its own', async () => {
    const decision = await decide(run({ change: breached }), { waivers: [waiver()] });
    expect(decision).toMatchObject({ exitCode: 0, counts: { passed: 0, waived: 1 }, waivers: [{ state: 'used' }] });
    expect(decision.promises[0]).toMatchObject({ outcome: 'waived', waived: [{ owner: 'storage', approver: 'cto' }] });
  });

  const recorded = judge((run()[1] as { record: DrillRecord }).record);
  const faster = [5, 4, 3, 2, 1].flatMap((day) => run({ agoMs: day * DAY_MS, change: paced(0.2), recorded }));

  it.each([
    { finding: 'stale', bodies: run({ agoMs: 15 * DAY_MS }) },
    { finding: 'missing', bodies: [] },
    { finding: 'changed', bodies: run({ inputs: withInput('x', 'y'), commit: null }) },
    { finding: 'target', bodies: run(), policy: { priorities: { P1: { target: 'docker' } } } },
    { finding: 'regression', bodies: [...faster, ...run()] },
  ])('may cover the finding "$finding"', async ({ finding, bodies, policy = {} }) => {
    expect(kinds(await decide(bodies, { policy }))).toEqual([finding]);
    expect((await decide(bodies, { policy, waivers: [waiver({ finding })] })).exitCode).toBe(0);
  });

  it('that expired fails with its own sentence, whether it is needed or not', async () => {
    const expired = [waiver({ expires: '2026-01-31' })];
    const needed = await decide(run({ change: breached }), { waivers: expired });
    expect([needed.exitCode, kinds(needed)]).toEqual([1, ['waiver-expired', 'breached']]);
    const needless = await decide(run(), { waivers: expired });
    expect([needless.exitCode, kinds(needless)]).toEqual([2, ['waiver-expired']]);
    expect(sentences(needless)).toContain(
      'The waiver of rto for orders expired 12 h ago (its last day was 2026-01-31).',
    );
  });

  it('counts to the end of its last day, and is announced 14 days before', async () => {
    const today = await decide(run({ change: breached }), { waivers: [waiver({ expires: '2026-02-01' })] });
    expect([today.exitCode, today.waivers[0]?.isEndingSoon]).toEqual([0, true]);
    const soon = async (expires: string) =>
      (await decide(run({ change: breached }), { waivers: [waiver({ expires })] })).waivers[0]?.isEndingSoon;
    expect([await soon('2026-02-14'), await soon('2026-02-15'), await soon('2026-02-16')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('that covers nothing is reported, and fails only in strict mode', async () => {
    const unused = [waiver()];
    expect(await decide(run(), { waivers: unused })).toMatchObject({ exitCode: 0, waivers: [{ state: 'unused' }] });
    expect(kinds(await decide(run(), { waivers: unused, isStrict: true }))).toEqual(['waiver-unused']);
  });

  it('covers one disaster where it names one, and one contract', async () => {
    const promises = [promise({ disasters: ['wiped', 'region-lost'] })];
    const bodies = [...run({ change: breached }), ...run({ disaster: 'region-lost', agoMs: 2 * HOUR_MS })];
    expect((await decide(bodies, { promises, waivers: [waiver({ disaster: 'wiped' })] })).exitCode).toBe(0);
    expect((await decide(bodies, { promises, waivers: [waiver({ disaster: 'region-lost' })] })).exitCode).toBe(1);
    expect((await decide(bodies, { promises, waivers: [waiver({ contract: 'api' })] })).exitCode).toBe(1);
  });

  it('never covers corruption, unproved destruction or split brain', async () => {
    const corrupt = (record: DrillRecord) => {
      const [lane] = record.markers;
      if (lane !== undefined) Object.assign(lane, { altered: 1 });
    };
    const notGone = (record: DrillRecord) => {
      record.absence = [];
    };
    for (const [change, finding] of [
      [corrupt, 'content'],
      [notGone, 'destruction'],
      [splitBrain, 'fail-back'],
    ] as const) {
      const decision = await decide(run({ change }), { waivers: [waiver({ finding })] });
      expect([decision.decision, decision.waivers[0]?.state], finding).toEqual(['block', 'refused']);
      expect(decision.promises[0]?.notes.join(' '), finding).toContain('cannot be waived');
    }
  });

  it('that covers a failed fail-back does not cover split brain in another disaster', async () => {
    const failed = (record: DrillRecord) => {
      failedOver(record);
      Object.assign(record.failBack ?? {}, { failure: { stage: 'rejoin', blame: 'procedure', messages: ['no'] } });
    };
    const promises = [promise({ disasters: ['wiped', 'region-lost'] })];
    const bodies = [...run({ change: splitBrain }), ...run({ disaster: 'region-lost', change: failed })];
    const decision = await decide(bodies, { promises, waivers: [waiver({ finding: 'fail-back' })] });
    expect(decision.promises[0]?.problems).toMatchObject([{ disaster: 'wiped', findings: ['fail-back'] }]);
    expect(decision.promises[0]?.waived).toMatchObject([{ problem: { disaster: 'region-lost' } }]);
    expect(decision.exitCode).toBe(1);
  });

  it('may not last longer, nor be one of more, than the policy allows', async () => {
    const longest = await decide(run({ change: breached }), {
      waivers: [waiver()],
      policy: { waivers: { longest: '30d' } },
    });
    expect([longest.exitCode, kinds(longest)]).toEqual([64, ['file-invalid']]);
    const most = await decide(run(), { waivers: [waiver()], policy: { waivers: { most: 0 } } });
    expect([most.exitCode, kinds(most)]).toEqual([64, ['file-invalid']]);
  });
});

describe('clocks and chains', () => {
  it('a proof that is dated in the future blocks, because its age is not known', async () => {
    const decision = await decide(run({ agoMs: -3 * HOUR_MS }));
    expect([decision.exitCode, kinds(decision)]).toEqual([2, ['future']]);
    expect(sentences(decision)).toContain('3 h in the future');
    expect((await decide(run({ agoMs: -60_000 }))).exitCode).toBe(0);
  });

  it('a clock that went backwards is told, and the order of the ledger counts', async () => {
    const decision = await decide([...run({ agoMs: HOUR_MS }), ...run({ agoMs: 5 * HOUR_MS, change: breached })]);
    expect(decision.exitCode).toBe(1);
    expect(decision.notes.join(' ')).toMatch(/A clock went backwards: entry 6 .* 4 h before an earlier entry/);
  });

  it('an older moment is asked about without what came later', async () => {
    const bodies = [...run({ agoMs: 3 * HOUR_MS }), ...run({ agoMs: HOUR_MS, change: breached })];
    const past = { at: new Date(NOW.getTime() - 2 * HOUR_MS), asksAboutPast: true };
    const decision = await decide(bodies, past);
    expect([decision.exitCode, decision.promises[0]?.proofs[0]?.ageMs]).toEqual([0, HOUR_MS]);
    expect(decision.notes.join(' ')).toContain('3 entries after');
  });

  it('an entry that is missing blocks, because a result may have been removed', async () => {
    const question = questionOf();
    const entries = ledgerOf([...run({ agoMs: 2 * HOUR_MS }), ...run()]);
    const observed = async (kept: typeof entries) => (await collectProofs(kept, question)).broken?.observed;
    expect(await observed(entries)).toBeUndefined();
    expect(await observed(entries.filter(({ sequence }) => sequence !== 2))).toContain('entry 2 is missing');
    expect(await observed(entries.slice(1))).toContain('begins with entry 2');
    const forged = entries.map((entry) =>
      entry.sequence === 4 ? { ...entry, previous: `sha256:${'f'.repeat(64)}` } : entry,
    );
    expect(await observed(forged)).toContain('entry 4 does not follow');
    const checkpoint = {
      kind: 'checkpoint' as const,
      at: NOW.toISOString(),
      removedThrough: 3,
      digest: entries[2]?.digest ?? '',
      removedBefore: NOW.toISOString(),
      keepDays: 400,
    };
    const pruned = ledgerOf([...run({ agoMs: 2 * HOUR_MS }), ...run(), checkpoint]).slice(3);
    expect(await observed(pruned)).toBeUndefined();
  });

  it('a contract that the project no longer promises is told', async () => {
    const decision = await decide([...run(), ...run({ contract: 'invoices' })]);
    expect(decision.notes.join(' ')).toContain('The last run knew of invoices; the project no longer promises it.');
  });
});

describe('properties', () => {
  const verdictChanges = [undefined, atRisk, unproven, breached];
  const worse = { 0: 0, 2: 1, 1: 2, 64: 3, 70: 4 };
  const drill = fc.record({
    verdict: fc.nat(3),
    agoHours: fc.integer({ min: 1, max: 400 }),
    target: fc.constantFrom('local', 'docker'),
  });
  const bodiesOf = (drills: readonly { verdict: number; agoHours: number; target: string }[]) =>
    drills
      .toSorted((a, b) => b.agoHours - a.agoHours)
      .flatMap(({ verdict, agoHours, target }, index) => {
        const change = verdictChanges[verdict];
        return run({ agoMs: agoHours * HOUR_MS - index, target, ...(change === undefined ? {} : { change }) });
      });

  it('a later drill with a worse verdict never makes the decision better', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(drill, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('local', 'docker'),
        async (drills, target) => {
          const policy = { priorities: { P1: { target: 'docker' } }, regression: 'off' as const };
          const before = await decide(bodiesOf(drills), { policy });
          const after = await decide([...bodiesOf(drills), ...run({ agoMs: 60_000, change: breached, target })], {
            policy,
          });
          expect(worse[after.exitCode]).toBeGreaterThanOrEqual(worse[before.exitCode]);
          expect(after.decision).toBe('block');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('the order of unrelated entries does not matter', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(drill, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.nat(4)),
        async (drills, order) => {
          const own = bodiesOf(drills);
          const others = run({ contract: 'invoices' });
          const places = own.map((_, index) => index);
          const mixed = [...own];
          for (const other of others) mixed.splice(order.next().value % (places.length + 1), 0, other);
          expect(
            await decide(mixed).then(({ promises, exitCode }) => [
              promises.map(({ outcome, problems }) => [outcome, problems]),
              exitCode,
            ]),
          ).toEqual(
            await decide(own).then(({ promises, exitCode }) => [
              promises.map(({ outcome, problems }) => [outcome, problems]),
              exitCode,
            ]),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('a waiver never turns 64 or 70 into 0, and never makes the decision worse while it counts', async () => {
    const general = { contract: null, disaster: null, findings: ['rto'], sentence: '', nextStep: '' };
    await fc.assert(
      fc.asyncProperty(
        drill,
        fc.constantFrom('rto', 'missing', 'stale', 'content'),
        fc.constantFrom(64 as const, 70 as const, undefined),
        async (each, finding, code) => {
          const problems = code === undefined ? [] : [{ ...general, kind: 'gate-failed' as const, code }];
          const without = await decide(bodiesOf([each]), { problems });
          const withWaiver = await decide(bodiesOf([each]), { problems, waivers: [waiver({ finding })] });
          if (code !== undefined) expect(withWaiver.exitCode).toBe(code);
          expect(worse[withWaiver.exitCode]).toBeLessThanOrEqual(worse[without.exitCode]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('growing older never makes a proof better', async () => {
    await fc.assert(
      fc.asyncProperty(drill, fc.integer({ min: 1, max: 400 }), async (each, hours) => {
        const now = await decide(bodiesOf([each]));
        const later = await decide(bodiesOf([each]), { at: new Date(NOW.getTime() + hours * HOUR_MS) });
        expect(worse[later.exitCode]).toBeGreaterThanOrEqual(worse[now.exitCode]);
      }),
      { numRuns: 40 },
    );
  });
});
