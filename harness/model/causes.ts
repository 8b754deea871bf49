import { z } from 'zod';

/**
 * Stable identifiers for the reasons why a finding is not `met`. The sentence of a finding says the same with names and figures, and its
 * words may change; a machine matches the identifier. docs/causes.md is generated from this list.
 */
export const causes = {
  'archived-too-soon':
    'A lifecycle rule moves objects that are read all the time into a class from which they have to be thawed first.',
  'asset-empty': 'The asset was empty before the disaster, so its restore proves nothing.',
  'asset-not-destroyed': 'The asset was still there after the disaster.',
  'backup-changed-asset': 'The backup changed the living asset.',
  'backup-empty': 'The backup completed with nothing in it.',
  'backup-failed': 'The backup ended with an error, or left no recovery point.',
  'bucket-not-reached': 'A pod of the platform cannot do in the bucket what its backups have to do there.',
  'bucket-policy-allows-plain-http': 'The policy of the bucket lets unencrypted requests through.',
  'bucket-policy-blocks-backups': 'The policy of the bucket refuses every request that backs up or restores.',
  'bucket-policy-is-public': 'The policy of the bucket lets unsigned requests through.',
  'built-beside-the-drill':
    'The run built programs or started parts of its target beside the drill, so a time that is too long proves nothing.',
  'capture-time-unknown': 'The time for capture and upload is unknown, because no backup was completed.',
  'check-failed': 'The check could not be made.',
  'clock-off': 'A clock is minutes off, so ages that are computed from it cannot be trusted.',
  'content-altered': 'Something came back with other content than was backed up.',
  'content-duplicated': 'Something came back more than once.',
  'content-extra': 'Something came back that was not there when the backup was taken.',
  'content-missing': 'Something that was there when the backup was taken did not come back.',
  'content-reordered': 'Something came back in another order.',
  'contract-mistake': 'The contract names something that does not exist.',
  'cost-above-budget': 'It costs more than the budget allows.',
  'cost-unknown': 'A part of the cost could not be computed.',
  'credential-age-unknown': 'The age of a credential is unknown.',
  'credential-in-file': 'A file holds a credential.',
  'credential-shown': 'The output of a program holds a credential.',
  'credential-too-old': 'A credential is older than the policy on rotation allows.',
  'destruction-not-proved': 'The drill did not check whether the asset was gone.',
  'drill-failed': 'The drill could not be carried out; this says nothing about the platform.',
  'drill-interrupted': 'The drill was interrupted before it ended.',
  'expired-not-deleted': 'A recovery point lies there longer than it may.',
  'expires-on-a-date': 'A lifecycle rule deletes recovery points on a date, whatever their age.',
  'exposure-above-rpo': 'The schedule permits losing more than the RPO.',
  'exposure-unknown': 'The exposure cannot be computed from what is known of the schedule.',
  'fail-back-changed-data': 'Data was lost or changed on the way back.',
  'fail-back-failed': 'The fail-back ended with an error, or left something undone.',
  'fail-back-not-proved': 'The fail-back was not tried, or too little of it was checked.',
  'failed-repeatedly': 'The same promise or job failed again and again.',
  'failures-not-kept': 'Failures are removed before enough of them could be seen.',
  'file-not-read': 'A file could not be read, so its content is unknown.',
  'finalizer-not-removed': 'The asset was not destroyed, because it has a finalizer that nothing here removes.',
  'finding-too-old': 'A finding has been open for longer than it may be.',
  'foreign-content': 'Markers came back that the drill never wrote.',
  'identity-not-new': 'An identity that a restore makes new is the same as before the disaster.',
  'left-out-by-filter': 'A filter of the backup leaves out what did not come back.',
  'loss-above-rpo': 'More was lost than the RPO allows.',
  'loss-unknown': 'Nothing shows how much was lost.',
  'machine-too-busy': 'The machine was too busy to show whether the promise was kept.',
  'never-expires': 'Recovery points are kept without an end.',
  'no-recovery-point-at-times':
    'At some moments the newest recovery point has expired and the next one is not there yet.',
  'node-agent-missing': 'A node whose volumes Velero backs up file by file has no node agent.',
  'not-accepted': 'The users of the asset do not accept what came back.',
  'not-as-promised': 'What was found is not what was promised.',
  'not-decided': 'Something that belongs to the promise could not be decided.',
  'not-looked-at': 'Nothing, or too little, was checked.',
  'nothing-came-back': 'Nothing came back.',
  'off-site-lag': 'A recovery point took too long to get off-site, or did not.',
  'old-credential-accepted': 'The old credential is still accepted after it was rotated.',
  'other-recovery-point': 'The restore brought back another recovery point than the one it was given.',
  'policy-allows-too-much': 'A policy allows more than the work needs.',
  'policy-lacks-permission': 'A policy does not allow what the work needs.',
  'policy-not-applied': 'The live policy is not the declared one.',
  'policy-rejected': 'IAM does not accept the policy, so it is not in force.',
  'proof-missing': 'The record lacks a part of the proof, or contradicts itself.',
  'protection-not-in-force': 'The protection of the asset is not in force after the restore.',
  'quota-used-up': 'A quota leaves no room for what was to be made.',
  'recovery-point-from-the-future': 'A recovery point claims to be newer than it can be.',
  'recovery-point-gap': 'More time passed between two recovery points than was promised.',
  'recovery-point-missing': 'There is no recovery point.',
  'recovery-point-names-unread': 'The names of some objects do not show when they were captured.',
  'recovery-point-too-old': 'The newest recovery point is too old.',
  'replica-behind': 'The replica was further behind than the RPO allows.',
  'replica-lost-data': 'The replica lost data that it had acknowledged.',
  'restore-failed': 'The restore ended with an error.',
  'retention-too-short': 'Fewer recovery points are kept than were promised.',
  'rotation-failed': 'After a rotation, the new credential does not do what the old one did.',
  'rotation-gap': 'During a rotation, backups or restores had no credential that was accepted.',
  'rto-exceeded': 'The recovery took longer than the RTO.',
  'rto-unknown': 'The recovery time is not known, or not at the production size.',
  'run-ended-by-deadline': 'Each run of the backup is ended by a deadline before it can be complete.',
  'run-replaced-before-its-end': 'Each run of the backup is replaced by the next one before it can be complete.',
  'schedule-leaves-namespace-out': 'The schedule does not back up the namespace of the asset.',
  'schedule-missing': 'There is no schedule.',
  'schedule-never-fires': 'The schedule never fires, so no backup is ever taken.',
  'schedule-paused': 'The schedule is paused, so no backup is taken.',
  'schedule-rejected': 'The system does not accept the schedule, so no backup is ever taken.',
  'schedule-takes-no-backup': 'The schedule exists, but takes no usable backup.',
  'service-failed': 'The service did not come back, or gives wrong answers.',
  'split-brain': 'The lost place accepted writes while the other one was in charge.',
  'start-deadline-too-short':
    'A start of the backup may be left out, because its deadline is shorter than the scheduler can keep.',
  'statement-undecided': 'The documents do not show what a statement of a policy allows.',
  'storage-location-unusable': 'Velero has no storage location that it can use where its backups have to lie.',
  'success-rate': 'Too many attempts failed.',
  'thaw-exceeds-rto': 'Recovery points are archived, and thawing them takes longer than the RTO.',
  'thaw-time-unknown': 'Recovery points are archived, and nothing says whether there is time to thaw them.',
  'touched-neighbour': 'The drill reached something that had to stay untouched.',
  'velero-not-installed': 'Velero is not installed in the cluster, or its server does not answer.',
  'velero-plugin-missing': 'Velero has no plugin for the provider of a location.',
  'within-a-fifth': 'The promise was kept, and less than a fifth of the objective was left.',
} as const satisfies Readonly<Record<string, string>>;

/** Identifier of the reason why a promise was not kept, or could not be proved. docs/causes.md explains each. */
export type Cause = keyof typeof causes;

export const isCause = (text: string): text is Cause => Object.hasOwn(causes, text);

/** A cause in a record. It may be one that only a later version knows. */
export const causeSchema = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  .describe('Why it is not met: an identifier of docs/causes.md. Left out when met, and by older versions.');

export const undecidedSchema = z.object({
  item: z.string().describe('What could not be decided, e.g. "statement 3 of iam/writer.json" or "dumps/old.bin".'),
  reason: z.string(),
  cause: causeSchema.optional(),
});
/** An undecided item, with the reason. */
export type UndecidedItem = z.infer<typeof undecidedSchema>;
