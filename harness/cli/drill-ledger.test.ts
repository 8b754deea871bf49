import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../evidence/entry.ts';
import { openLedgerStore, readLedger } from '../evidence/ledger/ledger-store.ts';
import { makeKey } from '../evidence/ledger/public-key.ts';
import { madeUpPromise, never } from '../evidence/ledger/testing/made-up-ledger.ts';
import { Secrets } from '../model/secrets.ts';
import { thisMachine } from '../process/identity.ts';
import { OWED_FILE } from '../reporting/earlier-runs.ts';
import { madeUpDrill } from '../reporting/testing/made-up-records.ts';
import type { CommandIo } from './command-io.ts';
import { runDrill } from './drill-command.ts';
import { runChangeKey } from './keygen-command.ts';
import type { DrillOptions } from './make-run.ts';
import { stubParts, withStubIo } from './testing/stub-parts.ts';

const options: DrillOptions = { target: 'local', contracts: [], all: false, keep: false, json: false, jobs: 1 };
const drills = [madeUpDrill({ drillId: 'da' }), madeUpDrill({ drillId: 'db', disaster: 'server-lost' })];
const parts = () => stubParts({ records: drills, promises: [madeUpPromise()] }).parts;

const entriesIn = async (io: CommandIo, at = 'reports/ledger'): Promise<readonly LedgerEntry[]> =>
  await Array.fromAsync(readLedger(await openLedgerStore(at, io.cwd), never));
const kindsIn = async (io: CommandIo) => (await entriesIn(io)).map(({ body }) => body.kind);
const runFolders = async (io: CommandIo) =>
  (await readdir(join(io.cwd, 'reports/runs'))).map((name) => join(io.cwd, 'reports/runs', name));
const configure = (io: CommandIo, config: object) =>
  writeFile(join(io.cwd, 'dr-contracts.config.ts'), `export default ${JSON.stringify(config)};`);

