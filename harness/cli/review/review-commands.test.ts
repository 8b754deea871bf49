import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../evidence/entry.ts';
import { Ledger } from '../../evidence/ledger/ledger.ts';
import { openLedgerStore, readLedger } from '../../evidence/ledger/ledger-store.ts';
import { makeKey } from '../../evidence/ledger/public-key.ts';
import { openSigner } from '../../evidence/ledger/signer.ts';
import { entriesOfRun, madeUpPromise, never } from '../../evidence/ledger/testing/made-up-ledger.ts';
import { madeUpDrill, madeUpPosture } from '../../reporting/testing/made-up-records.ts';
import type { CommandIo } from '../command-io.ts';
import { runChangeKey } from '../keygen-command.ts';
import type { VerifyLedgerOptions } from '../ledger-options.ts';
import { createProgram } from '../program.ts';
import { withStubIo } from '../testing/stub-parts.ts';
import { runVerify } from '../verify-command.ts';
import { closeDeviation, listDeviations, openDeviation } from './deviation-command.ts';
import { runSignOff } from './sign-off-command.ts';

const LEDGER = 'reports/ledger';
const PROMISES = [madeUpPromise(), madeUpPromise({ contract: 'backups', priority: 'posture', disasters: [] })];
const breached = { verdict: 'breached', sentence: 'Two messages were lost.' } as const;

async function appendRun(io: CommandIo, runId: string, judgement?: object, signer?: string): Promise<void> {
  const key = signer === undefined ? undefined : await openSigner(signer, { folder: io.cwd, environment: {} });
  using ledger = new Ledger(await openLedgerStore(LEDGER, io.cwd), key, io.clock);
  const drills = [madeUpDrill({ drillId: `d${runId}`, ...(judgement === undefined ? {} : { judgement }) })];
  for (const entry of entriesOfRun({ runId, promises: PROMISES, drills })) {
    const postures = entry.kind === 'run-finished' ? { run: { ...entry.run, postures: [madeUpPosture([])] } } : {};
    await ledger.append({ ...entry, ...postures }, {}, never);
  }
}

async function lastEntry(io: CommandIo): Promise<LedgerEntry | undefined> {
  return (await Array.fromAsync(readLedger(await openLedgerStore(LEDGER, io.cwd), never))).at(-1);
}

