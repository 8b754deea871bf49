import { createHash } from 'node:crypto';
import { counted } from '../../model/text.ts';
import { haltLabel, haltsBehind } from '../../reporting/halts-text.ts';
import { inWords, markdownCell, xmlAttribute, xmlText } from '../../reporting/text.ts';
import type { GateDecision, GateProblem, PromiseDecision } from './decision.ts';
import { allProblems, announcements, labelOf, titleOf } from './render-text.ts';

// Formats of a decision for pipelines.

/**
 * JUnit XML: a suite for each contract, a case for each disaster. A breach is a `failure`; an unproven promise is an `error`, because
 * pipelines treat `skipped` as harmless. Only a waiver makes a case `skipped`.
 */
export function renderGateJunit({ problems, promises }: GateDecision): string {
  const suites = [
    ...(problems.length === 0
      ? []
      : [
          suite(
            'gate',
            problems.map((problem, index) => testCase('gate', `${problem.kind} ${index + 1}`, [problem])),
          ),
        ]),
    ...promises.map((promise) => suite(promise.contract, casesOf(promise))),
  ];
  const totals = countsOf(suites.flatMap(({ cases }) => cases));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="dr-contracts gate" tests="${totals.tests}" failures="${totals.failures}" errors="${totals.errors}">`,
    ...suites.map(({ name, cases }) => {
      const { tests, failures, errors, skipped } = countsOf(cases);
      return [
        `  <testsuite name=${xmlAttribute(name)} tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}">`,
        ...cases.map(({ xml }) => xml),
        '  </testsuite>',
      ].join('\n');
    }),
    '</testsuites>',
    '',
  ].join('\n');
}

type Outcome = 'passed' | 'failure' | 'error' | 'skipped';

interface Case {
  readonly outcome: Outcome;
  readonly xml: string;
}

const suite = (name: string, cases: readonly Case[]) => ({ name, cases });

function countsOf(cases: readonly Case[]) {
  const count = (wanted: Outcome) => cases.filter(({ outcome }) => outcome === wanted).length;
  return { tests: cases.length, failures: count('failure'), errors: count('error'), skipped: count('skipped') };
}

function casesOf({ contract, proofs, problems, waived }: PromiseDecision): readonly Case[] {
  const disasters = new Set([
    ...proofs.map(({ disaster }) => disaster),
    ...problems.map(({ disaster }) => disaster),
    ...waived.map(({ problem }) => problem.disaster),
  ]);
  return [...disasters].map((disaster) => {
    const own = problems.filter((problem) => problem.disaster === disaster);
    const skipped = waived.filter(({ problem }) => problem.disaster === disaster);
    const proof = proofs.find((each) => each.disaster === disaster);
    const [first] = skipped;
    return testCase(
      contract,
      disaster ?? 'posture',
      own,
      first === undefined ? undefined : `waived until ${first.expires} by ${first.approver}: ${first.reason}`,
      proof?.sentence,
    );
  });
}

function testCase(
  classname: string,
  name: string,
  problems: readonly GateProblem[],
  waived?: string,
  said?: string,
): Case {
  const open = `    <testcase classname=${xmlAttribute(classname)} name=${xmlAttribute(name)}`;
  const breach = problems.find(({ code }) => code === 1);
  const first = breach ?? problems[0];
  const outcome: Outcome =
    breach !== undefined ? 'failure' : first !== undefined ? 'error' : waived !== undefined ? 'skipped' : 'passed';
  const output = said === undefined ? '' : `<system-out>${xmlText(said)}</system-out>`;
  const body =
    first !== undefined
      ? `<${outcome} type=${xmlAttribute(first.kind)} message=${xmlAttribute(first.sentence)}>${xmlText(problems.map((problem) => [problem.sentence, haltedLine(problem), problem.nextStep].filter(Boolean).join('\n')).join('\n'))}</${outcome}>`
      : waived !== undefined
        ? `<skipped message=${xmlAttribute(waived)}/>`
        : '';
  const content = body + output;
  return { outcome, xml: content === '' ? `${open}/>` : `${open}>${content}</testcase>` };
}

