import type { Comparison } from '../../../model/comparison.ts';
import type { PostureDifference, UndecidedItem } from '../../../model/posture.ts';
import { includesNamespace } from '../filters.ts';
import type { InstalledLocation, InstalledSchedule, VeleroInstallation } from './installation.ts';

/** Promised installation of Velero. */
export interface PromisedInstallation {
  /** Version of the server, e.g. `1.18.3`; `1.18` takes every patch of it. */
  readonly version: string;
  readonly provider: string;
  readonly bucket: string;
  /** The location's prefix must be this one or below it; without a trailing slash. */
  readonly prefix: string;
  readonly region?: string | undefined;
  /** Schedules that must be accepted; by default all. */
  readonly schedules?: readonly string[] | undefined;
  /** Labels of the nodes that need an agent; by default every node that takes pods. */
  readonly agentOn?: Readonly<Record<string, string>> | undefined;
}

/** One promised item: it is as promised, differs, or is undecided. */
interface Thing {
  readonly difference?: PostureDifference | undefined;
  readonly undecided?: UndecidedItem | undefined;
}

const STORAGE_KINDS = new Set(['ObjectStore', 'VolumeSnapshotter']);
const AS_PROMISED: Thing = {};
const INSTALL = 'Run the installation procedure.';

/** Compares the installation with the promise, item by item. If Velero is missing, that is the only difference. */
export function compareInstallation(found: VeleroInstallation, promised: PromisedInstallation): Comparison {
  const absent = absenceOf(found);
  const things = absent === undefined ? thingsOf(found, promised) : [{ difference: absent }];
  return {
    of: 'installed parts',
    compared: things.length,
    differences: things.flatMap(({ difference }) => difference ?? []),
    undecided: things.flatMap(({ undecided }) => undecided ?? []),
    evidence: evidenceOf(found),
  };
}

function absenceOf({ namespace, missingTypes, isNamespaceThere }: VeleroInstallation): PostureDifference | undefined {
  const cause = 'velero-not-installed';
  if (missingTypes.length > 0) {
    const expected = `Velero's custom resource definitions`;
    const found = `none of ${missingTypes.map((type) => `${type}.velero.io`).join(', ')}`;
    return { item: 'the cluster', expected, found, nextStep: `Velero is not installed. ${INSTALL}`, cause };
  }
  if (isNamespaceThere) return undefined;
  return {
    item: `namespace ${namespace}`,
    expected: 'Velero in it',
    found: 'no such namespace',
    nextStep: INSTALL,
    cause,
  };
}

function thingsOf(found: VeleroInstallation, promised: PromisedInstallation): readonly Thing[] {
  return [
    serverThing(found, promised),
    ...pluginThings(found, promised),
    locationThing(found, promised),
    ...agentThings(found, promised),
    ...scheduleThings(found, promised),
    backupThing(found),
  ];
}

function serverThing({ server, namespace }: VeleroInstallation, { version }: PromisedInstallation): Thing {
  const item = `Velero's server in ${namespace}`;
  const expected = `version ${version}`;
  if ('silent' in server) {
    const nextStep = `Look at its pod: kubectl --namespace ${namespace} get pods, and the log of deployment velero.`;
    // Velero's state is stale while no server writes it.
    return differs({ item, expected, found: server.silent, nextStep, cause: 'velero-not-installed', isCause: true });
  }
  const bare = (text: string) => text.replace(/^v/, '');
  const isSame = bare(server.version) === bare(version) || bare(server.version).startsWith(`${bare(version)}.`);
  if (isSame) return AS_PROMISED;
  const nextStep = 'Install the promised version, or promise the one that you have tried.';
  return differs({ item, expected, found: server.version || 'no version', nextStep });
}

/** Expands Velero's shorthand: a provider without a domain is one of velero.io (velero pkg/plugin/clientmgmt/manager.go). */
const fullName = (provider: string): string => (provider.includes('/') ? provider : `velero.io/${provider}`);

