import { readFile, writeFile } from 'node:fs/promises';
import { withTable } from './document.ts';
import { linterRulesText } from './linter-rules.ts';
import { importRules } from './table.ts';

const PAGE = 'docs/architecture.md';
const RULES = 'scripts/import-rules/linter-rules.json';

await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), importRules));
await writeFile(RULES, linterRulesText(importRules));