/**
 * Workflow commands for GitHub: one annotation for each problem, at the contract's file.
 * Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function renderGithubAnnotations(decision: GateDecision): string {
  const lines = allProblems(decision).map((problem) => {
    const file = fileOf(problem, decision);
    const title = `${labelOf(problem) || 'gate'}: ${problem.kind}${haltsBehind(problem)}`;
    const properties = [...(file === null ? [] : [`file=${property(file)}`]), `title=${property(title)}`].join(',');
    return `::error ${properties}::${data(`${problem.sentence} ${problem.nextStep}`)}`;
  });
  const warnings = announcements(decision)
    .filter((line) => line !== '')
    .map((line) => `::warning title=dr-contracts gate::${data(line)}`);
  return [...lines, ...warnings, `::notice title=dr-contracts gate::${data(titleOf(decision))}`, ''].join('\n');
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const fileOf = ({ contract }: GateProblem, { promises }: GateDecision): string | null =>
  promises.find((promise) => promise.contract === contract)?.file ?? null;

const haltedLine = (problem: GateProblem): string =>
  problem.halts === undefined ? '' : `It ${haltLabel(problem)}. Owner: ${problem.owner}.`;

/** A summary in Markdown, for `$GITHUB_STEP_SUMMARY`. */
export function renderGateMarkdown(decision: GateDecision): string {
  const { sources } = decision;
  const rows = allProblems(decision).map(
    (problem) =>
      `| ${markdownCell(labelOf(problem) || '–')} | ${problem.kind}${haltsBehind(problem)}${problem.findings.length === 0 ? '' : ` (${markdownCell(problem.findings.join(', '))})`} | ${markdownCell(problem.sentence)} | ${markdownCell(problem.nextStep)} |`,
  );
  const passed = decision.promises
    .filter(({ outcome }) => outcome === 'passed')
    .map(({ contract }) => `\`${contract}\``);
  const waived = decision.promises
    .filter(({ outcome }) => outcome === 'waived')
    .map(
      ({ contract, waived: by }) =>
        `- \`${contract}\` is waived until ${by[0]?.expires}, accepted by ${markdownCell(by[0]?.approver ?? '')}: ${markdownCell(by[0]?.reason ?? '')}`,
    );
  return [
    `## Disaster recovery: ${titleOf(decision)}`,
    '',
    ...(rows.length === 0
      ? []
      : ['| Contract | Problem | What happened | What to do |', '| --- | --- | --- | --- |', ...rows, '']),
    ...(passed.length === 0 ? [] : [`May be promoted: ${inWords(passed)}`, '']),
    ...(waived.length === 0 ? [] : [...waived, '']),
    ...announcements(decision)
      .filter((line) => line !== '')
      .map((line) => `- ${markdownCell(line)}`),
    ...decision.notes.map((note) => `- ${markdownCell(note)}`),
    '',
    `Policy: ${sources.policy}. Waivers: ${sources.waivers}. Ledger: ${sources.ledger}, ${counted(decision.ledger.entries, 'entry', 'entries')}.`,
    '',
  ].join('\n');
}

/**
 * A Code Quality report for GitLab (`artifacts:reports:codequality`): one issue for each problem.
 * Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 */
export function renderGitlabReport(decision: GateDecision): string {
  const issues = allProblems(decision).map((problem) => {
    const { kind, contract, disaster, findings, code, sentence, nextStep } = problem;
    const name = JSON.stringify([kind, contract, disaster, findings, contract === null ? sentence : '']);
    return {
      description: `${labelOf(problem) || 'gate'}${haltsBehind(problem)}: ${sentence} ${nextStep}`,
      check_name: `dr-contracts/${kind}`,
      // A problem has the same fingerprint in every run, so GitLab recognises new ones.
      fingerprint: createHash('sha256').update(name).digest('hex'),
      severity: code === 2 ? 'major' : 'blocker',
      location: { path: fileOf(problem, decision) ?? 'dr-gate.ts', lines: { begin: 1 } },
    };
  });
  return `${JSON.stringify(issues, undefined, 2)}\n`;
}
