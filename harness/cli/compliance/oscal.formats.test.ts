import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, it } from 'vitest';
import { PeriodResults } from '../../evidence/compliance/period-results.ts';
import { entriesOf, ordersDrill, ordersPromise, periodOf } from '../../evidence/compliance/testing/made-up-period.ts';
import { renderOscal } from '../../evidence/exports/oscal.ts';
import { theCheckers } from '../exports/testing/checkers-setup.ts';

// Third-party tools read the OSCAL of a period and check it against a third-party schema.

function ofPeriod(): string {
  const results = new PeriodResults(periodOf('2026-11-01', '2026-11-30'));
  const promises = [ordersPromise({ disasters: ['stream-deleted', 'server-lost'] })];
  const days = [
    { on: '2026-11-02', promises, posture: 'breached' as const },
    { on: '2026-11-20', promises, drills: [ordersDrill('breached')] },
  ];
  for (const entry of entriesOf(days)) results.add(entry);
  const { run, groups } = results.result();
  return renderOscal(run, groups, 'period');
}

it("is valid by NIST's schema, and compliance-trestle reads every finding", async () => {
  const checkers = await theCheckers();
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-oscal-'));
  try {
    const path = join(folder, 'period.json');
    await writeFile(path, ofPeriod());
    const schema = JSON.parse(await readFile(checkers.oscalSchema, 'utf8'));
    const validate = addFormats.default(new Ajv({ strict: false, allErrors: true })).compile(schema);
    expect([validate(JSON.parse(ofPeriod())), validate.errors]).toEqual([true, null]);
    expect(JSON.parse(await checkers.check('oscal', path))).toEqual({ findings: 3 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
