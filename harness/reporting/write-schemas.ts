import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { writeAtomically } from './atomic-file.ts';
import { schemaFiles } from './schema-files.ts';

// Run by hand after a change of harness/model/record.ts: node harness/reporting/write-schemas.ts
const folder = new URL('../../reports/schema/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const { name, text } of schemaFiles()) {
  await writeAtomically(fileURLToPath(new URL(name, folder)), text);
  process.stdout.write(`wrote reports/schema/${name}\n`);
}