function pluginThings(found: VeleroInstallation, promised: PromisedInstallation): readonly Thing[] {
  const { server, locations, snapshotLocations } = found;
  if ('silent' in server) return [];
  const hasPlugin = (kind: string, provider: string) =>
    server.plugins.some((plugin) => plugin.kind === kind && plugin.name === fullName(provider));
  const wanted = [
    ...(locations.length === 0
      ? [{ item: `provider ${promised.provider}`, kind: 'ObjectStore', provider: promised.provider }]
      : locations.map(({ name, provider }) => ({ item: `storage location ${name}`, kind: 'ObjectStore', provider }))),
    ...snapshotLocations.map(({ name, provider }) => ({
      item: `snapshot location ${name}`,
      kind: 'VolumeSnapshotter',
      provider,
    })),
  ];
  return wanted.map(({ item, kind, provider }) => {
    if (hasPlugin(kind, provider)) return AS_PROMISED;
    const others = server.plugins.filter((plugin) => plugin.kind === kind).map(({ name }) => name);
    return differs({
      item,
      expected: `a plugin of kind ${kind} for provider ${fullName(provider)}`,
      found: others.length === 0 ? 'none of that kind' : `only ${others.join(', ')}`,
      nextStep: 'Add the plugin of that provider (velero plugin add), or correct the provider of the location.',
      cause: 'velero-plugin-missing',
      isCause: true,
    });
  });
}

const placeOf = ({ bucket, prefix }: Pick<InstalledLocation, 'bucket' | 'prefix'>): string => `${bucket}/${prefix}`;
const isBelow = (prefix: string, promised: string): boolean => `${trimmed(prefix)}/`.startsWith(`${promised}/`);
const trimmed = (prefix: string): string => prefix.replace(/^\/+|\/+$/g, '');

/** Judges the location that promises the most: an available one before any other. */
function locationThing({ locations }: VeleroInstallation, promised: PromisedInstallation): Thing {
  const { bucket, prefix, region, provider } = promised;
  const expected = `an available storage location in bucket ${bucket} below ${prefix}/`;
  const cause = 'storage-location-unusable';
  const there = locations.filter(
    (each) => each.bucket === bucket && isBelow(each.prefix, prefix) && fullName(each.provider) === fullName(provider),
  );
  const [location] = there.toSorted((one, other) => Number(isAvailable(other)) - Number(isAvailable(one)));
  if (location === undefined) {
    const others = locations.map(
      (each) => `${each.name} (${each.provider}, ${placeOf(each)}, ${each.phase ?? 'not looked at yet'}${said(each)})`,
    );
    const found = others.length === 0 ? 'no storage location' : `only ${others.join(', ')}`;
    const nextStep = 'Correct provider, bucket and prefix of the location, and look at its phase again.';
    return differs({ item: 'the storage location', expected, found, nextStep, cause });
  }
  const item = `storage location ${location.name}`;
  if (location.phase === undefined) return { undecided: { item, reason: 'Velero has not looked at it yet', cause } };
  if (location.phase !== 'Available') {
    const nextStep = 'Look at bucket, region, endpoint and credentials of the location.';
    return differs({ item, expected, found: `it is ${location.phase}${said(location)}`, nextStep, cause });
  }
  if (location.isReadOnly) {
    const nextStep = 'Set spec.accessMode to ReadWrite.';
    return differs({ item, expected, found: 'it is ReadOnly, so Velero refuses every backup', nextStep, cause });
  }
  if (region === undefined || location.region === region) return AS_PROMISED;
  const nextStep = 'Correct spec.config.region of the location.';
  return differs({ item, expected: `region ${region}`, found: location.region ?? 'no region', nextStep, cause });
}

const isAvailable = ({ phase, isReadOnly }: InstalledLocation): boolean => phase === 'Available' && !isReadOnly;
const said = ({ message }: InstalledLocation): string => (message === '' ? '' : `: ${message}`);

const agentThings = (found: VeleroInstallation, { agentOn }: PromisedInstallation): readonly Thing[] =>
  nodesInNeed(found, agentOn).map(({ node, because, hasReadyAgent }) => {
    if (hasReadyAgent) return AS_PROMISED;
    return differs({
      item: `node ${node}`,
      expected: `a node agent that is ready, because ${because}`,
      found: 'none',
      nextStep: 'Install with --use-node-agent, and let the DaemonSet tolerate the taints of the node.',
      cause: 'node-agent-missing',
    });
  });

