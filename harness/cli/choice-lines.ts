import type { LeftOut } from '../contract/wanted-parts.ts';
import type { DrillRecord } from '../model/record.ts';
import type { RunRecord } from '../model/run-record.ts';
import { capabilitiesOf } from '../registered/providers.ts';
import { drillLabel } from '../reporting/run-summary.ts';
import { ASKED_FOR, type TargetChoice } from '../targets/choose-target.ts';

/** Returns the target and the reason for it, in one line. */
export const choiceLine = ({ name, why }: TargetChoice): string => `target ${name}: ${why}`;

/**
 * Returns the same for the end of a run. Docker's own error message was printed at the start; here it would read as the outcome of the run.
 */
const choiceNote = (choice: TargetChoice): string =>
  choice.withoutDocker === undefined
    ? choiceLine(choice)
    : `ran on plain processes (${choice.withoutDocker}; \`dr-contracts doctor\` says more)`;

/** Returns the chosen target, and the contracts that it could not run. */
export function choiceLines(choice: TargetChoice | undefined, leftOut: readonly LeftOut[] = []): string[] {
  if (choice === undefined) return [];
  const expected = leftOut.filter(({ reason }) => reason !== undefined);
  const failing = leftOut.filter(({ failsRun }) => failsRun === true);
  const others = leftOut.filter(({ reason, failsRun }) => reason === undefined && failsRun !== true);
  const why = `not drilled, because target ${choice.name} cannot run them:`;
  return [
    // A user who named a target knows which it was.
    ...(choice.why === ASKED_FOR ? [] : [`dr-contracts: note: ${choiceNote(choice)}`]),
    ...(expected.length === 0 ? [] : [`dr-contracts: note: ${why} ${expected.map(withReason).join(', ')}`]),
    ...(others.length === 0
      ? []
      : [
          `dr-contracts: note: ${why} ${others.map(withNeeds).join(', ')}. ${elsewhere(choice, others)}--all counts them as unproven`,
        ]),
    ...(failing.length === 0
      ? []
      : [
          `dr-contracts: ${why} ${failing.map(withNeeds).join(', ')}. CI is set and the target was chosen automatically, so the run fails: ` +
            `use --target, or give the reason in the configuration, e.g. notOn: { ${choice.name}: { '${failing[0]?.contract}': '…' } }`,
        ]),
  ];
}

/** Names the other target where it supplies everything that this one lacks. */
function elsewhere({ name }: TargetChoice, leftOut: readonly LeftOut[]): string {
  const other = name === 'docker' ? 'local' : 'docker';
  const supplied = capabilitiesOf(other);
  return leftOut.every(({ lacking }) => lacking.every((need) => supplied.includes(need)))
    ? `--target ${other} can; `
    : '';
}

const withNeeds = ({ contract, lacking }: LeftOut): string => `${contract} (needs ${lacking.join(' and ')})`;
const withReason = ({ contract, reason }: LeftOut): string => `${contract} (${reason})`;

/** Returns the other reasons why the run is not clean: malformed contracts and failed clean-ups. */
export function unprovedLines({
  mistakes = [],
  drills,
}: Pick<RunRecord, 'mistakes'> & {
  readonly drills: readonly DrillRecord[];
}): string[] {
  const failed = drills.flatMap((drill) =>
    drill.cleanup
      .filter(({ outcome }) => outcome === 'failed')
      .map(
        ({ what, message }) =>
          `${drillLabel(drill)}: not cleaned up: ${what}${message === undefined ? '' : `: ${message}`}`,
      ),
  );
  return [...mistakes.map(({ message }) => message), ...failed].map((line) => `dr-contracts: ${line}`);
}
