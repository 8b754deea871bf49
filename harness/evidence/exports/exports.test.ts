import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Issue } from 'codeclimate-types';
import { validateStrict } from 'ctrf';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { madeUpPosture, madeUpRun } from '../../reporting/testing/made-up-records.ts';
import { exportedFromRecord } from './exported-run.ts';
import { exportFormats, isStateFormat } from './format-names.ts';
import { COMMENT_MARKER } from './markdown.ts';
import { type ResultGroup, resultGroups } from './result-groups.ts';
import type { ResultRow } from './result-row.ts';
import { AT_MS, HOSTILE, madeUpResults, madeUpWaivers } from './testing/made-up-results.ts';
import { exportRun } from './write-export.ts';

const runFormats = exportFormats.filter((format) => !isStateFormat(format));
const waiving = { waivers: madeUpWaivers, atMs: AT_MS };
const run = madeUpResults();
const groups = resultGroups(run, waiving);
const exported = (format: string): string => [...exportRun(format, run, madeUpWaivers, AT_MS)].join('');
const groupOf = (contract: string): ResultGroup => {
  const found = groups.find((group) => group.contract === contract);
  if (found === undefined) throw new Error(`no result of ${contract}`);
  return found;
};
const rows = (): readonly ResultRow[] => JSON.parse(exported('json')).results;

describe('the results of a run', () => {
  it('calls breached a failure, unproven an error and only what is waived skipped', () => {
    expect(Object.fromEntries(groups.map(({ contract, outcome }) => [contract, outcome]))).toEqual({
      breached: 'failed',
      // Its breach is waived, but not its unproven findings.
      waived: 'error',
      expired: 'failed',
      interrupted: 'error',
      elsewhere: 'error',
      'left-out': 'error',
      'never-ran': 'error',
      'contracts/wrong.spec.ts': 'error',
      kept: 'passed',
      'nearly-late': 'passed',
      'off-site-backups': 'failed',
      [HOSTILE]: 'failed',
    });
  });

  it('skips the finding that a waiver covers, until the waiver ends', () => {
    const outcomes = (contract: string) => groupOf(contract).cases.map(({ name, outcome }) => `${name} ${outcome}`);
    expect(outcomes('waived')).toContain('rto skipped');
    expect(outcomes('expired')).toContain('rto failed');
  });

  it('never skips what a waiver does not name: the lack of a proof stays an error beside it', () => {
    const { cases } = groupOf('waived');
    expect(cases.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name)).toEqual(['rto']);
    expect(cases.some(({ outcome }) => outcome === 'error' || outcome === 'failed')).toBe(true);
  });

  it('says why a contract was left out, under the disaster that was promised', () => {
    const { results } = JSON.parse(
      [
        ...exportRun(
          'json',
          {
            ...run,
            promises: [...(run.promises ?? []), { ...(run.promises?.[0] ?? never()), contract: 'elsewhere' }],
          },
          [],
          AT_MS,
        ),
      ].join(''),
    );
    expect(results).toContainEqual(
      expect.objectContaining({
        name: 'elsewhere/bucket-deleted/missing',
        outcome: 'error',
        sentence: 'It was not drilled, because the target has no kubernetes: docker only.',
      }),
    );
  });

  it('keeps times in whole milliseconds', () => {
    const record = run.drills.find(({ contract }) => contract.name === 'kept') ?? never();
    const began = { ...record.moments.began, monotonicMs: record.moments.began.monotonicMs + 0.123_456 };
    const [group] = resultGroups({ ...run, drills: [{ ...record, moments: { ...record.moments, began } }] });
    expect(groups.every(({ durationMs, figures }) => isWhole(durationMs) && isWhole(figures.rtaMs ?? 0))).toBe(true);
    expect(isWhole(group?.durationMs ?? 0.5)).toBe(true);
  });
});

describe.each(runFormats)('the format %s', (format) => {
  it('is the same text each time the same run is exported', () => {
    expect(exported(format)).toBe(exported(format));
  });

  it('is written for a run that drilled nothing', () => {
    const empty = { ...run, drills: [], postures: [], leftOut: [], mistakes: [], failures: [], promises: [] };
    expect(() => [...exportRun(format, empty, [], AT_MS)].join('')).not.toThrow();
  });
});

describe.each(runFormats.filter((format) => !['otlp', 'in-toto'].includes(format)))('the format %s', (format) => {
  it('says which condition a check halts, who answers for it, and what to do', () => {
    const nextStep = 'Have the cost approved.';
    const cost = { name: 'cost', verdict: 'breached', sentence: 'Too dear.', condition: 'cost', nextStep } as const;
    const posture = { ...madeUpPosture([{ ...cost, halts: 'cost' }]), verdict: 'breached' as const };
    const halted = { ...run, drills: [], leftOut: [], mistakes: [], promises: [], postures: [posture] };
    const text = [...exportRun(format, halted, [], AT_MS)].join('');
    expect(text).toMatch(/halts the roll-out \(cost\)\. Owner: platform\. \S+ the cost|,cost\r\n/);
  });
});

