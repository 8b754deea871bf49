import { compareText } from '../../model/text.ts';
import { type LedgerVerification, verdictSentence } from '../ledger/verify-ledger.ts';
import { CATALOGUE_DATE, catalogue } from './catalogue.ts';
import { type Clause, type EvidenceKind, evidenceKinds, type Framework, isNamed } from './catalogue-schema.ts';
import type { CollectedPeriod } from './collect-period.ts';
import type { Period } from './period-results.ts';
import type { PromiseHistory } from './promise-history.ts';
import {
  type ClauseLine,
  COMPLIANCE_SCHEMA_VERSION,
  type ComplianceReport,
  type EvidenceLine,
  type PromiseLine,
  type RunLine,
  type VerdictCounts,
} from './report-schema.ts';

const DAY_MS = 86_400_000;
/** Maximum number of runs that a report lists, the newest; earlier ones are only counted. */
const MOST_RUNS = 2_000;
/** Maximum number of runs beside a clause. */
const RUNS_OF_A_CLAUSE = 10;

export interface ReportInput {
  readonly collected: CollectedPeriod;
  readonly period: Period;
  readonly madeAt: string;
  readonly frameworks: readonly Framework[];
  readonly ledger: {
    readonly at: string;
    readonly verification: LedgerVerification;
    readonly givenKeys: readonly string[];
    readonly givenReviewerKeys: readonly string[];
  };
}

/** Makes the report of a period. Pure: the same input gives the same report. */
export function makeComplianceReport(input: ReportInput): ComplianceReport {
  const { collected, period, madeAt, frameworks } = input;
  const { runs, deficiencies } = collected;
  // Computing the bounds of a line is expensive, so each line is made once.
  const made = collected.promises
    .map((history) => ({ history, line: history.line() }))
    .toSorted((one, other) => compare(one.line, other.line));
  const histories = made.map(({ history }) => history);
  const promises = made.map(({ line }) => line);
  const evidence = evidenceKinds.map((kind) => evidenceLine(kind, histories, runs));
  return {
    schemaVersion: COMPLIANCE_SCHEMA_VERSION,
    madeAt,
    period: { from: new Date(period.fromMs).toISOString(), to: new Date(period.toMs).toISOString() },
    ledger: ledgerLine(input.ledger),
    population: populationOf(promises, runs),
    promises,
    evidence,
    frameworks: frameworks.map((framework) => ({
      id: framework.id,
      name: framework.name,
      version: framework.version,
      source: framework.source,
      clauses: framework.clauses.map((clause) => clauseLine(clause, framework, { promises, evidence, runs })),
    })),
    catalogueDate: CATALOGUE_DATE,
    controlsNotInCatalogue: notInCatalogue(promises),
    deficiencies: [...deficiencies.deficiencies],
    deficienciesLeftOut: deficiencies.leftOut,
    deviations: [...deficiencies.deviations],
    signOffs: [...collected.signOffs],
    runs: runs.slice(-MOST_RUNS),
    runsLeftOut: Math.max(0, runs.length - MOST_RUNS),
    harnessVersions: [...collected.harnessVersions],
    limits: limitsOf(promises, input),
  };
}

const compare = (one: PromiseLine, other: PromiseLine): number =>
  Number(one.disaster === null) - Number(other.disaster === null) ||
  compareText(one.priority, other.priority) ||
  compareText(nameOf(one), nameOf(other));

export const nameOf = ({ contract, disaster }: Pick<PromiseLine, 'contract' | 'disaster'>): string =>
  disaster === null ? contract : `${contract}: ${disaster}`;

function ledgerLine({
  at,
  verification,
  givenKeys,
  givenReviewerKeys,
}: ReportInput['ledger']): ComplianceReport['ledger'] {
  const { verdict, entries, from, to, head, signedBy, unsigned, signedFrom = null, faults, notes } = verification;
  return {
    at,
    verdict,
    sentence: verdictSentence(verification),
    entries,
    from,
    to,
    head: head && { sequence: head.sequence, digest: head.digest },
    signedBy: Object.entries(signedBy).map(([keyId, count]) => ({ keyId, entries: count })),
    unsigned,
    signedFrom,
    givenKeys: [...givenKeys],
    givenReviewerKeys: [...givenReviewerKeys],
    faults: faults.map(({ name, sentence }) => ({ name, sentence })),
    notes: notes.map(({ sentence }) => sentence),
  };
}

