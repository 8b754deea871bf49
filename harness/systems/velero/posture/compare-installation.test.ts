import { describe, expect, it } from 'vitest';
import { comparisonOf } from '../../../model/comparison.ts';
import { judgeCheck } from '../../../verdict/posture.ts';
import { compareInstallation, type PromisedInstallation } from './compare-installation.ts';
import type { VeleroInstallation } from './installation.ts';

const promised: PromisedInstallation = {
  version: '1.18.3',
  provider: 'aws',
  bucket: 'backups',
  prefix: 'velero',
  region: 'us-west-2',
  schedules: ['daily'],
};
const location = {
  name: 'default',
  provider: 'aws',
  bucket: 'backups',
  prefix: 'velero/primary',
  region: 'us-west-2',
  phase: 'Available',
  message: '',
  isReadOnly: false,
};
const schedule = {
  name: 'daily',
  phase: 'Enabled',
  problems: [],
  paused: false,
  usesNodeAgent: true,
  includes: [],
  excludes: [],
};
const node = { name: 'one', labels: {}, takesPods: true, hasReadyAgent: true };
const installed: VeleroInstallation = {
  namespace: 'velero',
  missingTypes: [],
  isNamespaceThere: true,
  server: { version: 'v1.18.3', plugins: [{ name: 'velero.io/aws', kind: 'ObjectStore' }] },
  locations: [location],
  snapshotLocations: [],
  schedules: [schedule],
  lastBackup: { name: 'daily-1', phase: 'Completed', why: '' },
  nodes: [node],
  podsWithVolumes: [],
};

function judged(changes: Partial<VeleroInstallation>, otherwise: Partial<PromisedInstallation> = {}) {
  const observation = comparisonOf(compareInstallation({ ...installed, ...changes }, { ...promised, ...otherwise }));
  return { ...judgeCheck({ promise: 'Velero is installed', observation, failure: null }), observation };
}

describe('an installation of Velero', () => {
  it('is met when version, plugin, location, agent, Schedule and last backup are as promised', () => {
    const { verdict, sentence, observation } = judged({});
    expect(verdict).toBe('met');
    expect(sentence).toContain('6 installed parts compared, all as promised');
    expect(observation.evidence).toMatchObject({
      server: 'v1.18.3',
      plugins: 'ObjectStore velero.io/aws',
      'last backup': 'daily-1 Completed',
      'node agents': 'one',
    });
  });

  it.each<[string, Partial<VeleroInstallation>, string, RegExp]>([
    [
      'another version of the server',
      { server: { version: 'v1.17.0', plugins: [{ name: 'velero.io/aws', kind: 'ObjectStore' }] } },
      'not-as-promised',
      /server in velero: expected version 1\.18\.3, found v1\.17\.0/,
    ],
    [
      'a server that does not answer',
      { server: { silent: 'no answer within 20 s' } },
      'velero-not-installed',
      /server in velero: expected version 1\.18\.3, found no answer within 20 s\. Look at its pod/,
    ],
    [
      'no plugin for the provider of a location',
      { server: { version: 'v1.18.3', plugins: [{ name: 'velero.io/gcp', kind: 'ObjectStore' }] } },
      'velero-plugin-missing',
      /location default: expected a plugin of kind ObjectStore for provider velero\.io\/aws, found only velero\.io\/gcp/,
    ],
    [
      'a plugin of that name for something else',
      { server: { version: 'v1.18.3', plugins: [{ name: 'velero.io/aws', kind: 'VolumeSnapshotter' }] } },
      'velero-plugin-missing',
      /found none of that kind/,
    ],
    [
      'no plugin for the provider of a snapshot location',
      { snapshotLocations: [{ name: 'snapshots', provider: 'aws' }] },
      'velero-plugin-missing',
      /snapshot location snapshots: expected a plugin of kind VolumeSnapshotter/,
    ],
    ['no location', { locations: [] }, 'storage-location-unusable', /found no storage location/],
    [
      'a location in another bucket',
      { locations: [{ ...location, bucket: 'other', phase: 'Unavailable', message: 'no such bucket' }] },
      'storage-location-unusable',
      /found only default \(aws, other\/velero\/primary, Unavailable: no such bucket\)/,
    ],
    [
      'a location whose prefix only begins like the promised one',
      { locations: [{ ...location, prefix: 'velero-old' }] },
      'storage-location-unusable',
      /below velero\/, found only default/,
    ],
    [
      'a location that Velero cannot use',
      { locations: [{ ...location, phase: 'Unavailable', message: 'AccessDenied' }] },
      'storage-location-unusable',
      /it is Unavailable: AccessDenied/,
    ],
    [
      'a location that is read only',
      { locations: [{ ...location, isReadOnly: true }] },
      'storage-location-unusable',
      /ReadOnly/,
    ],
    [
      'a location in another region',
      { locations: [{ ...location, region: 'eu-west-1' }] },
      'storage-location-unusable',
      /expected region us-west-2, found eu-west-1/,
    ],
    [
      'a node without an agent',
      { nodes: [node, { ...node, name: 'two', hasReadyAgent: false }] },
      'node-agent-missing',
      /node two: expected a node agent that is ready, because Schedule daily backs up volumes file by file, found none/,
    ],
    ['no Schedule of that name', { schedules: [] }, 'schedule-missing', /Schedule daily: .*no such Schedule/],
    [
      'a Schedule that Velero refuses',
      { schedules: [{ ...schedule, phase: 'FailedValidation', problems: ['invalid schedule'] }] },
      'schedule-rejected',
      /FailedValidation: invalid schedule/,
    ],
    ['a Schedule that is paused', { schedules: [{ ...schedule, paused: true }] }, 'schedule-paused', /it is paused/],
    [
      'a last backup that failed',
      { lastBackup: { name: 'daily-2', phase: 'PartiallyFailed', why: '3 errors' } },
      'backup-failed',
      /the last backup daily-2: expected phase Completed, found PartiallyFailed: 3 errors/,
    ],
  ])('is breached by %s, and by nothing else', (_what, changes, cause, message) => {
    const { verdict, sentence, cause: said, observation } = judged(changes);
    expect({ verdict, said }).toEqual({ verdict: 'breached', said: cause });
    expect(sentence).toMatch(message);
    expect(observation.differing).toBe(1);
  });

  it('names the missing definitions in one sentence and compares nothing else', () => {
    const types = ['backups', 'schedules'];
    const { verdict, sentence, cause, observation } = judged({ missingTypes: types, isNamespaceThere: false });
    expect({ verdict, cause, compared: observation.compared }).toEqual({
      verdict: 'breached',
      cause: 'velero-not-installed',
      compared: 1,
    });
    expect(sentence).toBe(
      "Velero is installed: 1 of 1 installed part is not as promised: the cluster: expected Velero's custom resource definitions, found none of backups.velero.io, schedules.velero.io. Velero is not installed. Run the installation procedure.",
    );
  });

  it('says of a namespace that is not there that it is not there', () => {
    expect(judged({ isNamespaceThere: false })).toMatchObject({
      verdict: 'breached',
      cause: 'velero-not-installed',
      sentence: expect.stringContaining('namespace velero: expected Velero in it, found no such namespace'),
    });
  });

  it.each<[string, Partial<VeleroInstallation>, string]>([
    ['no backup has ended', { lastBackup: null }, 'no backup has ended yet'],
    ['its location was not looked at', { locations: [{ ...location, phase: undefined }] }, 'not looked at it yet'],
    ['a Schedule was not looked at', { schedules: [{ ...schedule, phase: undefined }] }, 'not looked at it yet'],
  ])('is unproven while %s', (_what, changes, reason) => {
    expect(judged(changes)).toMatchObject({ verdict: 'unproven', sentence: expect.stringContaining(reason) });
  });

  it('takes the available one of several locations, and every patch of a version without one', () => {
    const locations = [{ ...location, name: 'old', phase: 'Unavailable' }, location];
    expect(judged({ locations }, { version: 'v1.18' }).verdict).toBe('met');
    expect(judged({}, { version: '1.1' }).verdict).toBe('breached');
  });
});

