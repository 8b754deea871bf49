import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../evidence/ledger/ledger.ts';
import { openLedgerStore } from '../evidence/ledger/ledger-store.ts';
import { makeKey } from '../evidence/ledger/public-key.ts';
import { openSigner } from '../evidence/ledger/signer.ts';
import { DAY_MS, entriesOfRun, madeUpPromise, never } from '../evidence/ledger/testing/made-up-ledger.ts';
import type { CommandIo } from './command-io.ts';
import { runChangeKey, runKeygen } from './keygen-command.ts';
import type { VerifyLedgerOptions } from './ledger-options.ts';
import { withStubIo } from './testing/stub-parts.ts';
import { runAnchor, runVerify } from './verify-command.ts';

const options: VerifyLedgerOptions = { keys: [], anchors: [], json: false };

/** Appends a run to reports/ledger, signed if a key is given. */
async function appendRun(io: CommandIo, runId: string, key?: string, cadenceMs: number | null = null): Promise<void> {
  const signer = key === undefined ? undefined : await openSigner(key, { folder: io.cwd, environment: {} });
  using ledger = new Ledger(await openLedgerStore('reports/ledger', io.cwd), signer, io.clock);
  const promises = [madeUpPromise({ cadenceMs })];
  for (const entry of entriesOfRun({ runId, promises })) await ledger.append(entry, {}, never);
}

const key = (io: CommandIo, name = 'ledger.pem') => makeKey('ed25519', join(io.cwd, name));

