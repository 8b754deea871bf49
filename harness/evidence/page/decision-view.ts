import { counted } from '../../model/text.ts';
import type { PageGate, PageProblem, PageSource } from './page-source.ts';
import type { DecisionView, HumanItem, Mark, NotDrilledView, PostureView, PromiseView } from './page-view.ts';

/** Returns the first section of the page: the decision of the gate, or the result of the run. */
export function decisionOf(
  { run, gate, whyNoGate, ledger }: PageSource,
  promises: readonly PromiseView[],
  postures: readonly PostureView[],
  notDrilled: readonly NotDrilledView[],
): DecisionView {
  const stated = notDrilled.filter(({ isWithdrawn }) => !isWithdrawn);
  const counts = summaryCounts(promises, postures, stated);
  const never = stated.length;
  const doesNotProve = [
    ...(never === 0 ? [] : [`${never} ${never === 1 ? 'promise was' : 'promises were'} not drilled in this run.`]),
    `It ran on the ${run.target} target. The differences from production are listed below.`,
    ...(ledger?.problem == null ? [] : [ledger.problem]),
  ];
  const byRun = decidedByRun(run);
  if (gate !== undefined) {
    const decided = decidedByGate(gate);
    const sentence = `${decided.sentence} ${byRun.sentence} By itself it ended with exit code ${run.summary.exitCode}.`;
    return { ...decided, sentence, counts, doesNotProve, decidedBy: 'gate', basis: basisOf(gate) };
  }
  const noGate = `No gate was asked, so no policy, waiver or age of a proof was considered.${whyNoGate === undefined ? '' : ` ${whyNoGate}`}`;
  return {
    ...byRun,
    counts,
    doesNotProve: [noGate, ...doesNotProve],
    exitCode: run.summary.exitCode,
    decidedBy: 'run',
    basis: null,
  };
}

const basisOf = ({ sources, commit, at }: PageGate): string =>
  `Policy: ${sources.policy}. Waivers: ${sources.waivers}. Commit: ${commit?.slice(0, 12) ?? 'not known'}. As of ${at.slice(0, 16).replace('T', ' ')} UTC.`;

type Said = Pick<DecisionView, 'mark' | 'headline' | 'sentence'>;

function decidedByGate(gate: PageGate): Said & Pick<DecisionView, 'exitCode'> {
  const blocked = gate.promises.filter(({ outcome }) => outcome === 'blocked').length;
  const waived = gate.promises.filter(({ outcome }) => outcome === 'waived').length;
  const passed = gate.promises.length - blocked - waived;
  const counts = [
    `${passed} may pass`,
    `${waived} ${waived === 1 ? 'is' : 'are'} waived`,
    `${blocked} ${blocked === 1 ? 'blocks' : 'block'}`,
  ].join(', ');
  const sentence = `Of ${counted(gate.promises.length, 'contract')}, ${counts}.`;
  if (gate.decision === 'pass') {
    return { mark: waived > 0 ? 'waived' : 'met', headline: 'May be promoted', sentence, exitCode: gate.exitCode };
  }
  const mark: Mark = gate.exitCode === 1 ? 'breached' : 'unproven';
  return { mark, headline: 'Must not be promoted', sentence, exitCode: gate.exitCode };
}