describe('the form of what is exported', () => {
  it('page 4: invents no measurement version where none is known', () => {
    const [drill] = run.drills;
    if (drill === undefined) return never();
    const noCommit = { ...drill, environment: { ...drill.environment, commit: null } };
    const lines = (measurementVersion: number | null) =>
      [...exportRun('in-toto', { ...run, measurementVersion, drills: [noCommit] }, [], AT_MS)].join('');
    expect(lines(null)).toBe(lines(1));
    expect(JSON.parse(lines(null)).subject).toEqual([
      { name: `drill record ${drill.drillId}`, digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    ]);
    const json = [...exportRun('json', { ...run, measurementVersion: null }, [], AT_MS)].join('');
    expect(JSON.parse(json).run.measurementVersion).toBeNull();
  });

  it('page 4: tells a run that was killed from one that failed', () => {
    const failure = { messages: ['the disk is full'], interrupted: false };
    const endingIn = (killed: boolean) => {
      const record = { ...madeUpRun([]), failure: { ...failure, killed } };
      return exportedFromRecord(record);
    };
    const text = (format: string, killed: boolean) => [...exportRun(format, endingIn(killed), [], AT_MS)].join('');
    expect(JSON.parse(text('json', true)).run.ending).toBe('killed');
    expect(JSON.parse(text('json', false)).run.ending).toBe('failed');
    expect(text('github-summary', true)).toContain('and was killed.');
    expect(text('github-summary', false)).toContain('and failed.');
  });

  it('page 4: waives by the rule of the gate: a posture contract has no disaster that a waiver could name', () => {
    const posture = madeUpPosture([{ name: 'writer-policy', verdict: 'breached', sentence: 'Too much.' }]);
    const outcome = (disaster?: string) =>
      resultGroups(
        { ...run, drills: [], leftOut: [], mistakes: [], promises: [], postures: [posture] },
        {
          waivers: [
            { ...(madeUpWaivers[0] ?? never()), contract: 'off-site-backups', disaster, finding: 'writer-policy' },
          ],
          atMs: AT_MS,
        },
      ).flatMap(({ cases }) => cases.filter(({ name }) => name === 'writer-policy').map((each) => each.outcome));
    expect(outcome()).toEqual(['skipped']);
    expect(outcome('posture')).toEqual(['failed']);
  });
});

describe('CTRF', () => {
  const report = JSON.parse(exported('ctrf'));

  it('is accepted by the validator of its own project', () => {
    expect(() => validateStrict(report)).not.toThrow();
    expect(() => validateStrict({ ...report, results: { ...report.results, tests: [{ status: 'met' }] } })).toThrow();
  });

  it('knows no error: what is not proved has failed, and keeps its verdict beside it', () => {
    const test = report.results.tests.find((each: { name: string }) => each.name.startsWith('never-ran'));
    expect(test).toMatchObject({ status: 'failed', rawStatus: 'unproven', extra: { finding: 'missing' } });
  });
});

describe('JSON', () => {
  it('is what the published schema says, which refuses a field too many', async () => {
    const schema = JSON.parse(
      await readFile(new URL('../../../reports/schema/results.schema.json', import.meta.url), 'utf8'),
    );
    const validate = addFormats.default(new Ajv2020({ allErrors: true })).compile(schema);
    const results = JSON.parse(exported('json'));
    expect([validate(results), validate.errors]).toEqual([true, null]);
    expect(validate({ ...results, more: 1 })).toBe(false);
  });

  it('names each finding once, the same in every run', () => {
    const names = rows().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('kept/wiped/rto');
  });
});

describe('CSV', () => {
  const lines = exported('csv').split('\r\n');

  it('has a line for each result, and the names of the columns before them', () => {
    expect(lines).toHaveLength(rows().length + 2);
    expect(lines[0]).toMatch(/^name,contract,disaster,finding,verdict,outcome,sentence,/);
  });

  it('holds no control character, and no cell that a spreadsheet would run', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that must not be there.
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(lines.join('\n')).not.toMatch(/(^|,)"?[=+\-@]/m);
    expect(lines.join('\n')).toContain(`"'=cmd|'<b>&""x"",y  z `);
  });
});

describe('GitLab', () => {
  const issues: readonly Issue[] = JSON.parse(exported('gitlab'));
  const form = z.strictObject({
    type: z.literal('issue'),
    check_name: z.string(),
    description: z.string(),
    categories: z.tuple([z.literal('Bug Risk')]),
    severity: z.enum(['info', 'minor', 'critical', 'blocker']),
    fingerprint: z.string(),
    location: z.strictObject({ path: z.string(), lines: z.strictObject({ begin: z.int(), end: z.int() }) }),
  }) satisfies z.ZodType<Issue>;

  it('gets one issue for each finding that is not as promised, in the form of Code Climate', () => {
    const wanting = rows().filter(({ verdict }) => verdict !== 'met');
    expect(issues).toHaveLength(wanting.length);
    expect(z.array(form).safeParse(issues).error).toBeUndefined();
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(issues.length);
    expect(issues.every(({ description }) => !/[\r\n]/.test(description))).toBe(true);
  });

  it('ranks a breach above what is not proved, and both above what is waived', () => {
    const severity = (part: string) => issues.find(({ description }) => description.startsWith(part))?.severity;
    expect(severity('expired › stream-deleted: The RTO')).toBe('blocker');
    expect(severity('never-ran')).toBe('critical');
    expect(severity('waived › stream-deleted: The RTO')).toBe('info');
    expect(severity('nearly-late')).toBe('minor');
  });
});

describe('OSCAL', () => {
  const results = JSON.parse(exported('oscal'))['assessment-results'];

  it('says of what is not proved that it is not satisfied, and why', () => {
    const finding = results.results[0].findings.find((each: { title: string }) => each.title.startsWith('never-ran'));
    expect(finding.target.status).toEqual({
      state: 'not-satisfied',
      reason: 'other',
      remarks: expect.stringMatching(/^Not proved, which is neither kept nor breached\./),
    });
  });

  it('names the version that its schema has, which no validator checks', () => {
    expect(results.metadata['oscal-version']).toBe('1.2.3');
  });

  it('gives every observation an identifier of its own', () => {
    const ids = results.results[0].observations.map((each: { uuid: string }) => each.uuid);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('an OTLP trace', () => {
  const { spans } = JSON.parse(exported('otlp')).resourceSpans[0].scopeSpans[0];
  const ofDrill = (contract: string) => {
    const root = spans.find((each: { name: string }) => each.name.startsWith(`drill ${contract} `));
    return spans.filter((each: { traceId: string }) => each.traceId === root.traceId);
  };

  it('has a trace for each drill, with its phases as spans below it', () => {
    const names = ofDrill('kept').map((each: { name: string }) => each.name);
    expect(names.filter((name: string) => name.startsWith('phase'))).toEqual([
      'phase detection',
      'phase decision',
      'phase provisioning',
      'phase restore',
      'phase service-check',
    ]);
  });

  it('takes as long as was measured, without the budgets that the contract adds', () => {
    const restore = ofDrill('kept').find((each: { name: string }) => each.name === 'phase restore');
    expect(BigInt(restore.endTimeUnixNano) - BigInt(restore.startTimeUnixNano)).toBe(12_000_000_000n);
  });

  it('calls a breach a failure of the platform, and what is not proved an error of the test', () => {
    const result = (contract: string) =>
      ofDrill(contract)[0].attributes.find((each: { key: string }) => each.key === 'cicd.pipeline.result').value;
    expect(['kept', 'breached', 'interrupted'].map(result)).toEqual([
      { stringValue: 'success' },
      { stringValue: 'failure' },
      { stringValue: 'error' },
    ]);
  });
});

describe('the Markdown for GitHub', () => {
  it('shows what is breached first, then what is not proved', () => {
    const words = exported('github-summary')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| Promise'))
      .map((line) => /(❌|❓|⚠️|✅)/.exec(line)?.[0]);
    expect(words.join('')).toMatch(/^❌+[❓❌]*❓[❓❌]*(✅|⚠️)+$/u);
  });

  it('begins a comment with the mark by which a workflow finds it again', () => {
    expect(exported('github-comment').split('\n')[0]).toBe(COMMENT_MARKER);
  });

  it.each([
    ['github-summary', 1_048_576],
    ['github-comment', 65_536],
  ])('fits %s into what GitHub accepts, and counts what does not fit', (format, most) => {
    const [first = never()] = run.drills;
    const drills = Array.from({ length: 6_000 }, (_, index) => ({
      ...first,
      drillId: `d${index}`,
      contract: { ...first.contract, name: `c${index}` },
    }));
    const text = [...exportRun(format, { ...run, drills }, [], AT_MS)].join('');
    expect(Buffer.byteLength(text)).toBeLessThan(most);
    expect(text).toMatch(/\n\d+ more promises do not fit here\. They are in the report\.\n/);
  });

  it('links the log of the run, and no address that is none', () => {
    const withUrl = (runUrl: string) =>
      [
        ...exportRun(
          'github-summary',
          { ...run, ranBy: { host: 'h', user: null, pipeline: null, actor: null, runUrl } },
          [],
          AT_MS,
        ),
      ].join('');
    expect(withUrl('https://ci.example.org/run/1')).toContain('[Log of the run](https://ci.example.org/run/1)');
    expect(withUrl('javascript:alert(1)')).not.toContain('Log of the run');
  });
});

const isWhole = (value: number): boolean => Number.isInteger(value);

function never(): never {
  throw new Error('the made-up results lack it');
}
