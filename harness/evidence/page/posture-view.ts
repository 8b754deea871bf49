import type { PostureRecord } from '../../model/posture.ts';
import { haltLabel, haltSentence } from '../../reporting/halts-text.ts';
import { postureBasis } from '../../reporting/posture-table.ts';
import { postureCaveat } from './caveats.ts';
import { anchorFor, cut, drillCommand } from './names.ts';
import type { PostureView } from './page-view.ts';

export function postureOf({ contract, checks }: PostureRecord, target: string): PostureView {
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