function scheduleThings(
  { schedules }: VeleroInstallation,
  { schedules: names = schedules.map(({ name }) => name) }: PromisedInstallation,
): readonly Thing[] {
  if (names.length === 0) {
    const nextStep = 'Apply the Schedule.';
    const expected = 'one that Velero has accepted';
    return [differs({ item: 'a Schedule', expected, found: 'none', nextStep, cause: 'schedule-missing' })];
  }
  return names.map((name) => {
    const item = `Schedule ${name}`;
    const expected = 'accepted by Velero (phase Enabled)';
    const schedule = schedules.find((each) => each.name === name);
    if (schedule === undefined) {
      return differs({ item, expected, found: 'no such Schedule', nextStep: 'Apply it.', cause: 'schedule-missing' });
    }
    const { phase, problems, paused } = schedule;
    if (phase === undefined) return { undecided: { item, reason: 'Velero has not looked at it yet' } };
    if (phase !== 'Enabled') {
      const found = [phase, ...problems].join(': ');
      return differs({ item, expected, found, nextStep: 'Correct the Schedule.', cause: 'schedule-rejected' });
    }
    if (!paused) return AS_PROMISED;
    const nextStep = 'Set spec.paused to false.';
    return differs({ item, expected, found: 'it is paused', nextStep, cause: 'schedule-paused' });
  });
}

function backupThing({ lastBackup, namespace }: VeleroInstallation): Thing {
  if (lastBackup === null) {
    const reason = 'no backup has ended yet, so nothing shows that one can be taken';
    return { undecided: { item: 'the last backup', reason, cause: 'recovery-point-missing' } };
  }
  const { name, phase, why } = lastBackup;
  if (phase === 'Completed') return AS_PROMISED;
  return differs({
    item: `the last backup ${name}`,
    expected: 'phase Completed',
    found: why === '' ? phase : `${phase}: ${why}`,
    nextStep: `Read velero --namespace ${namespace} backup describe ${name} --details, and take one that completes.`,
    cause: 'backup-failed',
  });
}

const differs = (difference: PostureDifference): Thing => ({ difference });

/** Returns the plugins that reach a provider; the many plugins for kinds of objects come with every Velero. */
const storagePlugins = (plugins: readonly { readonly name: string; readonly kind: string }[]): readonly string[] => [
  ...new Set(plugins.filter(({ kind }) => STORAGE_KINDS.has(kind)).map(({ name, kind }) => `${kind} ${name}`)),
];

function evidenceOf(found: VeleroInstallation): Record<string, string> {
  const { server, locations, schedules, lastBackup, nodes } = found;
  const listed = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));
  return {
    namespace: found.namespace,
    ...('silent' in server
      ? { server: server.silent }
      : { server: server.version, plugins: listed(storagePlugins(server.plugins)) }),
    locations: listed(locations.map((each) => `${each.name} ${placeOf(each)} ${each.phase ?? 'not looked at yet'}`)),
    schedules: listed(schedules.map(({ name, phase }) => `${name} ${phase ?? 'not looked at yet'}`)),
    'last backup': lastBackup === null ? 'none' : `${lastBackup.name} ${lastBackup.phase}`,
    'node agents': listed(nodes.filter(({ hasReadyAgent }) => hasReadyAgent).map(({ name }) => name)),
  };
}

interface NodeInNeed {
  readonly node: string;
  /** Completes "a node agent, because …". */
  readonly because: string;
  readonly hasReadyAgent: boolean;
}

/**
 * Returns the nodes that need a node agent: none if volumes are not backed up file by file. Otherwise those with the labels, or without
 * labels every schedulable node; and always each node that runs a pod whose volumes are backed up so.
 */
function nodesInNeed(
  { schedules, nodes, podsWithVolumes }: Pick<VeleroInstallation, 'schedules' | 'nodes' | 'podsWithVolumes'>,
  labels?: Readonly<Record<string, string>>,
): readonly NodeInNeed[] {
  const byFile = schedules.filter(({ usesNodeAgent }) => usesNodeAgent);
  const read = podsWithVolumes.filter(({ namespace, asksForFileBackup }) =>
    (asksForFileBackup ? schedules : byFile).some((schedule) => covers(schedule, namespace)),
  );
  const [first] = byFile;
  if (first === undefined && read.length === 0) return [];
  const uses =
    first === undefined ? 'pods ask for file-system backups' : `Schedule ${first.name} backs up volumes file by file`;
  return nodes.flatMap(({ name, labels: own, takesPods, hasReadyAgent }) => {
    const pod = read.find(({ node }) => node === name);
    if (pod !== undefined) {
      const because = `it runs ${pod.namespace}/${pod.name}, whose volumes are backed up file by file`;
      return [{ node: name, because, hasReadyAgent }];
    }
    const isChosen =
      labels === undefined ? takesPods : Object.entries(labels).every(([key, value]) => own[key] === value);
    return isChosen ? [{ node: name, because: uses, hasReadyAgent }] : [];
  });
}

const covers = ({ includes, excludes }: InstalledSchedule, namespace: string): boolean =>
  includesNamespace({ includedNamespaces: includes, excludedNamespaces: excludes }, namespace);
