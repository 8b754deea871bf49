import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { promise, run } from '../evidence/gate/testing/made-up-gate.ts';
import { Ledger } from '../evidence/ledger/ledger.ts';
import { openLedgerStore } from '../evidence/ledger/ledger-store.ts';
import { makeKey } from '../evidence/ledger/public-key.ts';
import { ledgerBucket } from '../evidence/ledger/testing/ledger-bucket.ts';
import { never, type TestKey, testKey } from '../evidence/ledger/testing/made-up-ledger.ts';
import { startWriter } from '../evidence/ledger/testing/writer-process.ts';
import { verifyLedger } from '../evidence/ledger/verify-ledger.ts';
import { s3Store } from '../systems/s3/service.ts';
import { freePort } from '../targets/ports.ts';
import { Relay } from '../targets/relay.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { runGate } from './gate/gate-command.ts';
import { closeDeviation, listDeviations, openDeviation } from './review/deviation-command.ts';
import { runSignOff } from './review/sign-off-command.ts';
import { type StubIo, withStubIo } from './testing/stub-parts.ts';
import { runVerify } from './verify-command.ts';

// Commands on a ledger in a bucket of a real S3 API, behind a line that delays every byte.

const s3 = await sharedTarget().place(s3Store);
const bucket = ledgerBucket(s3, 'commands');
const server = new URL(s3.endpoint);
const LATENCY_MS = 60;
let runner: TestKey;
let [ledgers, drills] = [0, 0];

beforeAll(async () => {
  runner = await testKey();
});

/** Makes an empty ledger, with a direct address and one behind a slow line of its own. */
async function newLedger() {
  ledgers += 1;
  const port = await freePort();
  const to = { host: server.hostname, port: Number(server.port) };
  const line = await Relay.open({ port, to, latencyMs: LATENCY_MS });
  return {
    direct: bucket.at(`ledger-${ledgers}`),
    slow: bucket.at(`ledger-${ledgers}`, `http://127.0.0.1:${port}`),
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  };
}

/** Appends one run of one drill, dated now. */
async function drilled(at: string): Promise<string> {
  using ledger = new Ledger(await openLedgerStore(at), runner.signer, systemClock);
  drills += 1;
  let runId = '';
  for (const { keyId: _, at: __, ...body } of run({ drillId: `d${drills}` })) {
    if (body.kind === 'drill' && body.record.moments.ended !== null) {
      body.record.moments.ended = { ...body.record.moments.ended, utc: new Date().toISOString() };
    }
    if ('runId' in body && body.runId !== null) runId = body.runId;
    await ledger.append(body, {}, never);
  }
  return runId;
}

const POLICY = "export default { signedBy: ['runner.pem'], signOff: { signedBy: ['ada.pub.pem'] } };";

async function withProject(use: (stub: StubIo) => Promise<void>): Promise<void> {
  await withStubIo(async (stub) => {
    await writeFile(join(stub.io.cwd, 'runner.pem'), runner.public.pem);
    await writeFile(join(stub.io.cwd, 'dr-gate.ts'), POLICY);
    await makeKey('p256', join(stub.io.cwd, 'ada.pem'));
    await use(stub);
  });
}

const gate = (stub: StubIo, ledger: string) =>
  runGate({ key: [], format: 'text', dryRun: false, strict: false, ledger }, stub.io, async () => ({
    promises: [promise()],
    mistakes: [],
  }));
const signOff = (stub: StubIo, ledger: string, runId: string) =>
  runSignOff(
    { ledger, run: runId, reviewer: 'Ada', outcome: 'accepted', comment: '', signWith: 'ada.pem', dryRun: false },
    stub.io,
  );

describe('a ledger in a bucket at the end of a slow line', () => {
  test('is drilled into, gated, signed off and verified', () =>
    withProject(async (stub) => {
      await using at = await newLedger();
      const runId = await drilled(at.slow);
      expect(await gate(stub, at.slow)).toBe(2);
      expect(stub.stdout()).toContain('It is not signed off');
      expect(await signOff(stub, at.slow, runId)).toBe(0);
      expect(await gate(stub, at.slow)).toBe(0);
      const keys = { keys: ['runner.pem'], reviewerKeys: ['ada.pub.pem'] };
      expect(await runVerify({ ledger: at.slow, ...keys, anchors: [], json: false }, stub.io)).toBe(0);
      expect(stub.stdout()).toContain('valid: unbroken, and signed by the keys that were given');
    }));

  test('holds a deviation until a retest closes it', () =>
    withProject(async (stub) => {
      await using at = await newLedger();
      await drilled(at.direct);
      const said = { cause: 'c', action: 'a', owner: 'storage', due: '2099-01-31' };
      await openDeviation({ ledger: at.slow, contract: 'orders', ...said, signWith: 'ada.pem' }, stub.io);
      await drilled(at.direct);
      await closeDeviation({ ledger: at.slow, entry: 4, by: 'Ada', comment: '', signWith: 'ada.pem' }, stub.io);
      await listDeviations({ ledger: at.slow, json: true }, stub.io);
      expect(stub.stdout()).toMatch(
        /entry 8: deviation 4 of orders is closed by drill d\d+ \(entry 6, met\)[^[]*\[\]\n$/,
      );
    }));

  test('takes the runs and sign-offs of two who write at once', () =>
    withProject(async (stub) => {
      await using at = await newLedger();
      const runId = await drilled(at.direct);
      await Promise.all([
        drilled(at.slow),
        drilled(at.direct),
        signOff(stub, at.slow, runId),
        signOff(stub, at.direct, runId),
      ]);
      const keys = { keys: ['runner.pem'], reviewerKeys: ['ada.pub.pem'] };
      expect(await runVerify({ ledger: at.direct, ...keys, anchors: [], json: true }, stub.io)).toBe(0);
      const verified = stub.stdout().slice(stub.stdout().indexOf('{\n'));
      expect(JSON.parse(verified)).toMatchObject({ verdict: 'valid', entries: 11, runs: 3, faults: [] });
    }));
});

const writer = (at: string, name: string, runs: number) =>
  startWriter(at, {
    name,
    runs,
    env: {
      KEY: runner.privatePem,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    },
  });

test('a runner that is killed while it appends to a bucket leaves whole entries, and the others go on', async () => {
  await using at = await newLedger();
  const verified = async () => {
    using store = await openLedgerStore(at.direct);
    const options = { keys: [runner.public], anchors: [], nowUtc: systemClock.now().utc };
    return await verifyLedger(store, options, never);
  };
  const other = await writer(at.slow, 'other', 8);
  other.go();
  for (let victim = 1; victim <= 3; victim += 1) {
    const { child, ended, go, appended } = await writer(at.slow, `victim${victim}`, 1_000_000);
    go();
    // Whenever this happens, a request is on the line.
    await appended();
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect((await verified()).faults).toEqual([]);
  }
  expect(await other.ended).toEqual([0, null]);
  const { verdict, faults, runs } = await verified();
  expect({ verdict, faults }).toEqual({ verdict: 'valid', faults: [] });
  expect(runs).toBeGreaterThanOrEqual(8 + 3);
});
