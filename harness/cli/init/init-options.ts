import { type Command, Option } from 'commander';
import { priorities } from '../../model/contract.ts';
import type { OwnScripts } from '../../registered/first-contract.ts';
import { type Answers, defaultAsset, firstContractOf, pipelineSystems, startAssets } from './answers.ts';

export interface InitOptions {
  readonly answers: Partial<Answers>;
  readonly ownScripts: OwnScripts | undefined;
  /** Ask nothing, even on a terminal. */
  readonly yes: boolean;
  readonly force: boolean;
}

type Given = Partial<Omit<Answers, 'ci'>> & {
  backup?: string;
  restore?: string;
  ci?: Answers['ci'] | false;
  yes?: boolean;
  force?: boolean;
};

/** Assets whose first contract saves them with scripts. */
const byScripts = startAssets.filter((asset) => firstContractOf(asset).scripts !== undefined);

/** Adds `dr-contracts init` and its options. */
export function addInitCommand(program: Command, init: (options: InitOptions) => Promise<void>): void {
  const command = program
    .command('init')
    .description('write a configuration, a first contract, an npm script and a pipeline')
    .addOption(new Option('--asset <kind>', `what is protected (default: ${defaultAsset})`).choices(startAssets))
    .option('--name <name>', 'name of the contract')
    .option('--rto <duration>', 'back within this, e.g. 15m')
    .option('--rpo <duration>', 'at most this much is lost, e.g. 5m')
    .addOption(new Option('--priority <priority>', 'how urgent').choices(priorities))
    .option('--owner <name>', 'who answers for it')
    .option('--cron <expression>', 'when backups are taken, UTC')
    .option('--backup <script>', `${byScripts.join(', ')}: your own backup script, instead of one to start from`)
    .option('--restore <script>', `${byScripts.join(', ')}: your own restore script`)
    .addOption(
      new Option(
        '--ci <system>',
        'the pipeline to write (default: gitlab if there is a .gitlab-ci.yml, else github)',
      ).choices([...pipelineSystems, 'none']),
    )
    .option('--no-ci', 'the same as --ci none')
    .option('--yes', 'ask nothing; use the default of each option that is not given')
    .option('--force', 'overwrite existing files')
    .addHelpText(
      'after',
      '\nOn a terminal, it asks for each value that no option gives. Elsewhere, and in CI, it never asks.\nIn a project that has a configuration, --ci without other answers adds only the pipeline, and overwrites nothing.',
    );
  command.action(async (given: Given) => {
    const { backup, restore, ci, yes = false, force = false, ...rest } = given;
    const answers = ci === undefined ? rest : { ...rest, ci: ci === false ? ('none' as const) : ci };
    if ((backup === undefined) !== (restore === undefined)) {
      command.error("error: options '--backup <script>' and '--restore <script>' belong together");
    }
    if (backup !== undefined && answers.asset !== undefined && !byScripts.includes(answers.asset)) {
      const assets = byScripts.map((asset) => `'--asset ${asset}'`).join(' or ');
      command.error(`error: options '--backup <script>' and '--restore <script>' are for ${assets}`);
    }
    const ownScripts = backup === undefined || restore === undefined ? undefined : { backup, restore };
    await init({ answers, ownScripts, yes, force });
  });
}
