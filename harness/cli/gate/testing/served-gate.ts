import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '../../../clock/clock.ts';
import { promise, run } from '../../../evidence/gate/testing/made-up-gate.ts';
import { openFolderStore } from '../../../evidence/ledger/folder-store.ts';
import { Ledger } from '../../../evidence/ledger/ledger.ts';
import { never, type TestKey } from '../../../evidence/ledger/testing/made-up-ledger.ts';
import type { DrillRecord } from '../../../model/record.ts';
import type { StubIo } from '../../testing/stub-parts.ts';
import { runGate } from '../gate-command.ts';
import type { GateOptions } from '../gate-options.ts';

// A project of one promise, with a made-up ledger, behind the real gate.

export const NO_OPTIONS: GateOptions = { key: [], format: 'text', dryRun: false, strict: false };
export const CONTRACT = 'contracts/orders.spec.ts';
const inputs = [{ path: CONTRACT, digest: `sha256:${'1'.repeat(64)}` }];
export const stated = promise({ inputs });

/** Appends a run to the ledger of a project, dated now. */
export async function drilled(
  folder: string,
  change: (record: DrillRecord) => void = () => undefined,
  key?: TestKey,
): Promise<void> {
  using ledger = new Ledger(openFolderStore(join(folder, 'reports/ledger')), key?.signer, systemClock);
  for (const { keyId: _, at: __, ...body } of run({ inputs, change })) {
    if (body.kind === 'drill' && body.record.moments.ended !== null) {
      body.record.moments.ended = { ...body.record.moments.ended, utc: new Date().toISOString() };
    }
    await ledger.append(body, {}, never);
  }
}

/** Changes a drill so that it takes longer than its contract allows. */
export const breached = (record: DrillRecord): void => {
  record.contract.rtoMs = 60_000;
};

/** Serves the gate while `asks` runs; `asks` gets the address, without a path. */
export async function served(
  stub: StubIo,
  asks: (address: string) => Promise<void>,
  host = '127.0.0.1',
): Promise<void> {
  const ending = new AbortController();
  const io = { ...stub.io, signal: ending.signal };
  const begun = once(stub.io.stdout, 'data');
  const serving = runGate({ ...NO_OPTIONS, serve: { host, port: 0 } }, io, async () => ({
    promises: [stated],
    mistakes: [],
  }));
  await Promise.race([begun, serving]);
  const [address = ''] = /http:\/\/\S+(?=\/gate)/.exec(stub.stdout()) ?? [];
  try {
    await asks(address);
  } finally {
    ending.abort(new Error('enough'));
    await serving.catch(() => undefined);
  }
}