describe('dr-contracts verify', () => {
  it('of a ledger without signatures says that anybody could have written it, and exits 2', () =>
    withStubIo(async ({ io, stdout }) => {
      await appendRun(io, 'r1');
      expect(await runVerify(options, io)).toBe(2);
      expect(stdout()).toMatch(/^ledger reports\/ledger: 3 entries, 1 run, .* UTC\nhead 3 sha256:[0-9a-f]{64}\n/);
      expect(stdout()).toContain('unsigned: unbroken, but anybody could have written it\n');
    }));

  it('says "valid" for a pinned key alone', () =>
    withStubIo(async ({ io, stdout }) => {
      await key(io);
      await appendRun(io, 'r1', 'ledger.pem');
      expect(await runVerify(options, io)).toBe(2);
      expect(stdout()).toContain('but no key was given');
      expect(stdout()).not.toContain('valid');
      expect(await runVerify({ ...options, keys: ['ledger.pub.pem'] }, io)).toBe(0);
      expect(stdout()).toContain('valid: unbroken, and signed by the keys that were given');
      await key(io, 'other.pem');
      expect(await runVerify({ ...options, keys: ['other.pub.pem'] }, io)).toBe(1);
      expect(stdout()).toContain('stranger: Entry 1 is signed by a stranger');
    }));

  it('says of a valid ledger that began unsigned from which entry on it is signed', () =>
    withStubIo(async ({ io, stdout }) => {
      await key(io);
      await appendRun(io, 'r1');
      await appendRun(io, 'r2', 'ledger.pem');
      expect(await runVerify({ ...options, keys: ['ledger.pub.pem'] }, io)).toBe(0);
      expect(stdout()).toContain(
        '\nvalid: unbroken; signed by the keys that were given from entry 4 on, the first 3 entries are unsigned\n',
      );
    }));

  it('does not call unsigned entries the first ones where a signed review stands among them', () =>
    withStubIo(async ({ io, stdout }) => {
      for (const name of ['ledger.pem', 'ada.pem']) await key(io, name);
      await appendRun(io, 'r1');
      const signer = await openSigner('ada.pem', { folder: io.cwd, environment: {} });
      const ledger = new Ledger(await openLedgerStore('reports/ledger', io.cwd), signer, io.clock);
      const review = { kind: 'sign-off', runId: 'r1', reviewer: 'Ada', outcome: 'accepted', comment: '' } as const;
      await ledger.append(review, {}, never);
      await appendRun(io, 'r2', 'ledger.pem');
      expect(await runVerify({ ...options, keys: ['ledger.pub.pem'], reviewerKeys: ['ada.pub.pem'] }, io)).toBe(0);
      expect(stdout()).toContain('from entry 5 on, 3 earlier entries are unsigned\n');
    }));

  it('names what is wrong, one line each, and exits 1', () =>
    withStubIo(async ({ io, stdout }) => {
      await key(io);
      for (const run of ['r1', 'r2']) await appendRun(io, run, 'ledger.pem');
      await rm(join(io.cwd, 'reports/ledger/0000000002.intoto.jsonl'));
      await writeFile(join(io.cwd, 'reports/ledger/0000000005.intoto.jsonl'), '{"broken');
      expect(await runVerify({ ...options, keys: ['ledger.pub.pem'] }, io)).toBe(1);
      expect(stdout()).toMatch(/not valid: \d things are wrong\n {2}deleted: Entry 2 was deleted\.\n/);
      expect(stdout()).toMatch(/edited: Entry 5 was edited or damaged: /);
    }));

  it('gate-10: names the entries without a signature, those that may have none and those that may not', () =>
    withStubIo(async ({ io, stdout }) => {
      await key(io);
      await appendRun(io, 'r1');
      await appendRun(io, 'r2', 'ledger.pem');
      expect(await runVerify({ ...options, keys: ['ledger.pub.pem'] }, io)).toBe(0);
      expect(stdout()).toMatch(/\nunsigned: entries 1 to 3; unchanged since the next signed one was written\n/);
      await appendRun(io, 'r3');
      expect(await runVerify({ ...options, keys: ['ledger.pub.pem'] }, io)).toBe(1);
      for (const sequence of [7, 8, 9]) expect(stdout()).toContain(`unsigned: Entry ${sequence} has no signature`);
    }));

  it('gate-10: notes a run that has no end, also one that began just now', () =>
    withStubIo(async ({ io, stdout }) => {
      using ledger = new Ledger(await openLedgerStore('reports/ledger', io.cwd), undefined, io.clock);
      const [started] = entriesOfRun({ runId: 'r1' });
      if (started !== undefined) await ledger.append(started, {}, never);
      expect(await runVerify(options, io)).toBe(2);
      expect(stdout().replaceAll(/\s+/g, ' ')).toMatch(
        /note: Run r1 \(entry 1\) began at \S+ and has no end: it still runs, or/,
      );
    }));

  it('names scheduled runs that are missing, and exits 2', () =>
    withStubIo(async ({ io, stdout }) => {
      await key(io);
      await appendRun(io, 'r1', 'ledger.pem', DAY_MS);
      const at = new Date(Date.now() + 3.5 * DAY_MS).toISOString();
      expect(await runVerify({ ...options, keys: ['ledger.pub.pem'], at }, io)).toBe(2);
      expect(stdout()).toMatch(
        /missing run: Contract nats-streams promises a proof every 1 d,[\s\S]* 3\s+scheduled\s+runs\s+are\s+missing/,
      );
    }));

  it('of a ledger that is not there says that nothing is proved', () =>
    withStubIo(async ({ io, stdout }) => {
      expect(await runVerify(options, io)).toBe(2);
      expect(stdout()).toContain('empty: there is no entry');
    }));

  it('gives a program the same with --json', () =>
    withStubIo(async ({ io, stdout }) => {
      await appendRun(io, 'r1');
      await runVerify({ ...options, json: true }, io);
      expect(JSON.parse(stdout())).toMatchObject({ verdict: 'unsigned', entries: 3, runs: 1, faults: [] });
    }));
});

