import { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import type * as GcsProviders from '../../systems/gcs/providers.ts';
import { answersFrom, startAssets } from './answers.ts';
import { addInitCommand } from './init-options.ts';
import { filesToWrite } from './written-files.ts';

// A system without a first contract gets one.
vi.mock('../../systems/gcs/providers.ts', async (original) => {
  const actual = await original<typeof GcsProviders>();
  const firstContract = {
    proposed: { name: 'invoices', rto: '20m', rpo: '10m', cron: '*/5 * * * *' },
    detection: { failures: 2, every: '10s' },
    decision: '1m',
    firstBuild: 'a minute',
    scripts: { backup: 'ops/nats-backup.sh', restore: 'ops/nats-restore.sh' },
    imports: ['gcsBucket', 'script'],
    asset: '  asset: gcsBucket({ objects: 10 }),\n',
    protectedBy: () => "  protectedBy: script({ backup: 'a', restore: 'b' }),\n",
    survives: ['objects-deleted'],
  };
  return { ...actual, gcsProvider: { ...actual.gcsProvider, firstContract } };
});

test('init offers each system whose provider brings a first contract, in the order of the providers', () => {
  expect(startAssets).toEqual(['nats', 'kubernetes', 'gcs']);
  const program = new Command();
  addInitCommand(program, async () => undefined);
  const help = program.commands[0]?.helpInformation().replaceAll(/\s+/g, ' ');
  expect(help).toContain('what is protected (default: nats) (choices: "nats", "kubernetes", "gcs")');
  expect(help).toContain('--restore <script> nats, gcs: your own restore script');
});

test('what it writes is what the provider says', async () => {
  const answers = answersFrom({ asset: 'gcs', ci: 'none' });
  expect(answers).toMatchObject({ name: 'invoices', rto: '20m', rpo: '10m', cron: '*/5 * * * *' });
  const files = await filesToWrite({ answers, ownScripts: undefined, extension: 'ts' });
  expect(files.map(({ path }) => path)).toEqual([
    'dr-contracts.config.ts',
    'contracts/invoices.spec.ts',
    'ops/nats-backup.sh',
    'ops/nats-restore.sh',
  ]);
  expect(files[1]?.content).toBe(`import { contract, gcsBucket, script } from 'dr-contracts';

contract({
  name: 'invoices',
  asset: gcsBucket({ objects: 10 }),
  rto: '20m', // back within this, detection and decision included
  rpo: '10m', // at most this much of acknowledged writes is lost
  priority: 'P1',
  owner: 'platform',
  protectedBy: script({ backup: 'a', restore: 'b' }),
  survives: ['objects-deleted'],
  detection: { failures: 2, every: '10s' },
  decision: '1m',
});
`);
});
