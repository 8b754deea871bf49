import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { causesPage } from './causes-page.ts';
import { writeAtomically } from './replaceable-file.ts';
import { schemaFiles } from './schema-files.ts';

// Run this by hand after a change of harness/model/record.ts or harness/model/causes.ts: node harness/reporting/write-schemas.ts
const folder = new URL('../../reports/schema/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const { name, text } of schemaFiles()) {
  await writeAtomically(fileURLToPath(new URL(name, folder)), text);
  process.stdout.write(`wrote reports/schema/${name}\n`);
}
await writeAtomically(fileURLToPath(new URL('../../docs/causes.md', import.meta.url)), causesPage());
process.stdout.write('wrote docs/causes.md\n');