function decidedByRun({ summary, failure, target, mistakes = [], leftOut = [] }: PageSource['run']): Said {
  const checks = summary.postureChecks;
  const breached = summary.breached + (checks?.breached ?? 0);
  const unproven =
    summary.unproven + (checks?.unproven ?? 0) + mistakes.length + leftOut.filter(({ failsRun }) => failsRun).length;
  const drills = counted(summary.drills, 'drill');
  const made = `${drills}${checks === undefined ? '' : ` and ${counted(checks.checked, 'posture check')}`} on the ${target} target`;
  if (failure !== undefined) {
    const what = failure.interrupted ? 'was interrupted' : 'did not come to its end';
    return { mark: 'unproven', headline: `The run ${what}`, sentence: failure.messages.join('; ') };
  }
  if (breached > 0) {
    const also = unproven === 0 ? '' : ` ${unproven} more could not be proved.`;
    return {
      mark: 'breached',
      headline: `${breached} ${breached === 1 ? 'promise is' : 'promises are'} broken`,
      sentence: `This run made ${made}.${also}`,
    };
  }
  if (summary.exitCode !== 0) {
    const what = unproven === 0 ? 'Something was not cleaned up' : `${unproven} could not be proved`;
    return {
      mark: 'unproven',
      headline: what,
      sentence: `This run made ${made}. Nothing is broken. A promise that is not proved must not be counted as kept.`,
    };
  }
  const atRisk = summary.atRisk + (checks?.atRisk ?? 0);
  return {
    mark: atRisk > 0 ? 'at-risk' : 'met',
    headline: 'Every promise that was tested is kept',
    sentence: `This run made ${made}.${atRisk === 0 ? '' : ` ${atRisk} used more than 80 % of an objective.`}`,
  };
}

/** Returns the items to act on: breached promises first, then unproven ones, waivers that end, and at-risk promises. */
export function humanItems(
  { run, gate }: PageSource,
  promises: readonly PromiseView[],
  postures: readonly PostureView[],
): HumanItem[] {
  const items: HumanItem[] = [
    ...promises.filter(({ mark }) => mark !== 'met').map(promiseItem),
    ...postures.flatMap(postureItems),
    ...promises.flatMap(leftBehindItems),
    ...(run.mistakes ?? []).map(
      ({ contract, file, message }): HumanItem => ({
        ...nobody,
        mark: 'unproven',
        what: contract ?? file,
        sentence: `${message} (${file})`,
        nextStep: 'Correct the contract file. Nothing in it was run.',
      }),
    ),
    ...(run.leftOut ?? [])
      .filter(({ failsRun }) => failsRun === true)
      .map(
        ({ contract, lacking }): HumanItem => ({
          ...nobody,
          mark: 'unproven',
          what: contract,
          sentence: `It was not drilled: the ${run.target} target has no ${lacking.join(', no ')}.`,
          nextStep: 'Drill it on a target that has them, or say in the configuration (notOn) why not.',
        }),
      ),
    ...(run.failure === undefined
      ? []
      : [
          {
            ...nobody,
            mark: 'unproven' as const,
            what: 'the run',
            sentence: run.failure.messages.join('; '),
            nextStep: 'Fix the cause and run it again.',
          },
        ]),
    ...(gate === undefined ? [] : gateItems(gate, promises, postures)),
  ];
  return items.toSorted((one, other) => ORDER.indexOf(one.mark) - ORDER.indexOf(other.mark));
}

const ORDER: readonly Mark[] = ['breached', 'unproven', 'not-run', 'waived', 'at-risk', 'met'];
const nobody = { owner: null, anchor: null, nextStep: null };

const promiseItem = (view: PromiseView): HumanItem => ({
  mark: view.mark,
  what: `${view.contract}: ${view.disaster}`,
  sentence: view.sentence,
  nextStep: nextStepOf(view),
  owner: view.owner,
  anchor: view.id,
});

function nextStepOf({ mark, repeatCommand }: PromiseView): string {
  switch (mark) {
    case 'breached':
      return `Fix the cause. Then drill it again: \`${repeatCommand}\`.`;
    case 'unproven':
      return `Find out what the drill could not show. Then drill it again: \`${repeatCommand}\`.`;
    case 'waived':
      return 'Fix the cause before the waiver ends.';
    default:
      return 'It is still kept. Find out what took so long before it breaks.';
  }
}

const postureItems = ({ checks, contract, owner }: PostureView): HumanItem[] =>
  checks
    .filter(({ verdict }) => verdict !== 'met')
    .map(({ verdict, name, sentence, halts, nextStep, id }) => ({
      mark: verdict,
      what: `${contract}: ${name}`,
      sentence: halts === null ? sentence : `${sentence} It ${halts.label}.`,
      nextStep,
      owner,
      anchor: id,
    }));