describe('dr-contracts drill', () => {
  it('appends the beginning of the run, each drill and the end to the ledger', () =>
    withStubIo(async ({ io, stderr }) => {
      const subject = { name: 'image', digest: { sha256: 'ab' } };
      expect(await runDrill({ ...options, subjects: [subject] }, io, parts())).toBe(0);
      const entries = await entriesIn(io);
      expect(entries.map(({ body }) => body)).toMatchObject([
        {
          kind: 'run-started',
          command: 'dr-contracts drill',
          promises: [{ contract: 'nats-streams' }],
          selected: null,
          ranBy: { host: thisMachine().host },
        },
        { kind: 'drill', record: { drillId: 'da' } },
        { kind: 'drill', record: { drillId: 'db' } },
        { kind: 'run-finished', run: { summary: { drills: 2 } } },
      ]);
      const source = { name: 'source', digest: { gitCommit: 'c0ffee0000000000000000000000000000000000' } };
      for (const { subjects } of entries) expect(subjects).toEqual([source, subject]);
      expect(stderr()).not.toContain('ledger');
    }));

  it('signs with the key of the configuration, whose text is a secret from then on', () =>
    withStubIo(async ({ io }) => {
      const { keyId, privatePath } = await makeKey('ed25519', join(io.cwd, 'ledger.pem'));
      await configure(io, { ledger: { at: 'evidence', key: 'ledger.pem' } });
      const secrets = new Secrets();
      await runDrill(options, { ...io, secrets }, parts());
      expect((await entriesIn(io, 'evidence')).map((entry) => entry.keyId)).toEqual(Array(4).fill(keyId));
      expect(secrets.foundIn(await readFile(privatePath, 'utf8'))).toBe(true);
    }));

  it('refuses a key that the ledger says was replaced, before anything is begun', () =>
    withStubIo(async ({ io }) => {
      for (const name of ['old.pem', 'new.pem']) await makeKey('ed25519', join(io.cwd, name));
      await configure(io, { ledger: { at: 'evidence', key: 'old.pem' } });
      await runDrill(options, io, parts());
      await runChangeKey({ to: 'new.pub.pem', reason: 'yearly' }, io);
      const { parts: unused, events } = stubParts({ records: drills, promises: [madeUpPromise()] });
      await expect(runDrill(options, io, unused)).rejects.toThrow(
        /ledger key [0-9a-f]{16}…: .*in entry 5\. Set `ledger\.key`/,
      );
      expect(events).toEqual([]);
      expect(await runFolders(io)).toHaveLength(1);
      expect(await entriesIn(io, 'evidence')).toHaveLength(5);
      const ledger = { at: 'evidence', key: 'new.pem' };
      await writeFile(join(io.cwd, 'new.config.ts'), `export default ${JSON.stringify({ ledger })};`);
      expect(await runDrill(options, { ...io, config: 'new.config.ts' }, parts())).toBe(0);
    }));

  it('gate-10: warns before it drills that an entry without a signature spoils a signed ledger', () =>
    withStubIo(async ({ io, stderr }) => {
      await runDrill(options, io, parts());
      expect(stderr()).not.toContain('warning');
      await makeKey('ed25519', join(io.cwd, 'own.pem'));
      await configure(io, { ledger: { at: 'evidence', key: 'own.pem' } });
      await runDrill(options, io, parts());
      expect(stderr()).not.toContain('warning');
      const unsigned = { ledger: { at: 'evidence' } };
      await writeFile(join(io.cwd, 'unsigned.config.ts'), `export default ${JSON.stringify(unsigned)};`);
      for (let run = 0; run < 2; run += 1) await runDrill(options, { ...io, config: 'unsigned.config.ts' }, parts());
      const warnings = stderr().match(
        /warning: the entries of the ledger \S+ are signed, and this run has no key\. .*/g,
      );
      expect(warnings).toHaveLength(2);
      expect(warnings?.[0]).toMatch(
        /`dr-contracts verify` will report that the ledger is not valid\. Set `ledger\.key`/,
      );
    }));

  it('refuses a private key that others can read, before anything is begun', () =>
    withStubIo(async ({ io }) => {
      const { privatePath } = await makeKey('p256', join(io.cwd, 'ledger.pem'));
      await chmod(privatePath, 0o640);
      await configure(io, { ledger: { key: 'ledger.pem' } });
      await expect(runDrill(options, io, parts())).rejects.toThrow(
        /ledger\.pem: expected a file that only its owner can read, but others can read or change it \(mode 0640\)\. Run `chmod 600/,
      );
      expect(await readdir(io.cwd)).not.toContain('reports');
    }));

  it('of a ledger that cannot be written says so, exits 2, keeps the records, and the next run appends them', () =>
    withStubIo(async ({ io, stderr }) => {
      await mkdir(join(io.cwd, 'reports'), { recursive: true });
      await writeFile(join(io.cwd, 'reports/ledger'), 'in the way');
      expect(await runDrill({ ...options, keepRuns: 1 }, io, parts())).toBe(2);
      expect(stderr()).toMatch(
        /the ledger \S+ lacks 4 entries of this run: .*a part of the path is a file, not a folder/,
      );
      expect(await readdir((await runFolders(io))[0] ?? '')).toContain('run.json');

      await rm(join(io.cwd, 'reports/ledger'));
      expect(await runDrill({ ...options, keepRuns: 1 }, io, parts())).toBe(0);
      expect(stderr()).toMatch(/the ledger now holds run \S+, too: 4 entries were missing/);
      const run = ['run-started', 'drill', 'drill', 'run-finished'];
      expect(await kindsIn(io)).toEqual([...run, ...run]);
      // Only then may the older run be removed.
      expect(await runFolders(io)).toHaveLength(1);
    }));

  it('does not remove a run whose records are not in the ledger yet, however few runs are kept', () =>
    withStubIo(async ({ io }) => {
      await mkdir(join(io.cwd, 'reports'), { recursive: true });
      await writeFile(join(io.cwd, 'reports/ledger'), 'in the way');
      for (let run = 0; run < 3; run += 1) await runDrill({ ...options, keepRuns: 1 }, io, parts());
      const kept = await runFolders(io);
      expect(kept).toHaveLength(3);
      for (const folder of kept) expect(await readdir(folder)).toContain('run.json');
    }));

  it('appends once what a killed run left, and that it was killed', () =>
    withStubIo(async ({ io }) => {
      await runDrill(options, io, parts());
      const [folder = ''] = await runFolders(io);
      const runId = folder.split('/').at(-1) ?? '';
      // As if the process had been killed after its first drill was appended.
      for (const sequence of ['0000000003', '0000000004']) {
        await rm(join(io.cwd, `reports/ledger/${sequence}.intoto.jsonl`));
      }
      const [started] = await entriesIn(io);
      const { at: _, ...beginning } = started?.body ?? { at: '' };
      await writeFile(join(folder, OWED_FILE), JSON.stringify({ started: beginning, subjects: [] }));
      await rm(join(folder, 'run.json'));
      const begun = { runId, began: '2026-01-01T00:00:00.000Z', command: 'c', target: 'local', stage: 'drills' };
      await writeFile(join(folder, 'begun.json'), JSON.stringify(begun));
      const owner = { owner: { pid: 2 ** 22, startTime: '1' }, machine: thisMachine() };
      await writeFile(join(folder, 'running.pid'), JSON.stringify(owner));

      await runDrill(options, io, parts());
      const entries = await entriesIn(io);
      const own = entries.filter(({ body }) => 'runId' in body && body.runId === runId).map(({ body }) => body);
      expect(own).toMatchObject([
        { kind: 'run-started' },
        { kind: 'drill', record: { drillId: 'da' } },
        { kind: 'drill', record: { drillId: 'db' } },
        { kind: 'run-killed', run: { failure: { killed: true } } },
      ]);
      await runDrill(options, io, parts());
      expect((await entriesIn(io)).filter(({ body }) => body.kind === 'run-killed')).toHaveLength(1);
    }));

  it('appends the end of an interrupted run', () =>
    withStubIo(async ({ io, controller }) => {
      const during = async () => {
        controller.abort(new Error('stop'));
        throw controller.signal.reason;
      };
      const broken = stubParts({ records: drills, promises: [madeUpPromise()], during }).parts;
      await expect(runDrill(options, io, broken)).rejects.toThrow('stop');
      expect(await kindsIn(io)).toEqual(['run-started', 'drill', 'drill', 'run-finished']);
    }));

  it('leaves no trace in the ledger of a run that was not made', () =>
    withStubIo(async ({ io }) => {
      const refused = { ...parts(), runContracts: () => Promise.reject(new Error('bad contract')) };
      await expect(runDrill(options, io, refused)).rejects.toThrow('bad contract');
      expect(await kindsIn(io)).toEqual([]);
    }));
});
