import type { Credentials } from '../systems/s3/recovery-points.ts';

// Reads of a live bucket for the posture checks. The S3 client is loaded with the first of them, not with the contract that asks.

type Settings = typeof import('../systems/s3/settings.ts');
type Stored = typeof import('../systems/s3/stored-points.ts');
type Removal = typeof import('../systems/s3/remove-object.ts');
type Points = typeof import('../systems/s3/recovery-points.ts');

export const readBucketSettings: Settings['readBucketSettings'] = async (...given) =>
  (await import('../systems/s3/settings.ts')).readBucketSettings(...given);

export const readLockedDays: Settings['readLockedDays'] = async (...given) =>
  (await import('../systems/s3/settings.ts')).readLockedDays(...given);

export const listRecoveryPoints: Points['listRecoveryPoints'] = async (...given) =>
  (await import('../systems/s3/recovery-points.ts')).listRecoveryPoints(...given);

export const durableSince: Points['durableSince'] = async (...given) =>
  (await import('../systems/s3/recovery-points.ts')).durableSince(...given);

export const readGzippedJson: Points['readGzippedJson'] = async (...given) =>
  (await import('../systems/s3/recovery-points.ts')).readGzippedJson(...given);

export const refusalOf: Points['refusalOf'] = async (...given) =>
  (await import('../systems/s3/recovery-points.ts')).refusalOf(...given);

export const storedPoints: Stored['storedPoints'] = async (...given) =>
  (await import('../systems/s3/stored-points.ts')).storedPoints(...given);

export const storedVeleroBackups: Stored['storedVeleroBackups'] = async (...given) =>
  (await import('../systems/s3/stored-points.ts')).storedVeleroBackups(...given);

export const removeEveryVersion: Removal['removeEveryVersion'] = async (...given) =>
  (await import('../systems/s3/remove-object.ts')).removeEveryVersion(...given);

/** Nobody's: a server that takes these takes anything, and its yes proves little. */
export const MADE_UP: Credentials = {
  accessKeyId: 'AKIANOBODYNOBODY0000',
  secretAccessKey: 'nobody-has-issued-this-key',
};
