/** How long a place may not know a backup that lies in its bucket already. A drill does not wait for it: it is added to RTA. */
export interface BackupWait {
  /** The longest wait in production; null where the place never learns of the backup. */
  readonly waitMs: number | null;
  /** What decides it: the field and its value, or the default of the program. */
  readonly because: string;
}

/** Of a procedure whose restore reads a catalogue of backups that a program fills from the bucket in intervals. */
export interface BackupSync {
  /** Where the restore runs in a place that was made after the disaster. */
  readonly inNewPlace: BackupWait;
  /** Where it runs in a place that ran all the time beside the lost one. */
  readonly inStandby: BackupWait;
}
