import type { Credentials } from './recovery-points.ts';

// Reads of a live bucket for the posture checks. The first read loads the S3 client; importing a contract does not.

type Settings = typeof import('./settings.ts');
type Stored = typeof import('./stored-points.ts');
type Removal = typeof import('./remove-object.ts');
type Points = typeof import('./recovery-points.ts');

export const readBucketSettings: Settings['readBucketSettings'] = async (...given) =>
  (await import('./settings.ts')).readBucketSettings(...given);

export const readLockedDays: Settings['readLockedDays'] = async (...given) =>
  (await import('./settings.ts')).readLockedDays(...given);

export const listRecoveryPoints: Points['listRecoveryPoints'] = async (...given) =>
  (await import('./recovery-points.ts')).listRecoveryPoints(...given);

export const durableSince: Points['durableSince'] = async (...given) =>
  (await import('./recovery-points.ts')).durableSince(...given);

export const readGzippedJson: Points['readGzippedJson'] = async (...given) =>
  (await import('./recovery-points.ts')).readGzippedJson(...given);

export const refusalOf: Points['refusalOf'] = async (...given) =>
  (await import('./recovery-points.ts')).refusalOf(...given);

export const storedPoints: Stored['storedPoints'] = async (...given) =>
  (await import('./stored-points.ts')).storedPoints(...given);

export const storedVeleroBackups: Stored['storedVeleroBackups'] = async (...given) =>
  (await import('./stored-points.ts')).storedVeleroBackups(...given);

export const removeEveryVersion: Removal['removeEveryVersion'] = async (...given) =>
  (await import('./remove-object.ts')).removeEveryVersion(...given);

/** Made-up credentials. A server that accepts them accepts any, so its acceptance proves little. */
export const MADE_UP: Credentials = {
  accessKeyId: 'AKIANOBODYNOBODY0000',
  secretAccessKey: 'nobody-has-issued-this-key',
};
