import type { Cause } from '../model/causes.ts';
import type { Assurance, AssurancePromise, DrillRecord, Finding } from '../model/record.ts';
import { counted } from '../model/text.ts';
import { busyMachine } from './own-load.ts';

const SHOWN = 3;

/** Returns one finding for each promise that the disaster assures. A promise without any check is `unproven`. */
export function judgeAssurances(record: DrillRecord): Finding[] {
  const assurances = record.assurances ?? [];
  const promised = new Set([...(record.disaster.assures ?? []), ...assurances.map(({ promise }) => promise)]);
  return [...promised].map((name) =>
    judgePromise(
      name,
      assurances.filter(({ promise }) => promise === name),
    ),
  );
}

function judgePromise(name: AssurancePromise, own: readonly Assurance[]): Finding {
  const failing = own.filter(({ failed }) => failed > 0);
  const worst = failing.find((assurance) => assurance.failed > undecidedIn(assurance).length);
  if (worst !== undefined) {
    const failed = worst.observed.filter(({ held }) => !held);
    const shown = failed.slice(0, SHOWN).map(({ what, observed }) => `${what}: ${observed}`);
    const more = worst.failed > shown.length ? ` (and ${worst.failed - shown.length} more)` : '';
    return {
      name,
      verdict: 'breached',
      sentence: `${BROKEN[name]} ${worst.what}: ${worst.failed} of ${counted(worst.checked, 'check')} failed: ${shown.join('; ')}${more}.`,
      cause: name === 'untouched' ? 'touched-neighbour' : 'not-accepted',
    };
  }
  const [undecided] = failing.flatMap((assurance) =>
    undecidedIn(assurance).map(({ what, because }) => ({ what: `${assurance.what}, ${what}`, because })),
  );
  if (undecided !== undefined) {
    const { what, because } = undecided;
    return {
      name,
      verdict: 'unproven',
      sentence: `The machine was too busy to show whether the promise was kept (${what}): ${because}. Run the drill again while less runs on this machine.`,
      cause: 'machine-too-busy',
    };
  }
  const empty = own.find(({ checked }) => checked === 0);
  if (own.length === 0 || empty !== undefined) {
    const what = empty === undefined ? 'nothing was checked' : `${empty.what}: zero things were checked`;
    return { name, verdict: 'unproven', sentence: `${MISSING[name]}: ${what}.`, cause: 'not-looked-at' };
  }
  const checked = own.map((assurance) => `${assurance.what}: ${counted(assurance.checked, 'check')}`).join('; ');
  return { name, verdict: 'met', sentence: `${KEPT[name]} ${checked}.` };
}

/** Returns the failed checks that may have failed because of a busy machine, and why. */
function undecidedIn({ observed }: Assurance): { readonly what: string; readonly because: string }[] {
  return observed.flatMap(({ what, held, attempts, checks = 1 }) => {
    const because = held || attempts === undefined || checks !== 1 ? undefined : busyMachine(attempts);
    return because === undefined ? [] : [{ what, because }];
  });
}

const BROKEN: Readonly<Record<AssurancePromise, string>> = {
  untouched: 'The drill reached something that had to stay untouched.',
  acceptance: 'The users of the asset do not accept what came back.',
};
const MISSING: Readonly<Record<AssurancePromise, string>> = {
  untouched: 'Nothing shows whether the drill reached something that had to stay untouched',
  acceptance: 'Nothing shows that the users of the asset accept what came back',
};
const KEPT: Readonly<Record<AssurancePromise, string>> = {
  untouched: 'The drill reached nothing that had to stay untouched.',
  acceptance: 'The users of the asset accept what came back.',
};

/** Judges whether the asset was really gone before the restore began, and whether the restored one is new. */
export function judgeDestruction(record: DrillRecord): Finding {
  const { absence, provenance, disaster } = record;
  const met: Finding = {
    name: 'destruction',
    verdict: 'met',
    sentence: `The disaster "${disaster.name}" was proved by ${counted(absence.length, 'read')} before the restore began, and ${identitiesIn(provenance)}.`,
  };
  const unproven = (cause: Cause, sentence: string): Finding => ({
    name: 'destruction',
    verdict: 'unproven',
    sentence,
    cause,
  });
  if (absence.length === 0)
    return unproven(
      'destruction-not-proved',
      'The drill did not check whether the asset was gone, so the restore proves nothing.',
    );
  const still = absence.find(({ gone }) => !gone);
  if (still !== undefined) {
    return unproven(
      'asset-not-destroyed',
      `The asset was still there after the disaster "${disaster.name}" (${still.what}: ${still.observed}), so a restore would prove nothing. Check the step that destroys it.`,
    );
  }
  if (provenance.length === 0)
    return unproven(
      'destruction-not-proved',
      'Nothing shows whether the present content was restored or was never gone.',
    );
  const old = provenance.find(({ before, after, keptBy }) => after === before && keptBy === undefined);
  if (old !== undefined) {
    return unproven(
      'identity-not-new',
      `${old.what} is the same as before the disaster (${old.before}), so the drill may have read content that was never destroyed.`,
    );
  }
  return met;
}

function identitiesIn(provenance: DrillRecord['provenance']): string {
  const [kept, ...more] = provenance.filter(({ before, after }) => before === after);
  const renewed = provenance.length - (kept === undefined ? 0 : 1 + more.length);
  if (kept === undefined) return renewed === 1 ? '1 identity is new' : `${renewed} identities are new`;
  return `${renewed} of ${counted(provenance.length, 'identity', 'identities')} ${renewed === 1 ? 'is' : 'are'} new; the others are kept by the recovery (${kept.keptBy})`;
}
