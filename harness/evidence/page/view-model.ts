import type { DrillRecord } from '../../model/record.ts';
import { decisionOf, humanItems } from './decision-view.ts';
import { cut, drillCommand, keyOf } from './names.ts';
import type { PageSource, PastDrill } from './page-source.ts';
import type { DifferenceView, Mark, NotDrilledView, PageView } from './page-view.ts';
import { postureOf } from './posture-view.ts';
import { promiseOf } from './promise-view.ts';
import { provenanceOf } from './provenance-view.ts';

/** The most urgent first; within a priority, what is not kept first. */
const MARKS: readonly Mark[] = ['breached', 'unproven', 'not-run', 'waived', 'at-risk', 'met'];

/** Makes everything that the page shows. Pure: the same source gives the same page. */
export function pageView(source: PageSource): PageView {
  const { run, past } = source;
  const promises = run.drills
    .map((drill) => promiseOf(drill, source))
    .toSorted(
      (one, other) =>
        MARKS.indexOf(one.mark) - MARKS.indexOf(other.mark) ||
        one.priority.localeCompare(other.priority) ||
        one.contract.localeCompare(other.contract),
    );
  const postures = (run.postures ?? []).map((posture) => postureOf(posture, run.target));
  const notDrilled = notDrilledIn(source, past);
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

/** What this run left out, and what earlier runs drilled and this one did not. */
function notDrilledIn({ run }: PageSource, past: readonly PastDrill[]): NotDrilledView[] {
  const drilled = new Set(run.drills.map(keyOf));
  const newest = new Map<string, PastDrill>();
  for (const drill of past) {
    if (drill.runId === run.runId || drill.moments.began.utc > run.ended || drilled.has(keyOf(drill))) continue;
    const known = newest.get(keyOf(drill));
    if (known === undefined || known.moments.began.utc < drill.moments.began.utc) newest.set(keyOf(drill), drill);
  }
  const earlier = [...newest.values()].toSorted((one, other) => keyOf(one).localeCompare(keyOf(other)));
  const leftOut = run.leftOut ?? [];
  const reasonOf = (contract: string) => {
    const left = leftOut.find((each) => each.contract === contract);
    if (left === undefined) return 'This run was not asked for it.';
    return `${left.reason === undefined ? '' : `${sentence(left.reason)} `}The ${run.target} target has no ${left.lacking.join(', no ')}.`;
  };
  return [
    ...leftOut
      .filter(({ contract }) => !earlier.some((drill) => drill.contract.name === contract))
      .map(({ contract }) => ({
        contract,
        disaster: null,
        reason: cut(reasonOf(contract)),
        last: null,
        repeatCommand: `npx dr-contracts drill --contract ${contract}`,
      })),
    ...earlier.map(({ contract, disaster, judgement, moments, runId, environment }) => ({
      contract: contract.name,
      disaster: disaster.name,
      reason: cut(reasonOf(contract.name)),
      last: {
        mark: judgement?.verdict ?? ('unproven' as const),
        utc: moments.began.utc,
        runId,
        target: environment.target,
      },
      repeatCommand: drillCommand(contract.name, environment.target),
    })),
  ];
}

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** Most differences hold in every drill: each is told once, with the contracts where it does not. */
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
