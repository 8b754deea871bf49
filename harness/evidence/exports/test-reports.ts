import { xmlAttribute, xmlText } from '../../reporting/text.ts';
import { sha256Of } from '../ledger/statement.ts';
import { jsonText } from '../well-formed.ts';
import type { ExportedRun } from './exported-run.ts';
import { countOutcomes, type Outcome, type ResultCase, type ResultGroup, waivedText } from './result-groups.ts';

/**
 * JUnit XML: a suite for each disaster of a contract, a case for each finding. Breached is a `failure`, unproven an `error`, waived
 * `skipped`; at-risk passes, and its sentence is in `system-out`. There is no standard: the form follows the schema of Jenkins' xUnit
 * plug-in, as pytest writes it. `properties` are under the suite, as in that schema.
 */
export function* renderJunit(groups: readonly ResultGroup[]): Generator<string> {
  const totals = countOutcomes(groups.flatMap(({ cases }) => cases));
  const tests = groups.reduce((sum, { cases }) => sum + cases.length, 0);
  const time = groups.reduce((sum, { durationMs }) => sum + durationMs, 0);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites name="dr-contracts" tests="${tests}" failures="${totals.failed}" errors="${totals.error}" time="${seconds(time)}">\n`;
  for (const group of groups) yield suite(group);
  yield '</testsuites>\n';
}

function suite(group: ResultGroup): string {
  const { contract, disaster, cases, durationMs, began } = group;
  const { failed, error, skipped } = countOutcomes(cases);
  const timestamp = began === null ? '' : ` timestamp="${began.replace(/(\.\d+)?Z$/, '')}"`;
  return [
    `  <testsuite name=${xmlAttribute(`${contract} › ${disaster}`)} tests="${cases.length}" failures="${failed}" errors="${error}" skipped="${skipped}" time="${seconds(durationMs)}"${timestamp}>`,
    ...propertiesOf(group),
    ...cases.map((each, index) => testCase(group, each, index === 0 ? durationMs : 0)),
    '  </testsuite>\n',
  ].join('\n');
}

function propertiesOf({ priority, owner, figures, drill, controls }: ResultGroup): readonly string[] {
  const all: readonly (readonly [string, string | number | null])[] = [
    ['owner', owner],
    ['priority', priority],
    ['controls', controls.length === 0 ? null : controls.join(', ')],
    ['rtoMs', figures.rtoMs],
    ['rtaMs', figures.rtaMs],
    ['rpoMs', figures.rpoMs],
    ['rpaMs', figures.rpaMs],
    ['exposureMs', figures.exposureMs],
    ['keepsNoData', figures.keepsNoData === true ? 'true' : null],
    ['drillId', drill?.drillId ?? null],
    ['runId', drill?.runId ?? null],
    ['target', drill?.environment.target ?? null],
    ['commit', drill?.environment.commit ?? null],
  ];
  const known = all.filter(([, value]) => value !== null);
  if (known.length === 0) return [];
  return [
    '    <properties>',
    ...known.map(([name, value]) => `      <property name="${name}" value=${xmlAttribute(String(value))}/>`),
    '    </properties>',
  ];
}

/** Renders a case. The first case of a suite has the time of the drill: a drill is timed as a whole, not by finding. */
function testCase({ contract, disaster }: ResultGroup, each: ResultCase, durationMs: number): string {
  const open = `    <testcase classname=${xmlAttribute(contract)} name=${xmlAttribute(`${disaster} › ${each.name}`)} time="${seconds(durationMs)}">`;
  return `${open}${resultOf(each)}<system-out>${xmlText(each.sentence)}</system-out></testcase>`;
}

function resultOf({ outcome, verdict, sentence, waiver }: ResultCase): string {
  const message = xmlAttribute(waiver === null ? sentence : waivedText(waiver));
  if (outcome === 'passed') return '';
  if (outcome === 'skipped') return `<skipped type="waived" message=${message}/>`;
  return `<${outcome === 'failed' ? 'failure' : 'error'} type="${verdict}" message=${message}/>`;
}

/** The schema allows three decimals. */
const seconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(3);

/** CTRF knows no error, so an unproven case is `failed`. `rawStatus` has the verdict itself. */
const STATUS: Readonly<Record<Outcome, 'passed' | 'failed' | 'skipped'>> = {
  passed: 'passed',
  failed: 'failed',
  error: 'failed',
  skipped: 'skipped',
};

/** A report of the Common Test Report Format (https://ctrf.io/docs/specification/overview): a test for each finding. */
export function renderCtrf(run: ExportedRun, groups: readonly ResultGroup[]): string {
  const tests = groups.flatMap((group) =>
    group.cases.map((each, index) => ({
      name: `${group.contract} › ${group.disaster} › ${each.name}`,
      status: STATUS[each.outcome],
      duration: index === 0 ? Math.round(group.durationMs) : 0,
      suite: [group.contract, group.disaster],
      message: each.waiver === null ? each.sentence : `${each.sentence} It is ${waivedText(each.waiver)}`,
      rawStatus: each.waiver === null ? each.verdict : 'waived',
      ...(group.began === null ? {} : { start: Date.parse(group.began) }),
      ...(group.ended === null ? {} : { stop: Date.parse(group.ended) }),
      type: group.drill === null ? 'check' : 'disaster-recovery drill',
      extra: {
        contract: group.contract,
        disaster: group.disaster,
        finding: each.name,
        verdict: each.verdict,
        owner: group.owner,
        priority: group.priority,
        drillId: group.drill?.drillId ?? null,
        ...group.figures,
      },
    })),
  );
  const count = (status: string) => tests.filter((test) => test.status === status).length;
  const report = {
    reportFormat: 'CTRF',
    specVersion: '0.0.0',
    generatedBy: 'dr-contracts',
    results: {
      tool: { name: 'dr-contracts', ...(run.harnessVersion === null ? {} : { version: run.harnessVersion }) },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: 0,
        other: 0,
        start: Date.parse(run.began),
        stop: Date.parse(run.ended ?? run.began),
      },
      tests,
      environment: {
        ...(run.target === null ? {} : { testEnvironment: run.target }),
        ...(run.commit === null ? {} : { commit: run.commit }),
        ...(run.ranBy?.runUrl ? { buildUrl: run.ranBy.runUrl } : {}),
      },
      extra: { runId: run.runId, command: run.command },
    },
  };
  return `${jsonText(report, 2)}\n`;
}

/**
 * A Code Quality report for GitLab (`artifacts:reports:codequality`): one issue for each finding that is not met. A waived one is
 * `info`. Form: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format, a subset of Code Climate's.
 */
export function renderGitlab(run: ExportedRun, groups: readonly ResultGroup[]): string {
  const files = new Map(run.promises?.map(({ contract, file }) => [contract, file]));
  const issues = groups.flatMap((group) =>
    group.cases
      .filter(({ verdict }) => verdict !== 'met')
      .map((each) => ({
        type: 'issue',
        check_name: `dr-contracts/${each.name}`,
        description:
          `${group.contract} › ${group.disaster}: ${each.sentence}${each.waiver === null ? '' : ` It is ${waivedText(each.waiver)}`}`.replaceAll(
            /\s+/g,
            ' ',
          ),
        categories: ['Bug Risk'],
        severity: severityOf(each),
        // The same in every run, so GitLab can distinguish new problems from known ones.
        fingerprint: sha256Of(JSON.stringify([group.contract, group.disaster, each.name])),
        location: { path: files.get(group.contract) ?? 'dr-contracts.config.ts', lines: { begin: 1, end: 1 } },
      })),
  );
  return `${jsonText(issues, 2)}\n`;
}

function severityOf({ outcome, verdict }: ResultCase): 'info' | 'minor' | 'critical' | 'blocker' {
  if (outcome === 'skipped') return 'info';
  if (outcome === 'failed') return 'blocker';
  return verdict === 'unproven' ? 'critical' : 'minor';
}