const leftBehindItems = ({ leftBehind, contract, disaster, owner, id }: PromiseView): HumanItem[] =>
  leftBehind.map((what) => ({
    mark: 'unproven',
    what: `${contract}: ${disaster}`,
    sentence: `The drill did not clean up: ${what}.`,
    nextStep: 'Run `npx dr-contracts gc`.',
    owner,
    anchor: id,
  }));

/** Returns the items that only the gate knows: stale and missing proofs, signatures, waivers, and verdicts of drills of other runs. */
function gateItems(gate: PageGate, promises: readonly PromiseView[], postures: readonly PostureView[]): HumanItem[] {
  const isTold = ({ kind, contract, disaster }: PageProblem) => {
    const verdict = kind === 'posture' ? 'breached' : kind;
    return disaster === null
      ? postures.some((each) => each.contract === contract && each.checks.some((check) => check.verdict === verdict))
      : promises.some((each) => each.contract === contract && each.disaster === disaster && each.mark === verdict);
  };
  const problems = [...gate.problems, ...gate.promises.flatMap((promise) => promise.problems)];
  const ownerOf = (contract: string | null) => gate.promises.find((each) => each.contract === contract)?.owner ?? null;
  const anchorOf = ({ contract, disaster }: PageProblem) =>
    promises.find((each) => each.contract === contract && each.disaster === disaster)?.id ?? null;
  return [
    ...problems
      .filter((problem) => !isTold(problem))
      .map((problem) => ({
        mark: markOfProblem(problem.kind),
        what: whatOf(problem),
        sentence: problem.sentence,
        nextStep: problem.nextStep,
        owner: ownerOf(problem.contract),
        anchor: anchorOf(problem),
      })),
    ...gate.waivers
      .filter(({ isEndingSoon, state }) => isEndingSoon || state === 'unused')
      .map(({ contract, finding, expires, owner, state }) => ({
        mark: 'waived' as const,
        what: `waiver for ${contract}`,
        sentence:
          state === 'unused'
            ? `The waiver for the finding "${finding}" is not needed any more.`
            : `The waiver for the finding "${finding}" ends on ${expires}.`,
        nextStep: state === 'unused' ? 'Remove it.' : 'Fix the cause before that day.',
        owner,
        anchor: null,
      })),
  ];
}

const markOfProblem = (kind: string): Mark =>
  kind === 'at-risk' ? 'at-risk' : ['breached', 'posture', 'regression'].includes(kind) ? 'breached' : 'unproven';

const whatOf = ({ contract, disaster }: PageProblem): string =>
  contract === null ? 'the gate' : disaster === null ? contract : `${contract}: ${disaster}`;

const WORDS: readonly (readonly [Mark, string])[] = [
  ['breached', 'breached'],
  ['unproven', 'unproven'],
  ['waived', 'waived'],
  ['at-risk', 'at risk'],
  ['met', 'met'],
];

/** Counts the drills by mark. Marks that do not occur are left out, except for `met`. */
function summaryCounts(
  promises: readonly PromiseView[],
  postures: readonly PostureView[],
  notDrilled: readonly NotDrilledView[],
): DecisionView['counts'] {
  const checks = postures.flatMap((posture) => posture.checks);
  const drills = WORDS.map(([mark, word]) => ({
    mark,
    count: promises.filter((promise) => promise.mark === mark).length,
    what: `${word}, by drill`,
  }));
  const checked = WORDS.filter(([mark]) => mark !== 'waived').map(([mark, word]) => ({
    mark,
    count: checks.filter(({ verdict }) => verdict === mark).length,
    what: `${word}, by posture check`,
  }));
  const missing = { mark: 'not-run' as const, count: notDrilled.length, what: 'not drilled in this run' };
  return [...drills, ...checked, missing].filter(({ count }) => count > 0);
}