function populationOf(promises: readonly PromiseLine[], runs: readonly RunLine[]): ComplianceReport['population'] {
  const inState = (state: PromiseLine['state']) => promises.filter((promise) => promise.state === state).length;
  const ending = (wanted: RunLine['ending']) => runs.filter((run) => run.ending === wanted).length;
  const missed = inState('missed');
  return {
    promised: promises.length,
    run: promises.length - missed,
    met: inState('met'),
    atRisk: inState('at-risk'),
    breached: inState('breached'),
    unproven: inState('unproven'),
    missed,
    withdrawn: promises.filter(({ isWithdrawn }) => isWithdrawn).length,
    missedRuns: promises.reduce((sum, { missedRuns }) => sum + missedRuns, 0),
    drills: added(promises.filter(({ disaster }) => disaster !== null)),
    postures: added(promises.filter(({ disaster }) => disaster === null)),
    runs: {
      finished: ending('finished'),
      failed: ending('failed'),
      killed: ending('killed'),
      none: ending('none'),
    },
  };
}

const added = (promises: readonly PromiseLine[]): VerdictCounts => ({
  met: promises.reduce((sum, { drills }) => sum + drills.met, 0),
  atRisk: promises.reduce((sum, { drills }) => sum + drills.atRisk, 0),
  breached: promises.reduce((sum, { drills }) => sum + drills.breached, 0),
  unproven: promises.reduce((sum, { drills }) => sum + drills.unproven, 0),
});

function evidenceLine(
  kind: EvidenceKind,
  histories: readonly PromiseHistory[],
  runs: readonly RunLine[],
): EvidenceLine {
  const promises = histories.map((history) => history.support(kind)).filter((line) => line !== undefined);
  return {
    kind,
    drills: promises.reduce((sum, { supporting }) => sum + supporting, 0),
    runs: runs.filter((run) => run.evidence.includes(kind)).length,
    promises,
  };
}

interface Shown {
  readonly promises: readonly PromiseLine[];
  readonly evidence: readonly EvidenceLine[];
  readonly runs: readonly RunLine[];
}

function clauseLine(clause: Clause, framework: Framework, { promises, evidence, runs }: Shown): ClauseLine {
  const supporting = runs.filter((run) => run.evidence.includes(clause.evidence));
  const line = evidence.find(({ kind }) => kind === clause.evidence);
  const supports = line?.promises ?? [];
  const mostMs = clause.everyDays === null ? Infinity : clause.everyDays * DAY_MS;
  return {
    ...clause,
    namedBy: [
      ...new Set(
        promises
          .filter(({ controls }) => controls.some((control) => isNamed(control, framework, clause)))
          .map(({ contract }) => contract),
      ),
    ],
    drills: line?.drills ?? 0,
    runs: supporting.length,
    runIds: supporting
      .slice(-RUNS_OF_A_CLAUSE)
      .map(({ runId }) => runId)
      .toReversed(),
    without: supports.filter((support) => support.supporting === 0).map(nameOf),
    late: supports
      .filter(({ longestGapMs }) => longestGapMs !== null && longestGapMs > mostMs)
      .map((support) => ({ promise: nameOf(support), longestGapMs: support.longestGapMs ?? 0 })),
  };
}

/** Returns controls that contracts name and that no framework of the catalogue contains. */
function notInCatalogue(promises: readonly PromiseLine[]): ComplianceReport['controlsNotInCatalogue'] {
  const named = new Map<string, Set<string>>();
  for (const { contract, controls } of promises) {
    for (const control of controls) {
      const isKnown = catalogue.some((framework) =>
        framework.clauses.some((clause) => isNamed(control, framework, clause)),
      );
      if (!isKnown) named.set(control, (named.get(control) ?? new Set()).add(contract));
    }
  }
  return [...named]
    .map(([control, contracts]) => ({ control, contracts: [...contracts].toSorted() }))
    .toSorted((one, other) => compareText(one.control, other.control));
}

/** Returns the limits of the report. */
function limitsOf(promises: readonly PromiseLine[], { ledger }: ReportInput): string[] {
  const hasDistribution = promises.some(({ rta }) => rta.drills > 0);
  return [
    'It shows the results of drills on the targets that they name. The record of each drill lists the differences from production.',
    'Verdicts are those that were recorded. The gate judges the records again, by the rules of today.',
    'Only contracts count as the population. An asset that no contract names does not appear.',
    'The catalogue states in our own words what a clause asks for. The original text is authoritative. An auditor judges whether a clause is satisfied.',
    ...(hasDistribution
      ? ['The bounds hold for recoveries like those that were drilled: the same target, sizes and load.']
      : []),
    ...(ledger.verification.verdict === 'valid'
      ? []
      : [`The ledger is ${ledger.verification.verdict}: the report can be trusted no more than its ledger.`]),
  ];
}
