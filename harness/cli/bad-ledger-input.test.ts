import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { openFolderStore } from '../evidence/ledger/folder-store.ts';
import { Ledger } from '../evidence/ledger/ledger.ts';
import { makeKey } from '../evidence/ledger/public-key.ts';
import { entriesOfRun, madeUpPromise, never, TestClock } from '../evidence/ledger/testing/made-up-ledger.ts';
import { madeUpDrill } from '../reporting/testing/made-up-records.ts';
import type { CommandIo } from './command-io.ts';
import { runDrill } from './drill-command.ts';
import { runGate } from './gate/gate-command.ts';
import type { DrillOptions } from './make-run.ts';
import { runSignOff } from './review/sign-off-command.ts';
import { type StubIo, stubParts, withStubIo } from './testing/stub-parts.ts';
import { runVerify } from './verify-command.ts';

// Bad input of the ledger and its readers: every command reports it with one clear message, and no existing data is lost.

const drillOptions: DrillOptions = { contracts: [], all: false, keep: false, json: false };

/** Makes a ledger of two runs in the project, the second one after `change`. */
async function twoRuns(io: CommandIo, clock = new TestClock()): Promise<void> {
  for (const runId of ['r1', 'r2']) {
    using ledger = new Ledger(openFolderStore(join(io.cwd, 'reports/ledger')), undefined, clock);
    for (const entry of entriesOfRun({ runId })) await ledger.append(entry, {}, never);
    clock.advance(-7_200_000);
  }
}

const entryPath = (io: CommandIo, sequence: number) =>
  join(io.cwd, 'reports/ledger', `${String(sequence).padStart(10, '0')}.intoto.jsonl`);

async function filesOf(io: CommandIo): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(join(io.cwd, 'reports/ledger'))).toSorted();
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(io.cwd, 'reports/ledger', name), 'hex')] as const),
    ),
  );
}

const commands = {
  verify: ({ io }: StubIo) => runVerify({ keys: [], anchors: [], json: false }, io),
  gate: ({ io }: StubIo) =>
    runGate({ key: [], format: 'text', dryRun: false, strict: false }, io, async () => ({
      promises: [madeUpPromise()],
      mistakes: [],
    })),
  'sign-off': async ({ io }: StubIo) => {
    const options = {
      contract: 'nats-streams',
      reviewer: 'Ada',
      outcome: 'accepted',
      comment: '',
      dryRun: false,
    } as const;
    try {
      return await runSignOff(options, io);
    } catch (error) {
      io.stdout.write(error instanceof Error ? error.message : '');
      return 2;
    }
  },
  drill: ({ io }: StubIo) =>
    runDrill(drillOptions, io, stubParts({ records: [madeUpDrill()], promises: [madeUpPromise()] }).parts),
} as const;

async function brokenLine(io: CommandIo): Promise<void> {
  const path = entryPath(io, 5);
  await writeFile(path, (await readFile(path)).subarray(0, 300));
}

/** Writes the record of entry 5 as a later version would. */
async function laterVersion(io: CommandIo): Promise<void> {
  const path = entryPath(io, 5);
  const [first = '', ...rest] = (await readFile(path, 'utf8')).split('\n');
  const envelope = JSON.parse(first);
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
  statement.predicate.body.record.schemaVersion = 99;
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  await writeFile(path, [JSON.stringify({ ...envelope, payload }), ...rest].join('\n'));
}

