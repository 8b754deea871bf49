import { type Command, InvalidArgumentError, Option } from 'commander';
import { targetWishes } from '../targets/wishes.ts';
import type { ToolchainOptions } from './toolchain-command.ts';

type Given = Partial<ToolchainOptions>;

const HELP = `
A pack is one file with the programs in it. On a machine of the same kind (system, processor, C library) and with the same version of
dr-contracts, --from installs it instead of building, without Go and without a network. LocalStack needs the same Python there (3.11 to 3.13).

Examples:
  $ npx dr-contracts toolchain                              what the contracts here need
  $ npx dr-contracts toolchain --pack toolchain.tar.gz      the same, and write it into a file
  $ npx dr-contracts toolchain --from toolchain.tar.gz      install that file on another machine
  $ npx dr-contracts toolchain --key                        the name of what the contracts here need, for a cache
`;

export function addToolchainCommand(program: Command, run: (options: ToolchainOptions) => Promise<void>): void {
  program
    .command('toolchain')
    .description('obtain the programs that the contracts here need, and the sandbox; move them to another machine')
    .option('--all', 'every program, whatever the contracts need (default where there are no contracts)')
    .addOption(
      new Option('--target <name>', 'for runs on this target (default: the one that a run takes)')
        .choices(targetWishes)
        .conflicts(['pack', 'from', 'key', 'builders']),
    )
    .addOption(new Option('--pack <file>', 'write the programs into a file, for another machine').conflicts('from'))
    .addOption(
      new Option('--from <file>', 'install what such a file holds; build and download nothing').conflicts('all'),
    )
    .option('--digest <digest>', 'with --from: what the file must be, as --pack printed it', digestArgument)
    .addOption(
      new Option('--key', 'print the key of a cache that holds these programs, and obtain nothing').conflicts([
        'pack',
        'from',
      ]),
    )
    .addOption(
      new Option(
        '--builders',
        'print whether Go and Python have to be installed first (go=true), and obtain nothing',
      ).conflicts(['pack', 'from', 'key']),
    )
    .addHelpText('after', HELP)
    .action(async ({ all = false, key = false, ...files }: Given, command: Command) => {
      if (files.digest !== undefined && files.from === undefined) {
        command.error("error: option '--digest <digest>' needs '--from <file>'");
      }
      await run({ all, key, ...files });
    });
}

function digestArgument(text: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('Write sha256: and 64 hexadecimal digits.');
  return text;
}
