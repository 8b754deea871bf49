import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { frameworkIds } from '../../evidence/compliance/catalogue-schema.ts';
import { entryName } from '../../evidence/ledger/entry-file.ts';
import { openFolderStore } from '../../evidence/ledger/folder-store.ts';
import { Ledger } from '../../evidence/ledger/ledger.ts';
import { entriesOfRun, never, type TestKey, testKey } from '../../evidence/ledger/testing/made-up-ledger.ts';
import { endArgument, timeArgument } from '../arguments.ts';
import type { CommandIo } from '../command-io.ts';
import { withStubIo } from '../testing/stub-parts.ts';
import { runVerify } from '../verify-command.ts';
import { runCompliance } from './compliance-command.ts';
import { type ComplianceOptions, complianceFormats, frameworkList } from './compliance-options.ts';

const options: ComplianceOptions = {
  from: timeArgument('2020-01-01'),
  controls: frameworkIds,
  format: 'html',
  keys: [],
};

/** Appends today's runs to the ledger of the configuration. */
async function appended(io: CommandIo, runs: readonly string[], key?: TestKey): Promise<void> {
  using ledger = new Ledger(openFolderStore(join(io.cwd, 'reports/ledger')), key?.signer, systemClock);
  for (const runId of runs) {
    for (const entry of entriesOfRun({ runId })) await ledger.append(entry, {}, never);
  }
}

const entryPath = (io: CommandIo, sequence: number): string => join(io.cwd, 'reports/ledger', entryName(sequence));

async function reported(io: CommandIo, stdout: () => string, change: Partial<ComplianceOptions> = {}) {
  const before = stdout().length;
  await runCompliance({ ...options, format: 'json', out: '-', ...change }, io);
  return JSON.parse(stdout().slice(before));
}

