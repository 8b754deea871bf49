import type { Target } from '../../model/target.ts';
import { script } from '../../procedures/script.ts';
import { beginSmallDrill, type SmallDrill } from '../../testing/small-drill.ts';
import { jetstream } from './jetstream.ts';
import type { JetStreamOptions } from './options.ts';

export const scripts = {
  backup: 'fixtures/platform/scripts/nats-backup.sh',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
  schedule: { cron: '*/2 * * * *' },
  prefix: 'nats/',
};
export const platformScripts = script(scripts);

/** Opens and seeds an asset, takes its fingerprint, and writes a few markers to each lane. */
export async function beginDrill(target: Target, disaster: string, options: JetStreamOptions): Promise<SmallDrill> {
  return await beginSmallDrill({
    target,
    disaster,
    kind: jetstream(options),
    procedure: platformScripts,
    budgetMs: 170_000,
    goneBudgetMs: 10_000,
    markers: { beforeBackup: 3 },
    // A probe's write that the backup takes must not count as a difference.
    beforeBackup: (asset, signal) => asset.probe.write(signal),
  });
}