describe('dr-contracts anchor', () => {
  it('tells later that the end of the ledger was cut off', () =>
    withStubIo(async ({ io, stdout }) => {
      await appendRun(io, 'r1');
      await runAnchor({ keys: [], to: 'anchor.json' }, io);
      expect(await runVerify({ ...options, anchors: ['anchor.json'] }, io)).toBe(2);
      expect(stdout()).toContain('anchor: anchor.json holds entry 3 since');
      await rm(join(io.cwd, 'reports/ledger/0000000003.intoto.jsonl'));
      expect(await runVerify({ ...options, anchors: ['anchor.json'] }, io)).toBe(1);
      expect(stdout()).toMatch(/truncated: The ledger ends at entry 2, [\s\S]*the last\s+entry\s+is\s+missing/);
    }));

  it('is kept in a git tag as well', () =>
    withStubIo(async ({ io, stdout }) => {
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: io.cwd });
      git('init', '--quiet');
      git('config', 'user.name', 'a');
      git('config', 'user.email', 'a@b');
      git('commit', '--quiet', '--allow-empty', '--message', 'one');
      await appendRun(io, 'r1');
      await runAnchor({ keys: [], to: 'git-tag:ledger/2026-01' }, io);
      expect(await runVerify({ ...options, anchors: ['git-tag:ledger/2026-01'] }, io)).toBe(2);
      expect(stdout()).toContain('git-tag:ledger/2026-01 holds entry 3');
      await expect(runAnchor({ keys: [], to: 'git-tag:ledger/2026-01' }, io)).rejects.toThrow('already exists');
      await expect(runVerify({ ...options, anchors: ['git-tag:none'] }, io)).rejects.toThrow(
        /anchor git-tag:none: expected an annotated tag .* there is no such tag here\. Make one with `npx dr-contracts anchor/,
      );
    }));

  it('is not written over a file, nor of a ledger that is broken', () =>
    withStubIo(async ({ io }) => {
      await appendRun(io, 'r1');
      await writeFile(join(io.cwd, 'anchor.json'), 'mine');
      await expect(runAnchor({ keys: [], to: 'anchor.json' }, io)).rejects.toThrow('a file is in its place');
      await rm(join(io.cwd, 'reports/ledger/0000000002.intoto.jsonl'));
      await expect(runAnchor({ keys: [], to: 'new.json' }, io)).rejects.toThrow('Entry 2 was deleted');
      expect(await readFile(join(io.cwd, 'anchor.json'), 'utf8')).toBe('mine');
    }));
});

describe('dr-contracts keygen and change-key', () => {
  it('print the files and the identity of a key, and nothing of the private one', () =>
    withStubIo(async ({ io, stdout }) => {
      await runKeygen({ type: 'p256', out: 'keys.pem' }, io);
      expect(stdout()).toMatch(/keys\.pem .*\nkeys\.pub\.pem .*\nkey [0-9a-f]{64}\n/);
      const [, secret = ''] = (await readFile(join(io.cwd, 'keys.pem'), 'utf8')).split('\n');
      expect(stdout()).not.toContain(secret);
    }));

  it('a change of key lets a verifier who pinned the old one trust the new one', () =>
    withStubIo(async ({ io, stdout }) => {
      await mkdir(join(io.cwd, 'reports'), { recursive: true });
      for (const name of ['old.pem', 'new.pem']) await key(io, name);
      await writeFile(join(io.cwd, 'dr-contracts.config.ts'), `export default { ledger: { key: 'old.pem' } };`);
      await appendRun(io, 'r1', 'old.pem');
      await runChangeKey({ to: 'new.pub.pem', reason: 'yearly' }, io);
      await appendRun(io, 'r2', 'new.pem');
      expect(await runVerify({ ...options, keys: ['old.pub.pem'] }, io)).toBe(0);
      await expect(runChangeKey({ to: 'old.pub.pem', reason: 'x' }, io)).rejects.toThrow('it is the same');
      await key(io, 'third.pem');
      const again = runChangeKey({ to: 'third.pub.pem', reason: 'x' }, io);
      await expect(again).rejects.toThrow(/it was replaced by [0-9a-f]{16}… in entry 4\. Set `ledger\.key`/);
      expect(await runVerify({ ...options, keys: ['old.pub.pem'] }, io)).toBe(0);
      expect(stdout()).toContain('Set `ledger.key` to the new key now.');
    }));
});