describe('a node agent', () => {
  const bare = { ...node, name: 'two', hasReadyAgent: false };
  const nodes = (...others: VeleroInstallation['nodes']) => ({ nodes: [node, ...others] });
  const pod = { name: 'db-0', namespace: 'shop', node: 'two', asksForFileBackup: false };

  it('is needed nowhere where no volume is backed up file by file', () => {
    const schedules = [{ ...schedule, usesNodeAgent: false }];
    expect(judged({ ...nodes(bare), schedules, podsWithVolumes: [pod] }).verdict).toBe('met');
  });

  it('is not needed on a node that takes no pods, until it runs one whose volumes are backed up so', () => {
    const tainted = { ...bare, takesPods: false };
    expect(judged(nodes(tainted)).verdict).toBe('met');
    expect(judged({ ...nodes(tainted), podsWithVolumes: [pod] })).toMatchObject({
      cause: 'node-agent-missing',
      sentence: expect.stringContaining('it runs shop/db-0, whose volumes are backed up file by file'),
    });
    const schedules = [{ ...schedule, includes: ['other'] }];
    expect(judged({ ...nodes(tainted), schedules, podsWithVolumes: [pod] }).verdict).toBe('met');
  });

  it('is needed where a pod asks for it by its annotation', () => {
    const schedules = [{ ...schedule, usesNodeAgent: false }];
    const podsWithVolumes = [{ ...pod, asksForFileBackup: true }];
    expect(judged({ ...nodes(bare), schedules, podsWithVolumes }).cause).toBe('node-agent-missing');
    const excluding = [{ ...schedule, usesNodeAgent: false, excludes: ['shop'] }];
    expect(judged({ ...nodes(bare), schedules: excluding, podsWithVolumes }).verdict).toBe('met');
  });

  it('is needed as Velero itself matches namespaces, patterns included', () => {
    const podsWithVolumes = [{ ...pod, asksForFileBackup: true }];
    const withLists = (lists: object) => [{ ...schedule, usesNodeAgent: false, ...lists }];
    const included = { ...nodes(bare), schedules: withLists({ includes: ['sh*'] }), podsWithVolumes };
    expect(judged(included).cause).toBe('node-agent-missing');
    const excluded = { ...nodes(bare), schedules: withLists({ excludes: ['s?op'] }), podsWithVolumes };
    expect(judged(excluded).verdict).toBe('met');
  });

  it('is needed where the labels say, and not elsewhere', () => {
    const agentOn = { pool: 'data' };
    expect(judged(nodes(bare), { agentOn }).verdict).toBe('met');
    expect(judged(nodes({ ...bare, labels: { pool: 'data' } }), { agentOn }).cause).toBe('node-agent-missing');
  });
});
