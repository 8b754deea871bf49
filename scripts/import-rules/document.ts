import type { ImportRule } from './table.ts';

const BEGIN = '<!-- import rules: written by `npm run import-rules` -->';
const END = '<!-- end of the import rules -->';

function cell({ mayImport }: ImportRule): string {
  if (mayImport === 'everything') return 'everything';
  return mayImport.length === 0 ? 'nothing' : [...mayImport].sort().join(', ').replaceAll('*', '\\*');
}

/** Returns the page with the expected table. */
export function withTable(page: string, rules: readonly ImportRule[]): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) {
    throw new Error(`docs/architecture.md has to hold the lines ${BEGIN} and ${END}, in this order: put them back`);
  }
  const rows = rules.map((rule) => `| \`harness/${rule.folder}\` | ${rule.is} | ${cell(rule)} |`);
  const table = ['| folder | is | may import |', '| --- | --- | --- |', ...rows].join('\n');
  return `${page.slice(0, begin)}${BEGIN}\n\n${table}\n\n${page.slice(end)}`;
}
