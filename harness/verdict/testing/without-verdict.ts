import type { ChangeName } from './changes.ts';

/** A place in a record that no verdict depends on: after these changes, a `met` record stays `met`. */
export interface WithoutVerdict {
  /** Path without array indices. `.**` at its end means the place itself and everything below it. */
  readonly path: string;
  readonly changes?: readonly ChangeName[];
  readonly reason: string;
}

const PROMISE = 'the promise itself: the verdict is about what the record says was promised';
const NAMES = 'says whose drill it was and what of, for a reader; nothing is computed from it';
const WORDS = 'says in words what happened, for a reader; the facts that it tells are in other fields';
const SURROUNDINGS = 'says where and with what the drill ran; a verdict holds for that, and is not computed from it';

/** Places of drill records. */
export const drillPlaces: readonly WithoutVerdict[] = [
  { path: 'drillId', reason: NAMES },
  { path: 'runId', reason: NAMES },
  { path: 'contract.name', reason: NAMES },
  { path: 'contract.description', reason: NAMES },
  { path: 'contract.system', reason: NAMES },
  { path: 'contract.inScope.**', reason: NAMES },
  { path: 'contract.outOfScope.**', reason: NAMES },
  { path: 'contract.priority', reason: NAMES },
  { path: 'contract.owner', reason: NAMES },
  { path: 'contract.controls.**', reason: NAMES },
  { path: 'contract.procedure', reason: NAMES },
  { path: 'disaster.name', reason: NAMES },
  { path: 'disaster.threat', reason: NAMES },
  { path: 'disaster.blastRadius', reason: NAMES },
  { path: 'contract.cadenceMs', reason: 'how often it is to be drilled; the gate judges that, and not a drill' },
  { path: 'contract.audit.**', reason: NAMES },
  { path: 'contract.rtoMs', changes: ['made huge'], reason: PROMISE },
  { path: 'contract.rpoMs', changes: ['made huge'], reason: PROMISE },
  {
    path: 'contract.rpoMs',
    changes: ['set to zero'],
    reason: 'a stricter promise, and kept: nothing was lost, and no schedule leaves a gap',
  },
  { path: 'contract.freshness.belowMs', changes: ['made huge'], reason: PROMISE },
  { path: 'contract.freshness.criticalMs', changes: ['made huge'], reason: PROMISE },
  { path: 'environment.**', reason: SURROUNDINGS },
  { path: 'seeded.parts.**', reason: WORDS },
  {
    path: 'seeded.items',
    changes: ['made huge'],
    reason: 'counts what was written; what must be compared is what the fingerprint read back',
  },
  {
    path: 'fingerprint.bytes',
    reason: 'every item is compared by its digest; their size is told and compared with nothing',
  },
  { path: 'recoveryPoint.claimed', reason: 'what the procedure says about itself proves nothing' },
  { path: 'recoveryPoint.encryption', reason: 'told, and promised by no contract' },
  { path: 'recoveryPoint.immutability', reason: 'told, and promised by no contract' },
  {
    path: 'recoveryPoint.objects',
    changes: ['made huge'],
    reason: 'there must be one at least; whether it holds everything is shown by the comparison',
  },
  {
    path: 'recoveryPoint.sizeBytes',
    changes: ['made huge'],
    reason: 'there must be something; whether it holds everything is shown by the comparison',
  },
  {
    path: 'recoveryPoint.machine.**',
    reason:
      'what was left on the machine of the backup explains a restore that fails, and nothing about one that does not',
  },
  { path: 'recoveryPoints.changes.**', reason: WORDS },
  {
    path: 'recoveryPoints.taken[].content.items',
    changes: ['made huge'],
    reason: 'of the point that was not restored: its content is told apart by the digest',
  },
  {
    path: 'comparison.items[].protects',
    reason: 'names the cause where such an item differs; that it does is counted',
  },
  {
    path: 'failBack.markers[].firstLostMs',
    reason: 'nothing may be lost on the way back, whenever it was acknowledged',
  },
  {
    path: 'replication.lanes[].worstMs',
    changes: ['set to zero'],
    reason: 'a lane that was never seen behind has no lag; where it was behind at the disaster, that counts',
  },
  { path: 'restore.claimed', reason: 'what the procedure says about itself proves nothing' },
  { path: 'restore.warnings.**', reason: 'what the procedure says about itself proves nothing' },
  { path: 'restore.commands.**', reason: WORDS },
  { path: 'recovery.**', reason: 'the steps for the runbook; the times of the verdict are those of the phases' },
  {
    path: 'comparison.notVerified.**',
    reason: 'what the comparison does not look at is a limit of what "met" means, and told with it',
  },
  {
    path: 'markers[].indeterminate',
    reason: 'a write of which nobody knows the outcome counts neither as lost nor as foreign',
  },
  {
    path: 'markers[].firstLostSequence',
    changes: ['made huge'],
    reason: 'names the first lost marker; how much was lost is counted, and when is timed',
  },
  {
    path: 'moments.began.monotonicMs',
    changes: ['set to zero'],
    reason: 'an earlier beginning makes the drill longer and no objective shorter',
  },
  {
    path: 'moments.ended.monotonicMs',
    changes: ['made huge'],
    reason: 'a later end makes the clean-up longer and no objective shorter',
  },
  {
    path: 'moments.firstFailedProbe',
    changes: ['set to null'],
    reason: 'no attempt of the probe need fall between the disaster and the proof that all was gone',
  },
  {
    path: 'phases[].measuredMs',
    changes: ['set to zero'],
    reason: 'the phases must add up to the recovery but for a second, which a phase may be shorter than',
  },
  {
    path: 'stages[].durationMs',
    changes: ['set to zero'],
    reason: 'a cost of the drill; the times of the verdict are those of the moments and phases',
  },
  { path: 'probe.attempts', changes: ['made huge'], reason: 'the first attempt that reads and writes is enough' },
  { path: 'probe.lastFailure', changes: ['emptied'], reason: WORDS },
  { path: 'probe.reads', reason: WORDS },
  { path: 'probe.writes', reason: WORDS },
  { path: 'assurances[].notListed', changes: ['deleted'], reason: 'none when left out, which is what it says' },
  { path: 'assurances[].observed[].checks', changes: ['deleted'], reason: 'one when left out, which is what it says' },
  {
    path: 'replication.lanes[].atDisasterMs',
    changes: ['set to zero'],
    reason: 'the worst lag is judged, of which this is one',
  },
  {
    path: 'replication.lanes[].atDisasterPositions',
    changes: ['set to zero'],
    reason: 'the worst lag in time is judged',
  },
  { path: 'replication.lanes[].worstPositions', changes: ['made huge'], reason: 'the worst lag in time is judged' },
  { path: 'replication.looks', changes: ['made huge'], reason: 'as many as announced are enough' },
  { path: 'replication.replica', reason: WORDS },
  { path: 'failBack.claimed', reason: 'what the procedure says about itself proves nothing' },
  { path: 'failBack.commands.**', reason: WORDS },
  { path: 'failBack.comparison.notVerified.**', reason: 'a limit of what "met" means, and told with it' },
  {
    path: 'failBack.markers[].indeterminate',
    reason: 'a write of which nobody knows the outcome counts neither as lost nor as foreign',
  },
  {
    path: 'cleanup.**',
    reason: 'what is left behind is told and changes the exit code; it says nothing of the platform',
  },
  { path: 'judgement.**', reason: 'what is judged again is not looked at' },
];

