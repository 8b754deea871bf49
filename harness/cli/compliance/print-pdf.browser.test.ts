import { expect, it } from 'vitest';
import { printPdf } from './print-pdf.ts';

// By a real browser. `npm run test:page` installs one where it is missing.

const madeAt = new Date('2026-11-30T12:13:14.000Z');
const page = '<!DOCTYPE html><html lang="en"><title>Report</title><h1>One</h1><h2>Two</h2><p>text</p></html>';
const print = () => printPdf(page, madeAt, process.env, new AbortController().signal);

it('prints a tagged PDF with an outline, dated as the report, and the same one again', async () => {
  const pdf = await print();
  const text = pdf.toString('latin1');
  expect(text.startsWith('%PDF-')).toBe(true);
  expect(text).toContain('/StructTreeRoot');
  expect(text).toContain('/Outlines');
  expect(text.match(/\/(?:CreationDate|ModDate) ?\(D:20261130121314/g)).toHaveLength(2);
  expect((await print()).equals(pdf)).toBe(true);
});