describe('dr-contracts report --from', () => {
  it('writes one HTML file beside the records, and names it', () =>
    withStubIo(async ({ io, stdout }) => {
      await appended(io, ['r1']);
      await runCompliance({ ...options, to: endArgument('2099-12-31') }, io);
      expect(stdout()).toBe('reports/compliance-2020-01-01--2099-12-31.html\n');
      expect(await readFile(join(io.cwd, stdout().trim()), 'utf8')).toContain('Disaster recovery: compliance report');
    }));

  it('says of the ledger what `verify` says', () =>
    withStubIo(async ({ io, stdout }) => {
      const key = await testKey();
      await appended(io, ['r1', 'r2'], key);
      await writeFile(join(io.cwd, 'key.pem'), key.public.pem);
      expect((await reported(io, stdout)).ledger.verdict).toBe('not pinned');
      const { ledger, population } = await reported(io, stdout, { keys: ['key.pem'] });
      expect(ledger).toMatchObject({ verdict: 'valid', givenKeys: [key.public.keyId] });
      expect(population.drills.met).toBe(2);
    }));

  it('takes the sign-off of a reviewer whose key was given for that', () =>
    withStubIo(async ({ io, stdout }) => {
      const [key, reviewer] = [await testKey(), await testKey('p256')];
      await appended(io, ['r1'], key);
      using ledger = new Ledger(openFolderStore(join(io.cwd, 'reports/ledger')), reviewer.signer, systemClock);
      const said = { reviewer: 'Ada', outcome: 'accepted', comment: '' } as const;
      await ledger.append({ kind: 'sign-off', runId: 'r1', ...said }, {}, never);
      await writeFile(join(io.cwd, 'key.pem'), key.public.pem);
      await writeFile(join(io.cwd, 'ada.pem'), reviewer.public.pem);
      const keys = { keys: ['key.pem'] };
      expect((await reported(io, stdout, keys)).ledger.verdict).toBe('invalid');
      const { ledger: read, signOffs } = await reported(io, stdout, { ...keys, reviewerKeys: ['ada.pem'] });
      expect([read.verdict, signOffs]).toMatchObject(['valid', [{ reviewer: 'Ada', outcome: 'accepted' }]]);
    }));

  it('gate-9: says of the ledger in the very words of `verify`, and names the keys of reviewers', () =>
    withStubIo(async ({ io, stdout }) => {
      const [key, reviewer] = [await testKey(), await testKey('p256')];
      await appended(io, ['r1']);
      await appended(io, ['r2'], key);
      await writeFile(join(io.cwd, 'key.pem'), key.public.pem);
      await writeFile(join(io.cwd, 'ada.pem'), reviewer.public.pem);
      const keys = { keys: ['key.pem'], reviewerKeys: ['ada.pem'] };
      const { ledger } = await reported(io, stdout, keys);
      expect(ledger).toMatchObject({
        sentence:
          'valid: unbroken; signed by the keys that were given from entry 4 on, the first 3 entries are unsigned',
        signedFrom: 4,
        givenReviewerKeys: [reviewer.public.keyId],
      });
      const before = stdout().length;
      await runVerify({ ...keys, anchors: [], json: false }, io);
      expect(stdout().slice(before)).toContain(`\n${ledger.sentence}\n`);
      await runCompliance({ ...options, ...keys, out: 'report.html' }, io);
      const page = await readFile(join(io.cwd, 'report.html'), 'utf8');
      expect(page).toContain('the first 3 entries are unsigned. 6 entries');
      expect(page).toContain(`keys of reviewers that were given</dt><dd>${reviewer.public.keyId}`);
    }));

  it('takes nothing that a stranger signed for evidence', () =>
    withStubIo(async ({ io, stdout }) => {
      const [key, stranger] = [await testKey(), await testKey()];
      await appended(io, ['r1'], key);
      await appended(io, ['r2'], stranger);
      await writeFile(join(io.cwd, 'key.pem'), key.public.pem);
      const { ledger, population, runs } = await reported(io, stdout, { keys: ['key.pem'] });
      expect(ledger.verdict).toBe('invalid');
      expect(ledger.faults[0].name).toBe('stranger');
      expect(population.drills.met).toBe(1);
      expect(runs.map(({ runId }: { runId: string }) => runId)).toEqual(['r1']);
    }));

  const replay = (io: CommandIo) => copyFile(entryPath(io, 2), entryPath(io, 7));
  it.each([
    ['csv', 'replayed', replay, /, but the entry 2 that lies at place 7 was inserted/],
    ['oscal', 'replayed', replay, /, but the entry 2 that lies at place 7 was inserted/],
    ['csv', 'deleted', (io: CommandIo) => rm(entryPath(io, 2)), /Entry 2 was deleted/],
    ['oscal', 'deleted', (io: CommandIo) => rm(entryPath(io, 2)), /Entry 2 was deleted/],
  ] as const)('writes no %s of a ledger with a %s entry', (format, _what, spoil, fault) =>
    withStubIo(async ({ io, stdout }) => {
      await appended(io, ['r1', 'r2']);
      await spoil(io);
      const wanted = { ...options, format, out: 'period.out' };
      await expect(runCompliance(wanted, io)).rejects.toThrow(fault);
      await expect(runCompliance({ ...wanted, out: '-' }, io)).rejects.toThrow(
        /To see every fault, run `dr-contracts verify`\./,
      );
      expect([stdout(), (await readdir(io.cwd)).filter((name) => name.startsWith('period'))]).toEqual(['', []]);
    }),
  );

  it('counts no entry that is out of place, and says that the ledger is invalid', () =>
    withStubIo(async ({ io, stdout }) => {
      await appended(io, ['r1', 'r2']);
      await copyFile(entryPath(io, 2), entryPath(io, 7));
      const copied = await reported(io, stdout);
      expect([copied.ledger.verdict, copied.population.drills.met]).toEqual(['invalid', 2]);
      // Replaces the only drill of r2 by that of r1.
      await copyFile(entryPath(io, 2), entryPath(io, 5));
      const replaced = await reported(io, stdout);
      expect([replaced.ledger.verdict, replaced.population.drills.met]).toEqual(['invalid', 1]);
    }));

  it('counts no drill a second time that was appended again', () =>
    withStubIo(async ({ io, stdout }) => {
      const again = entriesOfRun({ runId: 'r1' }).slice(1, 2);
      await appended(io, ['r1']);
      using ledger = new Ledger(openFolderStore(join(io.cwd, 'reports/ledger')), undefined, systemClock);
      for (const entry of again) await ledger.append(entry, {}, never);
      const { ledger: read, population } = await reported(io, stdout);
      expect([read.verdict, population.drills.met]).toEqual(['invalid', 1]);
    }));

  it('writes CSV line by line, and leaves no half of a file', () =>
    withStubIo(async ({ io }) => {
      await appended(io, ['r1', 'r2']);
      await runCompliance({ ...options, format: 'csv', out: 'period.csv' }, io);
      expect((await readFile(join(io.cwd, 'period.csv'), 'utf8')).split('\r\n')).toHaveLength(4);
      await writeFile(join(io.cwd, 'reports/ledger/0000000005.intoto.jsonl'), '{');
      await expect(runCompliance({ ...options, format: 'csv', out: 'broken.csv' }, io)).rejects.toThrow(
        /an unbroken ledger for --format csv, but Entry 5 was edited or damaged/,
      );
      expect((await readdir(io.cwd)).filter((name) => name.startsWith('broken'))).toEqual([]);
    }));

  it.each(complianceFormats)(
    'refuses as %s an empty ledger, a ledger that begins later, and a period that ends before it begins',
    (format) =>
      withStubIo(async ({ io }) => {
        const asked = { ...options, format };
        await expect(runCompliance(asked, io)).rejects.toThrow(/ledger .*reports\/ledger.*it is empty/);
        await appended(io, ['r1']);
        await expect(runCompliance({ ...asked, to: endArgument('2020-12-31') }, io)).rejects.toThrow(
          /expected entries up to 2020-12-31T23:59:59.999Z, but its first entry is dated 2/,
        );
        await expect(runCompliance({ ...asked, to: endArgument('2019-12-31') }, io)).rejects.toThrow(
          /--from before --to/,
        );
      }),
  );

  it('says which browsers print a PDF where there is none, and what to do', () =>
    withStubIo(async ({ io }) => {
      await appended(io, ['r1']);
      const without = { ...io, environment: { PATH: io.cwd } };
      await expect(runCompliance({ ...options, format: 'pdf' }, without)).rejects.toThrow(
        /a headless browser: expected Chromium, Chrome or Edge.*PATH has none of chromium.*--format html/,
      );
      await expect(runCompliance({ ...options, format: 'pdf', out: '-' }, io)).rejects.toThrow(/a file for --out/);
    }));

  it('dates a PDF as the report, so that the same report is the same file', () =>
    withStubIo(async ({ io }) => {
      await appended(io, ['r1']);
      await mkdir(join(io.cwd, 'bin'));
      // Stands in for the browser, which other jobs of CI start: this test is about the handling of its output.
      const script =
        '#!/bin/sh\nfor a; do case $a in --print-to-pdf=*) printf "/CreationDate (D:20010101000000+00" > "$(echo "$a" | cut -d= -f2)";; esac; done\n';
      await writeFile(join(io.cwd, 'bin/chromium'), script);
      await chmod(join(io.cwd, 'bin/chromium'), 0o755);
      const clock = { ...systemClock, now: () => ({ utc: '2099-03-04T05:06:07.000Z', monotonicMs: 0 }) };
      const environment = { PATH: `${join(io.cwd, 'bin')}:${process.env['PATH']}` };
      await runCompliance({ ...options, format: 'pdf', out: 'period.pdf' }, { ...io, environment, clock });
      expect(await readFile(join(io.cwd, 'period.pdf'), 'utf8')).toBe('/CreationDate (D:20990304050607+00');
    }));
});

describe('the options of a period', () => {
  it('take whole days, and both of them belong to the period', () => {
    expect(timeArgument('2026-11-01').toISOString()).toBe('2026-11-01T00:00:00.000Z');
    expect(endArgument('2026-11-30').toISOString()).toBe('2026-11-30T23:59:59.999Z');
    expect(endArgument('2026-11-30T06:00:00Z').toISOString()).toBe('2026-11-30T06:00:00.000Z');
  });

  it.each(['2026-02-30', '2026-11-30T06:00', 'yesterday', ''])('refuse "%s"', (text) => {
    expect(() => timeArgument(text)).toThrow('Write a day or a time with its zone');
  });

  it('take frameworks in any order, and refuse one that is not known', () => {
    expect(frameworkList('dora, soc2')).toEqual(['soc2', 'dora']);
    expect(() => frameworkList('soc2,hipaa')).toThrow('There is no framework hipaa. Known: soc2,');
  });
});
