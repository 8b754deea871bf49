/** What the namespace gives its backup procedure, as an operator knows it. */
export const MEANINGS = {
  ASSET_NAMESPACE: 'the lost namespace',
  RESTORE_NAMESPACE: 'the namespace to restore into',
};

/** The step that no backup procedure takes: somebody must bring up an empty cluster. */
export const EMPTY_CONTROL_PLANE = {
  what: 'Start an empty cluster with Velero on the same backup bucket',
  ifItFails:
    'Without Velero nothing comes back: `velero version`, then `velero backup-location get` until it is Available.',
};

/** The same where a second region runs all the time. */
export const STANDBY_CONTROL_PLANE = {
  what: 'Turn to the cluster of the standby region, whose Velero reads the copy of the backups',
  ifItFails:
    'See what the copy holds: `velero backup-location get`, then `velero backup get`. A backup that was never copied is lost with its region.',
};
