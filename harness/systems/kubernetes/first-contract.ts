import type { FirstContract } from '../../registered/first-contract.ts';

/** A namespace that Velero saves. */
export const namespaceFirstContract: FirstContract = {
  proposed: { name: 'configuration', rto: '30m', rpo: '1h', cron: '*/30 * * * *' },
  detection: { failures: 3, every: '30s' },
  decision: '10m',
  firstBuild: '10 to 20 minutes',
  imports: ['kubernetesNamespace', 'veleroSchedule'],
  asset: `  // Made by the drill. With \`manifests: 'folder'\` your own objects are in it too.
  asset: kubernetesNamespace({ secrets: 10, configMaps: 10 }),
`,
  protectedBy: (cron) => `  protectedBy: veleroSchedule({ cron: '${cron}', timeZone: 'UTC' }),
`,
  survives: ['namespace-deleted'],
};
