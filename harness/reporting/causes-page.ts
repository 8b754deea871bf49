import { causes } from '../model/causes.ts';

/** Renders `docs/causes.md`, the published list of identifiers, from the model. */
export function causesPage(): string {
  const rows = Object.entries(causes).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return [
    '# Causes',
    '',
    'A finding that is not `met` has a `cause` beside its sentence, in `run.json`, in the records of drills and posture checks, and in the ledger. The',
    'sentence is for people and may be reworded. The identifier is for machines: it stays, and later versions only add to the list.',
    '',
    '| cause | meaning |',
    '| ----- | ------- |',
    ...rows,
    '',
    'Made by `node harness/reporting/write-schemas.ts` from `harness/model/causes.ts`.',
    '',
  ].join('\n');
}