/** Calls a command as the command line does. */
async function call(io: CommandIo, ...args: string[]): Promise<number | undefined> {
  let exitCode: number | undefined;
  const refused = async () => Promise.reject(new Error('not this command'));
  const others = [
    'init',
    'drill',
    'toolchain',
    'doctor',
    'gc',
    'gate',
    'list',
    'verdict',
    'runbook',
    'keygen',
  ] as const;
  const unused = Object.fromEntries([...others, 'changeKey', 'anchor'].map((name) => [name, refused]));
  const commands = {
    ...unused,
    verify: (options: VerifyLedgerOptions) => runVerify(options, io),
    signOff: (options: Parameters<typeof runSignOff>[0]) => runSignOff(options, io),
    openDeviation: (options: Parameters<typeof openDeviation>[0]) => openDeviation(options, io),
    closeDeviation: (options: Parameters<typeof closeDeviation>[0]) => closeDeviation(options, io),
    listDeviations: (options: Parameters<typeof listDeviations>[0]) => listDeviations(options, io),
  } as unknown as Parameters<typeof createProgram>[1];
  const program = createProgram('1.2.3', commands, (code) => {
    exitCode = code;
  });
  program.configureOutput({ writeErr: () => undefined });
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

const ACCEPT = ['--reviewer', 'Ada', '--role', 'head of platform', '--outcome', 'accepted'];

describe('dr-contracts sign-off', () => {
  it('appends what was reviewed of a run, signed with the key of the reviewer, and verify believes it', () =>
    withStubIo(async ({ io, stdout }) => {
      for (const name of ['ledger.pem', 'ada.pem']) await makeKey('ed25519', join(io.cwd, name));
      await appendRun(io, 'r1', breached, 'ledger.pem');
      expect(await call(io, 'sign-off', '--run', 'r1', ...ACCEPT, '--sign-with', 'ada.pem')).toBe(0);
      expect(stdout()).toMatch(
        /breached nats-streams › stream-deleted \(entry 2\): Two messages were lost\.\n[\s\S]*\nentry 4: Ada \(head of platform\) accepted run r1; signed by key [0-9a-f]{16}\n$/,
      );
      expect(await lastEntry(io)).toMatchObject({
        body: {
          kind: 'sign-off',
          runId: 'r1',
          contract: null,
          reviewer: 'Ada',
          role: 'head of platform',
          outcome: 'accepted',
          comment: '',
          reviewed: [
            { contract: 'nats-streams', disaster: 'stream-deleted', sequence: 2 },
            { contract: madeUpPosture([]).contract.name, disaster: null, sequence: 3 },
          ],
        },
      });
      const keys = ['--key', 'ledger.pub.pem'];
      expect(await call(io, 'verify', ...keys, '--reviewer-key', 'ada.pub.pem')).toBe(0);
      expect(stdout()).toMatch(/verified: the reviewer's key [0-9a-f]{16} signed 1 entry/);
      expect(await call(io, 'verify', ...keys)).toBe(1);
      expect(stdout()).toContain('stranger: Entry 4 is signed by a stranger');
    }));

  it('of a contract names its last drills, whatever run they were part of', () =>
    withStubIo(async ({ io }) => {
      for (const run of ['r1', 'r2']) await appendRun(io, run);
      await call(io, 'sign-off', '--contract', 'nats-streams', ...ACCEPT);
      expect((await lastEntry(io))?.body).toMatchObject({
        runId: null,
        contract: 'nats-streams',
        reviewed: [{ sequence: 5 }],
      });
    }));

  it('takes the key of the reviewer from the configuration, and says when it is that of the runs', () =>
    withStubIo(async ({ io, stdout }) => {
      for (const name of ['ledger.pem', 'ada.pem']) await makeKey('ed25519', join(io.cwd, name));
      await appendRun(io, 'r1', undefined, 'ledger.pem');
      const signOff = async (config: string, ledger: object) => {
        await writeFile(join(io.cwd, config), `export default ${JSON.stringify({ ledger })};`);
        await call({ ...io, config }, 'sign-off', '--run', 'r1', ...ACCEPT);
      };
      await signOff('without.config.ts', { key: 'ledger.pem' });
      expect(stdout()).toMatch(/, the key of the runs\n$/);
      await signOff('with.config.ts', { key: 'ledger.pem', reviewKey: 'ada.pem' });
      expect(stdout()).toMatch(/signed by key [0-9a-f]{16}\n$/);
    }));

  it('with --dry-run shows what would be signed off, and appends nothing', () =>
    withStubIo(async ({ io, stdout }) => {
      await appendRun(io, 'r1');
      await call(io, 'sign-off', '--run', 'r1', ...ACCEPT, '--dry-run');
      expect(stdout()).toContain('met nats-streams › stream-deleted (entry 2)');
      expect((await lastEntry(io))?.sequence).toBe(3);
    }));

  it('page 6: with --dry-run checks the key as well', () =>
    withStubIo(async ({ io, stdout }) => {
      for (const name of ['ledger.pem', 'new.pem', 'ada.pem']) await makeKey('ed25519', join(io.cwd, name));
      await appendRun(io, 'r1', undefined, 'ledger.pem');
      const dryRun = (...args: string[]) => call(io, 'sign-off', '--run', 'r1', ...ACCEPT, '--dry-run', ...args);
      await expect(dryRun()).rejects.toThrow(/a key that signs it, .*--sign-with FILE/);
      await expect(dryRun('--sign-with', 'nobody.pem')).rejects.toThrow(/nobody\.pem/);
      await expect(dryRun('--sign-with', 'ada.pub.pem')).rejects.toThrow(/private key/);
      expect(await dryRun('--sign-with', 'ada.pem')).toBe(0);
      expect(stdout()).toMatch(/Dry run: nothing was appended\. The entry would be signed by key [0-9a-f]{16}\.\n$/);
      await writeFile(join(io.cwd, 'dr-contracts.config.ts'), `export default { ledger: { key: 'ledger.pem' } };`);
      await runChangeKey({ to: 'new.pub.pem', reason: 'yearly' }, io);
      await expect(dryRun()).rejects.toThrow(/it was replaced by [0-9a-f]{16}… in entry 4/);
      expect((await lastEntry(io))?.sequence).toBe(4);
    }));

  it.each([
    ['a run that is not there', ['--run', 'r9'], /it holds no run r9\. The last runs are r2, r1\./],
    [
      'a contract that is not there',
      ['--contract', 'nats-stream'],
      /none of the contract nats-stream \(did you mean "nats-streams"\?\)/,
    ],
    ['neither run nor contract', [], /either --run or --contract, but neither is given/],
    ['a reviewer without a name', ['--run', 'r1', '--reviewer', ''], /Write a text that is not blank/],
    ['a reviewer whose name is blank', ['--run', 'r1', '--reviewer', ' \u200B'], /Write a text that is not blank/],
    ['a blank role', ['--run', 'r1', '--role', ' '], /Write a text that is not blank/],
    ['both', ['--run', 'r1', '--contract', 'x'], /both are given/],
    ['a rejection without a reason', ['--run', 'r1', '--outcome', 'rejected'], /a reason for a rejection/],
  ])('refuses %s, and appends nothing', (_what, args, message) =>
    withStubIo(async ({ io }) => {
      for (const run of ['r1', 'r2']) await appendRun(io, run);
      await expect(call(io, 'sign-off', ...ACCEPT, ...args)).rejects.toThrow(message);
      expect((await lastEntry(io))?.sequence).toBe(6);
    }),
  );

  it('refuses a key that was replaced, and appends nothing', () =>
    withStubIo(async ({ io }) => {
      for (const name of ['old.pem', 'new.pem']) await makeKey('ed25519', join(io.cwd, name));
      await writeFile(join(io.cwd, 'dr-contracts.config.ts'), `export default { ledger: { key: 'old.pem' } };`);
      await appendRun(io, 'r1', undefined, 'old.pem');
      await runChangeKey({ to: 'new.pub.pem', reason: 'yearly' }, io);
      const signOff = (...args: string[]) => call(io, 'sign-off', '--run', 'r1', ...ACCEPT, ...args);
      await expect(signOff()).rejects.toThrow(
        /ledger key [0-9a-f]{16}…: .* it was replaced by [0-9a-f]{16}… in entry 4/,
      );
      await expect(call(io, 'deviation', 'open', '--contract', 'backups', ...OPEN)).rejects.toThrow('in entry 4');
      expect((await lastEntry(io))?.sequence).toBe(4);
      expect(await signOff('--sign-with', 'new.pem')).toBe(0);
    }));

  it('refuses a signed ledger without a key, an empty one, and one that is broken', () =>
    withStubIo(async ({ io }) => {
      const signOff = () => call(io, 'sign-off', '--run', 'r1', ...ACCEPT);
      await expect(signOff()).rejects.toThrow('it is empty');
      await makeKey('ed25519', join(io.cwd, 'ledger.pem'));
      await appendRun(io, 'r1', undefined, 'ledger.pem');
      await expect(signOff()).rejects.toThrow(/a key that signs it, .*--sign-with FILE/);
      await writeFile(join(io.cwd, LEDGER, '0000000002.intoto.jsonl'), '{"broken');
      await expect(signOff()).rejects.toThrow(/an unbroken ledger .*Entry 2 was edited or damaged/);
    }));
});

describe('text of the ledger', () => {
  const ESCAPE = '\u001B[2J\u009B2J\u0007\r\nvalid: ';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that must not be there.
  const CONTROLS = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/;

  it('brings no control character and no line of its own to the terminal', () =>
    withStubIo(async ({ io, stdout }) => {
      await appendRun(io, 'r1', { ...breached, sentence: `Lost.${ESCAPE}` });
      using ledger = new Ledger(await openLedgerStore(LEDGER, io.cwd), undefined, io.clock);
      const deviation = { kind: 'deviation', disaster: null, drillId: null, due: '2020-01-31' } as const;
      for (const contract of ['nats-streams', `c${ESCAPE}`]) {
        const said = { contract, cause: `a${ESCAPE}`, correctiveAction: ESCAPE, owner: `o${ESCAPE}`, ticket: ESCAPE };
        await ledger.append({ ...deviation, ...said }, {}, never);
      }
      const unfounded = { kind: 'sign-off', runId: ESCAPE, reviewer: `r${ESCAPE}`, outcome: 'accepted' } as const;
      await call(io, 'sign-off', '--contract', 'nats-streams', ...ACCEPT, '--reviewer', `Ada${ESCAPE}`);
      await call(io, 'deviation', 'list');
      await call(io, 'deviation', 'open', '--contract', 'backups', '--owner', 'x', ...OPEN);
      await appendRun(io, 'r2');
      await call(io, 'deviation', 'close', '4', '--by', 'Ada');
      await ledger.append({ ...unfounded, comment: '' }, {}, never);
      expect(await call(io, 'verify')).toBe(1);
      expect(stdout()).toContain('Lost.');
      expect(stdout()).toContain('unfounded: Entry');
      expect(stdout()).not.toMatch(CONTROLS);
      expect(stdout()).not.toMatch(/^valid: /m);
    }));
});

const OPEN = ['--cause', 'index not backed up', '--action', 'back it up', '--owner', 'storage', '--due', '2027-01-31'];

describe('dr-contracts deviation', () => {
  it('is opened by the drill that showed it, listed, and closed by the drill that was met since', () =>
    withStubIo(async ({ io, stdout }) => {
      await appendRun(io, 'r1', breached);
      await call(io, 'deviation', 'open', '--drill', 'dr1', ...OPEN, '--ticket', 'OPS-7');
      expect(stdout()).toContain(
        'entry 4: deviation of nats-streams › stream-deleted, due on 2027-01-31; not signed\n',
      );
      expect((await lastEntry(io))?.body).toMatchObject({
        kind: 'deviation',
        contract: 'nats-streams',
        disaster: 'stream-deleted',
        drillId: 'dr1',
        cause: 'index not backed up',
        correctiveAction: 'back it up',
        owner: 'storage',
        due: '2027-01-31',
        ticket: 'OPS-7',
      });
      await call(io, 'deviation', 'list');
      expect(stdout()).toMatch(/4 +nats-streams › stream-deleted +index not backed up +storage +2027-01-31 +OPS-7/);
      const close = () => call(io, 'deviation', 'close', '4', '--by', 'Ada');
      await expect(close()).rejects.toThrow(
        /after entry 4 that is met, but there is none yet.*drill --contract nats-streams/,
      );
      await appendRun(io, 'r2');
      await expect(call(io, 'deviation', 'close', '4', '--by', ' ')).rejects.toThrow('Write a text that is not blank');
      await close();
      expect(stdout()).toContain(
        'entry 8: deviation 4 of nats-streams › stream-deleted is closed by drill dr2 (entry 6, met); not signed\n',
      );
      expect(await runVerify({ keys: [], anchors: [], json: false }, io)).toBe(2);
      expect(stdout()).toContain('unsigned: unbroken, but anybody could have written it\n');
      await call(io, 'deviation', 'list');
      expect(stdout()).toMatch(/no deviation is open\n$/);
      await expect(close()).rejects.toThrow(/an open deviation, but entry 4 is not one\. No deviation is open/);
    }));

  it('that is overdue says so in the list, also as JSON', () =>
    withStubIo(async ({ io, stdout }) => {
      await appendRun(io, 'r1');
      await call(io, 'deviation', 'open', '--contract', 'backups', ...OPEN, '--due', '2020-02-29');
      await call(io, 'deviation', 'list');
      expect(stdout()).toContain('2020-02-29 (overdue)');
      await call(io, 'deviation', 'list', '--json');
      expect(JSON.parse(stdout().slice(stdout().indexOf('\n[\n')))).toMatchObject([{ entry: 4, isOverdue: true }]);
    }));

  it.each([
    ['a contract that is not there', ['--contract', 'backup', ...OPEN], /no backup \(did you mean "backups"\?\)/],
    [
      'a disaster that is not there',
      ['--contract', 'nats-streams', '--disaster', 'fire', ...OPEN],
      /It has stream-deleted/,
    ],
    ['a drill that is not there', ['--drill', 'dx', ...OPEN], /there is no drill dx/],
    ['a blank cause', ['--contract', 'backups', ...OPEN, '--cause', ''], /Write a text that is not blank/],
    ['a blank action', ['--contract', 'backups', ...OPEN, '--action', ' '], /Write a text that is not blank/],
    ['a blank owner', ['--contract', 'backups', ...OPEN, '--owner', '\t'], /Write a text that is not blank/],
    ['a blank ticket', ['--contract', 'backups', ...OPEN, '--ticket', ''], /Write a text that is not blank/],
    ['nothing', OPEN, /--contract or --drill, but neither/],
    ['a day that is none', ['--contract', 'backups', ...OPEN, '--due', '2027-02-30'], /Write a day/],
  ])('refuses %s, and appends nothing', (_what, args, message) =>
    withStubIo(async ({ io }) => {
      await appendRun(io, 'r1');
      await expect(call(io, 'deviation', 'open', ...args)).rejects.toThrow(message);
      expect((await lastEntry(io))?.sequence).toBe(3);
    }),
  );
});
