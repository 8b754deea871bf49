import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { frameworkIds } from '../../evidence/compliance/catalogue-schema.ts';
import { openFolderStore } from '../../evidence/ledger/folder-store.ts';
import { Ledger } from '../../evidence/ledger/ledger.ts';
import { entriesOfRun, never, type TestKey, testKey } from '../../evidence/ledger/testing/made-up-ledger.ts';
import type { CommandIo } from '../command-io.ts';
import { withStubIo } from '../stub-parts.ts';
import { runCompliance } from './compliance-command.ts';
import { type ComplianceOptions, frameworkList, periodEnd, periodStart } from './compliance-options.ts';

const options: ComplianceOptions = {
  from: periodStart('2020-01-01'),
  controls: frameworkIds,
  format: 'html',
  keys: [],
};

/** Runs of today, in the ledger of the configuration. */
async function appended(io: CommandIo, runs: readonly string[], key?: TestKey): Promise<void> {
  using ledger = new Ledger(openFolderStore(join(io.cwd, 'reports/ledger')), key?.signer, systemClock);
  for (const runId of runs) {
    for (const entry of entriesOfRun({ runId })) await ledger.append(entry, {}, never);
  }
}

async function reported(io: CommandIo, stdout: () => string, change: Partial<ComplianceOptions> = {}) {
  const before = stdout().length;
  await runCompliance({ ...options, format: 'json', out: '-', ...change }, io);
  return JSON.parse(stdout().slice(before));
}

describe('dr-contracts report --from', () => {
  it('writes one HTML file beside the records, and names it', () =>
    withStubIo(async ({ io, stdout }) => {
      await appended(io, ['r1']);
      await runCompliance({ ...options, to: periodEnd('2099-12-31') }, io);
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

  it('writes CSV line by line, and leaves no half of a file', () =>
    withStubIo(async ({ io }) => {
      await appended(io, ['r1', 'r2']);
      await runCompliance({ ...options, format: 'csv', out: 'period.csv' }, io);
      expect((await readFile(join(io.cwd, 'period.csv'), 'utf8')).split('\r\n')).toHaveLength(4);
      await writeFile(join(io.cwd, 'reports/ledger/0000000005.intoto.jsonl'), '{');
      await expect(runCompliance({ ...options, format: 'csv', out: 'broken.csv' }, io)).rejects.toThrow(/0000000005/);
      expect((await readdir(io.cwd)).filter((name) => name.startsWith('broken'))).toEqual([]);
    }));

  it('refuses an empty ledger, a ledger that begins later, and a period that ends before it begins', () =>
    withStubIo(async ({ io }) => {
      await expect(runCompliance(options, io)).rejects.toThrow(/ledger .*reports\/ledger.*it is empty/);
      await appended(io, ['r1']);
      await expect(runCompliance({ ...options, to: periodEnd('2020-12-31') }, io)).rejects.toThrow(
        /expected entries up to 2020-12-31T23:59:59.999Z, but its first entry is of 2/,
      );
      await expect(runCompliance({ ...options, to: periodEnd('2019-12-31') }, io)).rejects.toThrow(
        /--from before --to/,
      );
    }));

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
      // Stands in for the browser, which CI starts elsewhere: this is about what is done with its output.
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
    expect(periodStart('2026-11-01').toISOString()).toBe('2026-11-01T00:00:00.000Z');
    expect(periodEnd('2026-11-30').toISOString()).toBe('2026-11-30T23:59:59.999Z');
    expect(periodEnd('2026-11-30T06:00:00Z').toISOString()).toBe('2026-11-30T06:00:00.000Z');
  });

  it.each(['2026-02-30', 'yesterday', ''])('refuse "%s"', (text) => {
    expect(() => periodStart(text)).toThrow('Write a day such as 2026-11-28');
  });

  it('take frameworks in any order, and refuse one that is not known', () => {
    expect(frameworkList('dora, soc2')).toEqual(['soc2', 'dora']);
    expect(() => frameworkList('soc2,hipaa')).toThrow('There is no framework hipaa. Known: soc2,');
  });
});
