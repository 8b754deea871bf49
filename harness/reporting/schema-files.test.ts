import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { causesPage } from './causes-page.ts';
import { schemaFiles } from './schema-files.ts';

it.each(schemaFiles())(
  'reports/schema/$name is what the record definitions give (else: node harness/reporting/write-schemas.ts)',
  async ({ name, text }) => {
    expect(await readFile(new URL(`../../reports/schema/${name}`, import.meta.url), 'utf8')).toBe(text);
  },
);

it('docs/causes.md lists the causes of the model (else: node harness/reporting/write-schemas.ts)', async () => {
  expect(await readFile(new URL('../../docs/causes.md', import.meta.url), 'utf8')).toBe(causesPage());
});
