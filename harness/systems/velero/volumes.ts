import { z } from 'zod';
import { NotProvableHereError } from '../../model/errors.ts';
import type { OptedInVolume, PodVolumeBackup } from './objects.ts';
import type { ParsedSchedule } from './options.ts';
import { parsedYaml } from './yaml.ts';

const volumePolicies = z.looseObject({
  volumePolicies: z.array(z.looseObject({ action: z.looseObject({ type: z.string() }) })).nullish(),
});

type VolumesOf = Pick<ParsedSchedule, 'template' | 'policy' | 'heldBy'>;

/**
 * The field by which a Schedule leaves the content of volumes to snapshots or to a plug-in, also of volumes whose pods ask for a backup of
 * their files (velero internal/volumehelper, v1.18.3); undefined where it has none.
 */
export function insteadOfFiles({ template, policy }: VolumesOf): string | undefined {
  if (template['snapshotMoveData'] === true) return 'spec.template.snapshotMoveData: true';
  if (policy === undefined) return undefined;
  const policies = volumePolicies.safeParse(parsedYaml(policy)).data?.volumePolicies ?? [];
  const type = policies.map(({ action }) => action.type).find((each) => ['snapshot', 'custom'].includes(each));
  return type === undefined ? undefined : `the action ${type} of volumePolicies in the resourcePolicy`;
}

/** @throws {NotProvableHereError} when the Schedule leaves volumes to snapshots, which the target cannot take. */
export function requireNoSnapshots(
  schedule: VolumesOf,
  optedIn: readonly OptedInVolume[],
  taken: readonly PodVolumeBackup[],
): void {
  const field = insteadOfFiles(schedule);
  const left = optedIn.filter(({ what }) => taken.every((each) => each.what !== what));
  if (field === undefined || left.length === 0) return;
  throw new NotProvableHereError({
    thing: left.map(({ what }) => what).join(', '),
    expected: 'a backup of its files, the only backup of a volume that this target can take',
    observed: `${field} of ${schedule.heldBy ?? 'the Schedule'} leaves it to snapshots or to a plug-in, which the target does not have`,
    nextStep: 'Drill on a cluster that takes these snapshots, or let the Schedule back up files (fs-backup).',
  });
}

/** Velero asks a volume policy about the volume of each claim, and fails where a claim has none. */
const NO_VOLUME = 'has no volume backing this claim';

/** What keeps a backup from completing where the target has no volumes; undefined for other errors. */
export function withoutVolumes(id: string, errors: readonly string[]): NotProvableHereError | undefined {
  const [first] = errors;
  if (first === undefined || !errors.every((error) => error.includes(NO_VOLUME))) return undefined;
  return new NotProvableHereError({
    thing: `velero backup ${id}`,
    expected: 'a volume behind each claim, because Velero applies a volume policy of the Schedule to it',
    observed: `the claims of the drill have none: ${first.trim()}`,
    nextStep: 'Drill on a target that has volumes and the storage classes of the claims.',
  });
}
