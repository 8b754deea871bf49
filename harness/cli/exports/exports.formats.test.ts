import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultGroups } from '../../evidence/exports/result-groups.ts';
import { SeriesCollector } from '../../evidence/exports/series.ts';
import { AT_MS, HOSTILE, madeUpResults, madeUpWaivers } from '../../evidence/exports/testing/made-up-results.ts';
import { exportRun, exportState } from '../../evidence/exports/write-export.ts';
import { renderGateJunit } from '../../evidence/gate/render-formats.ts';
import { decide, run, waiver } from '../../evidence/gate/testing/made-up-gate.ts';
import { theCheckers } from './testing/checkers-setup.ts';
import type { Checkers } from './testing/obtain-checkers.ts';

// A third-party tool reads each format, or checks it against a third-party schema. The results include every outcome, and texts that break
// a format that does not escape them. `npm run test:formats` installs the tools.

const results = madeUpResults();
const groups = resultGroups(results, { waivers: madeUpWaivers, atMs: AT_MS });
const cases = groups.flatMap((group) => group.cases);
const count = (wanted: string) => cases.filter(({ outcome }) => outcome === wanted).length;

let checkers: Checkers;
let folder = '';
beforeAll(async () => {
  checkers = await theCheckers();
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-formats-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes the export into a file. */
async function written(format: string, ending: string, change = (text: string) => text): Promise<string> {
  const path = join(folder, `${format}.${ending}`);
  await writeFile(path, change([...exportRun(format, results, madeUpWaivers, AT_MS)].join('')));
  return path;
}

function state(form: 'openmetrics' | 'prometheus'): string {
  const collector = new SeriesCollector();
  for (const record of results.drills) collector.addDrill(record);
  return [...exportState(form, collector.series(madeUpWaivers))].join('');
}

describe('JUnit XML', () => {
  it("is valid by the schema of Jenkins' xUnit plug-in, and junitparser reads every outcome back", async () => {
    const seen = JSON.parse(await checkers.check('junit', await written('junit', 'xml')));
    expect(seen).toEqual({
      passed: count('passed'),
      failure: count('failed'),
      error: count('error'),
      skipped: count('skipped'),
    });
  });

  it('is refused by the same schema when it is not as it says', async () => {
    const path = await written('junit', 'xml', (text) => text.replace('<error ', '<unproven '));
    await expect(checkers.check('junit', path)).rejects.toThrow(/unproven/);
  });
});

describe("the gate's JUnit XML", () => {
  it("is valid by the schema of Jenkins' xUnit plug-in", async () => {
    const late = run({
      change: (record) => {
        record.contract.rtoMs = 60_000;
      },
    });
    const path = join(folder, 'gate.xml');
    await writeFile(path, renderGateJunit(await decide(late)));
    expect(JSON.parse(await checkers.check('junit', path))).toEqual({ failure: 1 });
    await writeFile(path, renderGateJunit(await decide(late, { waivers: [waiver({ reason: HOSTILE })] })));
    expect(JSON.parse(await checkers.check('junit', path))).toEqual({ skipped: 1 });
    await writeFile(path, renderGateJunit(await decide([])));
    expect(JSON.parse(await checkers.check('junit', path))).toEqual({ error: 1 });
  });
});

describe('OSCAL assessment-results', () => {
  it('are read by compliance-trestle', async () => {
    expect(JSON.parse(await checkers.check('oscal', await written('oscal', 'json')))).toEqual({
      findings: groups.length,
    });
  });

  it('are refused by compliance-trestle when a state is one that OSCAL does not know', async () => {
    const path = await written('oscal', 'json', (text) => text.replace('"not-satisfied"', '"unproven"'));
    await expect(checkers.check('oscal', path)).rejects.toThrow(/state/);
  });

  it("are valid by NIST's schema of the version that they name", async () => {
    const schema = JSON.parse(await readFile(checkers.oscalSchema, 'utf8'));
    const validate = addFormats.default(new Ajv({ strict: false, allErrors: true })).compile(schema);
    const document = JSON.parse(await readFile(await written('oscal', 'json'), 'utf8'));
    expect([validate(document), validate.errors]).toEqual([true, null]);
    expect(JSON.stringify(schema)).toContain(`"$id":"http://csrc.nist.gov/ns/oscal/1.2.3/`);
  });
});

describe('in-toto statements', () => {
  it("are statements and test results by in-toto's own definitions", async () => {
    expect(JSON.parse(await checkers.check('in-toto', await written('in-toto', 'jsonl')))).toEqual({
      statements: results.drills.length,
    });
  });
});

describe('an OTLP trace', () => {
  it('is an ExportTraceServiceRequest by the protocol definition, and every span has its parent', async () => {
    const { spans } = JSON.parse(await checkers.check('otlp', await written('otlp', 'json')));
    expect(spans).toBeGreaterThan(results.drills.length);
  });

  it('is refused with a field that the protocol does not have', async () => {
    const path = await written('otlp', 'json', (text) => text.replace('"spanId"', '"spanID"'));
    await expect(checkers.check('otlp', path)).rejects.toThrow(/spanID/);
  });
});

describe('CSV', () => {
  it('is read by a strict reader, and every line has every column', async () => {
    const [head, ...rows] = JSON.parse(await checkers.check('csv', await written('csv', 'csv')));
    expect(rows).toHaveLength(cases.length);
    expect(rows.every((row: readonly string[]) => row.length === head.length)).toBe(true);
  });
});

describe('metrics', () => {
  it("are OpenMetrics by the strict parser of Prometheus' own client, and every label comes back as it was", async () => {
    const path = join(folder, 'metrics.txt');
    await writeFile(path, state('openmetrics'));
    const families = JSON.parse(await checkers.check('openmetrics', path));
    const verdicts: readonly [{ readonly contract: string; readonly verdict: string }, number][] =
      families.dr_contract_verdict;
    expect(verdicts.filter(([, value]) => value === 1)).toHaveLength(results.drills.length);
    expect(verdicts.map(([{ contract }]) => contract)).toContain(HOSTILE.toWellFormed());
  });

  it('are refused by that parser without their end', async () => {
    const path = join(folder, 'cut.txt');
    await writeFile(path, state('openmetrics').replace('# EOF\n', ''));
    await expect(checkers.check('openmetrics', path)).rejects.toThrow(/EOF/);
  });

  it('in the classic text are read by promtool without a complaint', async () => {
    await writeFile(join(folder, 'metrics.prom'), state('prometheus'));
    expect(await checkers.promtool(['check', 'metrics'], folder, 'metrics.prom')).toBe('');
    await writeFile(join(folder, 'metrics.prom'), state('prometheus').replaceAll(' gauge', ' clock'));
    await expect(checkers.promtool(['check', 'metrics'], folder, 'metrics.prom')).rejects.toThrow(/clock/);
  });
});

describe('Markdown', () => {
  it.each(['github-summary', 'github-comment'])(
    'of %s becomes one table, and no name or sentence becomes mark-up, a mention or a link',
    async (format) => {
      const html = await checkers.check(format, await written(format, 'md'));
      expect(html.match(/<table>/g)).toHaveLength(1);
      expect(html.match(/<tr>/g)).toHaveLength(groups.length + 1);
      expect(html).not.toMatch(/<b>|<a |@all|#1\b/);
    },
  );
});

describe('templates/monitoring', () => {
  const monitoring = fileURLToPath(new URL('../../../templates/monitoring/', import.meta.url));

  it('has alert rules that promtool accepts', async () => {
    expect(await checkers.promtool(['check', 'rules', 'dr-contracts.rules.yml'], monitoring)).toMatch(/SUCCESS/);
  });

  it('has alerts that fire when they should, and not before', async () => {
    expect(await checkers.promtool(['test', 'rules', 'dr-contracts.rules.test.yml'], monitoring)).toMatch(/SUCCESS/);
  });

  it('tests every alert', async () => {
    const rules = await readFile(join(monitoring, 'dr-contracts.rules.yml'), 'utf8');
    const tests = await readFile(join(monitoring, 'dr-contracts.rules.test.yml'), 'utf8');
    const named = (text: string, pattern: RegExp) => new Set(text.matchAll(pattern).map(([, name]) => name));
    expect(named(tests, /alertname: (\S+)/g)).toEqual(named(rules, /alert: (\S+)/g));
  });

  it('has a dashboard whose queries are all PromQL', async () => {
    const dashboard = await readFile(join(monitoring, 'grafana-dashboard.json'), 'utf8');
    const queries = [...dashboard.matchAll(/"expr": (".*")/g)].map(([, text]): string => JSON.parse(text ?? '""'));
    const rules = queries.map((expr, index) => ({ record: `query:${index}`, expr: expr.replaceAll(/\$\w+/g, '.*') }));
    await writeFile(join(folder, 'queries.yml'), JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(await checkers.promtool(['check', 'rules', 'queries.yml'], folder)).toContain(
      `SUCCESS: ${queries.length} rules found`,
    );
    expect(queries.length).toBeGreaterThan(8);
  });

  it.each(['dr-contracts.rules.yml', 'grafana-dashboard.json'])(
    'names in %s only metrics that are exported',
    async (file) => {
      const named = (text: string) => new Set(text.match(/dr_contract_[a-z_]+/g));
      const used = named(await readFile(join(monitoring, file), 'utf8'));
      expect([...used.difference(named(state('prometheus')))]).toEqual([]);
    },
  );
});
