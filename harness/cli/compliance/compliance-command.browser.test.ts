import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderComplianceHtml } from '../../evidence/compliance/render-compliance.ts';
import { madeUpReport } from '../../evidence/compliance/testing/made-up-period.ts';
import { requireReplaceable } from '../../reporting/replaceable-file.ts';
import { printPdf } from './compliance-command.ts';

// Uses a real browser. `npm run test:page` installs one where it is missing.

const madeAt = new Date('2026-11-30T12:13:14.000Z');
const page = '<!DOCTYPE html><html lang="en"><title>Report</title><h1>One</h1><h2>Two</h2><p>text</p></html>';
const print = (text = page) => printPdf(text, madeAt, process.env, new AbortController().signal);

it('prints a tagged PDF with an outline, dated as the report, and the same one again', async () => {
  const pdf = await print();
  const text = pdf.toString('latin1');
  expect(text.startsWith('%PDF-')).toBe(true);
  expect(text).toContain('/StructTreeRoot');
  expect(text).toContain('/Outlines');
  expect(text.match(/\/(?:CreationDate|ModDate) ?\(D:20261130121314/g)).toHaveLength(2);
  expect((await print()).equals(pdf)).toBe(true);
});

it('prints a compliance report that a later one may replace, and no other PDF', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'dr-contracts-pdf-'));
  const path = join(folder.path, 'q4.pdf');
  const wanted = { force: false, ledger: join(folder.path, 'ledger') };
  const report = madeUpReport([{ on: '2026-11-02' }], '2026-11-01', '2026-11-30');
  await writeFile(path, await print(await renderComplianceHtml(report)));
  await requireReplaceable(path, wanted);
  await writeFile(path, await print());
  await expect(requireReplaceable(path, wanted)).rejects.toThrow('it is something else');
});
