import { formatDuration } from '../../model/units.ts';
import type { PageSource } from './page-source.ts';
import type { ProvenanceView } from './page-view.ts';

/** Where the figures come from, and how a reader can check them without trusting this page. */
export function provenanceOf({ run, places }: PageSource): ProvenanceView {
  const environments = run.drills.map(({ environment }) => environment);
  const [first] = environments;
  const runFile = places?.runFile ?? null;
  const path = runFile?.label ?? 'reports/latest/run.json';
  const facts: (readonly [string, string | undefined])[] = [
    ['run', run.runId],
    ['began', run.began],
    ['ended', `${run.ended} (${formatDuration(run.durationMs)})`],
    ['command', run.command],
    ['target', run.target],
    ['started by', first?.trigger],
    ['commit', first === undefined ? undefined : commitText(first.commit, first.dirty)],
    ['dr-contracts', first?.harnessVersion],
    ['Node', first?.node],
    ['machine', first === undefined ? undefined : machineText(first.host)],
    ['sandbox', first?.sandbox],
  ];
  const tools = new Map(
    environments.flatMap((environment) => environment.tools).map((tool) => [`${tool.name} ${tool.version}`, tool]),
  );
  return {
    facts: facts.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
    tools: [...tools.values()].toSorted((one, other) => one.name.localeCompare(other.name)),
    runFile,
    verify: [
      ...(runFile === null
        ? []
        : [
            {
              command: `sha256sum ${path}`,
              shows: `The record is the one that this page was made of: ${runFile.digest}.`,
            },
          ]),
      {
        command: `npx dr-contracts verdict ${path}`,
        shows: 'The verdicts follow from what was observed. They are computed again from the record.',
      },
      {
        command: 'npx dr-contracts verify --key <public key>',
        shows:
          'The ledger holds this run. No entry was edited, removed, reordered or inserted, and each is signed with that key.',
      },
    ],
    limits: [
      'This page is a rendering. The record is the evidence.',
      'Whoever can write the page or the record can change it. Only the ledger shows that nobody did, and only if its entries are signed.',
    ],
  };
}

const commitText = (commit: string | null, dirty: boolean | null): string =>
  commit === null ? 'not known' : `${commit}${dirty === true ? ', with changes that were not committed' : ''}`;

const machineText = ({
  platform,
  arch,
  cpus,
  memoryBytes,
}: {
  platform: string;
  arch: string;
  cpus: number;
  memoryBytes: number;
}): string => `${platform} ${arch}, ${cpus} CPUs, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`;