/** Places of posture records with one check each. */
export const posturePlaces: readonly WithoutVerdict[] = [
  { path: 'contract.cadenceMs', reason: 'how often it is to be checked; the gate judges that' },
  { path: 'contract.name', reason: NAMES },
  { path: 'contract.owner', reason: NAMES },
  { path: 'contract.controls.**', reason: NAMES },
  { path: 'appliedBy', reason: SURROUNDINGS },
  { path: 'applyMs', reason: SURROUNDINGS },
  { path: 'durationMs', reason: 'a cost of the checks' },
  { path: 'checks[].durationMs', reason: 'a cost of the check' },
  { path: 'checks[].promise', reason: NAMES },
  { path: 'checks[].sentence', reason: 'what is judged again is not looked at' },
  {
    path: 'checks[].observation.compared',
    changes: ['made huge'],
    reason: 'how many there are is known when they have been read; none of them is unproven',
  },
  { path: 'checks[].observation.evidence.**', reason: WORDS },
  { path: 'checks[].observation.notVerified.**', reason: 'a limit of what "met" means, and told with it' },
  { path: 'checks[].observation.of', reason: NAMES },
  { path: 'checks[].observation.what', reason: NAMES },
  { path: 'checks[].observation.where', reason: NAMES },
  { path: 'checks[].observation.population', reason: WORDS },
  { path: 'checks[].observation.keptBy', reason: NAMES },
  { path: 'checks[].observation.rpoMs', changes: ['made huge'], reason: PROMISE },
  { path: 'checks[].observation.takesMs', changes: ['set to zero'], reason: PROMISE },
  { path: 'checks[].observation.promised.**', reason: PROMISE },
  {
    path: 'checks[].observation.keptMs',
    changes: ['made huge'],
    reason: 'a recovery point that is kept longer is there; that it ends at all is what is asked',
  },
  {
    path: 'checks[].observation.recoveryPoints',
    changes: ['made huge'],
    reason: 'keeping is computed from the schedule; how many lie there is told',
  },
  { path: 'checks[].observation.missed', changes: ['deleted'], reason: 'none when left out, which is what it says' },
  { path: 'checks[].observation.points[].id', reason: NAMES },
  { path: 'checks[].observation.points[].said', reason: 'what a tool says about itself proves nothing' },
];
