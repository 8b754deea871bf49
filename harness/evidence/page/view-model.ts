import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord } from '../../model/record.ts';
import { compareText } from '../../model/text.ts';
import { haltLabel, haltSentence } from '../../reporting/halts-text.ts';
import { postureBasis } from '../../reporting/results-table.ts';
import { promiseKey } from '../entry.ts';
import { postureCaveat } from './caveats.ts';
import { decisionOf, humanItems } from './decision-view.ts';
import { anchorFor, cut, drillCommand, keyOf, shellWord } from './names.ts';
import type { PageSource, PastDrill } from './page-source.ts';
import type { DifferenceView, Mark, NotDrilledView, PageView, PostureView } from './page-view.ts';
import { promiseOf } from './promise-view.ts';
import { provenanceOf } from './provenance-view.ts';

/** Marks in the order in which promises of one priority are listed: broken promises first. */
const MARKS: readonly Mark[] = ['breached', 'unproven', 'not-run', 'waived', 'at-risk', 'met'];

/** Makes everything that the page shows. Pure: the same source gives the same page. */
export function pageView(source: PageSource): PageView {
  const { run } = source;
  const promises = run.drills
    .map((drill) => promiseOf(drill, source))
    .toSorted(
      (one, other) =>
        MARKS.indexOf(one.mark) - MARKS.indexOf(other.mark) ||
        compareText(one.priority, other.priority) ||
        compareText(one.contract, other.contract),
    );
  const postures = (run.postures ?? []).map((posture) => postureOf(posture, run.target));
  const notDrilled = notDrilledIn(source);
  const decision = decisionOf(source, promises, postures, notDrilled);
  return {
    title: `Disaster recovery, ${run.ended.slice(0, 10)}: ${decision.headline}`,
    runId: run.runId,
    decision,
    needsHuman: humanItems(source, promises, postures),
    promises,
    notDrilled,
    postures,
    differences: differencesOf(run.drills),
    provenance: provenanceOf(source),
  };
}

/** Returns every promise that this run did not drill: those of the project, and those that earlier runs drilled. */
function notDrilledIn({ run, past, ledger }: PageSource): NotDrilledView[] {
  const newest = newestBefore(run, past);
  const seen = new Set([
    ...run.drills.map(keyOf),
    ...(run.postures ?? []).map(({ contract }) => promiseKey(contract.name, null)),
  ]);
  const leftOut = run.leftOut ?? [];
  const promised = ledger?.promised ?? null;
  const views: NotDrilledView[] = [];
  const add = (contract: string, disaster: string | null, owner: string | null) => {
    const key = promiseKey(contract, disaster);
    if (seen.has(key)) return;
    seen.add(key);
    const last = newest.get(key);
    const isWithdrawn = promised?.every((each) => each.contract !== contract) ?? false;
    const left = leftOut.find((each) => each.contract === contract);
    views.push({
      contract,
      disaster,
      owner,
      isWithdrawn,
      reason: cut(isWithdrawn ? 'The project no longer states it.' : whyLeftOut(run, left)),
      last: last === undefined ? null : lastOf(last),
      repeatCommand:
        last === undefined || left !== undefined
          ? `npx dr-contracts drill --contract ${shellWord(contract)}`
          : drillCommand(contract, last.environment.target),
    });
  };
  for (const { contract, disasters, owner } of promised ?? []) {
    for (const disaster of disasters.length === 0 ? [null] : disasters) add(contract, disaster, owner);
  }
  const earlier = [...newest.values()].toSorted((one, other) => compareText(keyOf(one), keyOf(other)));
  for (const { contract, disaster } of earlier) add(contract.name, disaster.name, null);
  for (const { contract } of leftOut) if (views.every((view) => view.contract !== contract)) add(contract, null, null);
  return views;
}

/** The last drill of each promise before the end of the run. */
function newestBefore({ runId, ended }: PageSource['run'], past: readonly PastDrill[]): ReadonlyMap<string, PastDrill> {
  const newest = new Map<string, PastDrill>();
  for (const drill of past) {
    if (drill.runId === runId || drill.moments.began.utc > ended) continue;
    const known = newest.get(keyOf(drill));
    if (known === undefined || known.moments.began.utc < drill.moments.began.utc) newest.set(keyOf(drill), drill);
  }
  return newest;
}

function whyLeftOut({ target }: PageSource['run'], left: LeftOut | undefined): string {
  if (left === undefined) return 'This run was not asked to drill it.';
  return `${left.reason === undefined ? '' : `${sentence(left.reason)} `}The ${target} target has no ${left.lacking.join(', no ')}.`;
}

type LeftOut = NonNullable<PageSource['run']['leftOut']>[number];

const lastOf = ({ judgement, moments, runId, environment }: PastDrill): NotDrilledView['last'] => ({
  mark: judgement?.verdict ?? 'unproven',
  utc: moments.began.utc,
  runId,
  target: environment.target,
});

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** Returns each difference once. Most apply to every drill; the others name their contracts. */
function differencesOf(drills: readonly DrillRecord[]): DifferenceView[] {
  const contracts = new Map<string, Set<string>>();
  for (const { contract, environment } of drills) {
    for (const text of environment.differencesFromProduction) {
      contracts.set(text, (contracts.get(text) ?? new Set()).add(contract.name));
    }
  }
  const all = new Set(drills.map(({ contract }) => contract.name)).size;
  return [...contracts]
    .map(([text, names]) => ({ text: cut(text), contracts: names.size === all ? [] : [...names].toSorted() }))
    .toSorted((one, other) => one.contracts.length - other.contracts.length);
}

function postureOf({ contract, checks }: PostureRecord, target: string): PostureView {
  return {
    id: anchorFor('posture', contract.name),
    contract: contract.name,
    owner: contract.owner,
    repeatCommand: drillCommand(contract.name, target),
    checks: checks.map(({ name, verdict, sentence, observation, ...check }) => ({
      id: anchorFor('posture', contract.name, name),
      name,
      verdict,
      sentence: cut(sentence),
      halts: check.halts === undefined ? null : { label: haltLabel(check), sentence: cut(haltSentence(check)) },
      nextStep: check.halts === undefined ? null : cut(check.nextStep ?? ''),
      basis: cut(postureBasis({ observation }), 300),
      doesNotProve: verdict === 'met' ? cut(postureCaveat(observation, sentence)) : null,
    })),
  };
}