type CommandName = keyof typeof commands;
const cases: readonly (readonly [
  what: string,
  spoil: (io: CommandIo) => Promise<void>,
  expected: Readonly<Partial<Record<CommandName, readonly [code: number, message: RegExp]>>>,
])[] = [
  [
    'a broken line',
    brokenLine,
    {
      verify: [1, /edited: Entry 5 was edited or damaged: its last line is cut off\./],
      gate: [
        70,
        /entry 0000000005\.intoto\.jsonl of the ledger \S+: expected an entry as dr-contracts wrote it, but its last line is cut off/,
      ],
      'sign-off': [2, /an unbroken ledger with runs to review, but Entry 5 was edited or damaged/],
    },
  ],
  [
    'a record of a later version',
    laterVersion,
    {
      verify: [
        1,
        /newer: Entry 5 was written by a later version of dr-contracts: its record has version 99.*Update to verify it/,
      ],
      gate: [
        70,
        /but its record has version 99, and this dr-contracts reads records up to version 2\. Update dr-contracts\./,
      ],
      'sign-off': [2, /Entry 5 was written by a later version of dr-contracts/],
    },
  ],
  [
    'a clock that went backwards',
    async () => undefined,
    {
      verify: [2, /note: Entry 4 is dated \S+, 2 h before an earlier entry: a clock went backwards\./],
      gate: [
        2,
        /A clock went backwards: entry [456] is dated \S+, 2 h before an earlier entry\. The order of the ledger counts/,
      ],
      'sign-off': [0, /entry 7: Ada accepted the last drills of nats-streams/],
    },
  ],
];

describe.each(cases)('%s', (_what, spoil, expected) => {
  it.each(Object.entries(expected))('gives %s one clear message, and nothing is lost', (name, [code, message]) =>
    withStubIo(async (stub) => {
      await twoRuns(stub.io);
      await spoil(stub.io);
      const before = await filesOf(stub.io);
      expect(await commands[name as CommandName](stub)).toBe(code);
      expect(stub.stdout().replaceAll(/\s+/g, ' ')).toMatch(message);
      expect([...(await filesOf(stub.io))].slice(0, before.size)).toEqual([...before]);
    }),
  );

  it('does not keep a run from appending after it', () =>
    withStubIo(async (stub) => {
      await twoRuns(stub.io);
      await spoil(stub.io);
      const before = await filesOf(stub.io);
      expect(await commands.drill(stub)).toBe(0);
      const after = await filesOf(stub.io);
      expect(after.size).toBe(before.size + 3);
      expect([...after].slice(0, before.size)).toEqual([...before]);
    }));
});

it('a clock that is behind the last entry is told by the run itself', () =>
  withStubIo(async (stub) => {
    const later = new TestClock(new Date(Date.parse(systemClock.now().utc) + 7_200_000 * 2).toISOString());
    await twoRuns(stub.io, later);
    expect(await commands.drill(stub)).toBe(0);
    expect(stub.stderr()).toMatch(
      /note: the clock of this machine is 2 h behind the last entry of the ledger: correct the clock/,
    );
  }));

it('a ledger that could not be read is not called empty', () =>
  withStubIo(async (stub) => {
    await twoRuns(stub.io);
    await brokenLine(stub.io);
    await commands.gate(stub);
    expect(stub.stdout()).not.toMatch(/empty/);
    expect(stub.stdout()).toContain('reports/ledger (not read).');
  }));

it.each([
  [
    'a private key that others can read',
    'ada.pem',
    0o640,
    /ada\.pem: expected a file that only its owner can read, but others can read or change it \(mode 0640\)/,
  ],
  [
    'a public key, which others may read',
    'ada.pub.pem',
    0o644,
    /ada\.pub\.pem: expected a private key .*, but it is a public key/,
  ],
])('%s signs nothing', (_what, name, mode, message) =>
  withStubIo(async ({ io }) => {
    await twoRuns(io);
    await makeKey('ed25519', join(io.cwd, 'ada.pem'));
    await chmod(join(io.cwd, name), mode);
    const before = await filesOf(io);
    const said = {
      contract: 'nats-streams',
      reviewer: 'Ada',
      outcome: 'accepted',
      comment: '',
      dryRun: false,
    } as const;
    await expect(runSignOff({ ...said, signWith: name }, io)).rejects.toThrow(message);
    expect(await filesOf(io)).toEqual(before);
  }),
);

it('an unknown field of the policy is named, wherever it stands', () =>
  withStubIo(async (stub) => {
    await twoRuns(stub.io);
    await writeFile(
      join(stub.io.cwd, 'dr-gate.ts'),
      "export default { priorities: { P1: { signOff: { signedBy: ['k.pem'], within: '1d' } } } };",
    );
    expect(await commands.gate(stub)).toBe(64);
    expect(stub.stdout().replaceAll(/\s+/g, ' ')).toContain('it has an unknown field "priorities.P1.signOff.within"');
  }));
