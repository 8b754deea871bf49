import { xmlAttribute, xmlText } from '../../reporting/text.ts';
import { countOutcomes, type ResultCase, type ResultGroup, waivedText } from './result-groups.ts';

/**
 * JUnit XML: a suite for each disaster of a contract, a case for each finding. Breached is a `failure`, unproven an `error`, waived
 * `skipped`; at-risk passes, and its sentence is in `system-out`. There is no standard: the form is the one that Jenkins' xUnit plug-in
 * publishes as a schema, as pytest writes it. `properties` stand under the suite, where that schema has them.
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

/** The first case of a suite carries the time of the drill: a drill is timed as a whole, not by finding. */
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
