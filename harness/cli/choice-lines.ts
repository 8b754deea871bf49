import type { LeftOut } from '../contract/left-out.ts';
import type { TargetChoice } from '../targets/choose-target.ts';

/** Which target, and why, in one line. */
export const choiceLine = ({ name, why }: TargetChoice): string => `target ${name}: ${why}`;

/** ... and which contracts it could not carry, in another one. */
export function choiceLines(choice: TargetChoice | undefined, leftOut: readonly LeftOut[] = []): string[] {
  if (choice === undefined) return [];
  const named = leftOut.map(({ contract, lacking }) => `${contract} (needs ${lacking.join(' and ')})`);
  const left =
    named.length === 0
      ? []
      : [
          `not drilled, because target ${choice.name} cannot prove them: ${named.join(', ')}; --target docker can, --all counts them as unproven`,
        ];
  return [choiceLine(choice), ...left].map((line) => `dr-contracts: ${line}`);
}
