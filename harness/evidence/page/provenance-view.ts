import { formatDuration } from '../../model/units.ts';
import type { PageLedger, PageSource } from './page-source.ts';
import type { ProvenanceView } from './page-view.ts';

/** Where the figures come from, and how a reader can check them without trusting this page. */
export function provenanceOf({ run, ledger, places }: PageSource): ProvenanceView {
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
    ['ledger', ledgerText(ledger)],
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
      ...(ledger === undefined
        ? []
        : [
            {
              command: 'npx dr-contracts verify --key <public key>',
              shows:
                'No entry of the ledger was edited, removed, reordered or inserted, and each was signed with this key.',
            },
          ]),
    ],
    limits: [
      'This page is a rendering. The record is the evidence.',
      ...(ledger?.keyId == null ? ['The record is not signed. Whoever can write the file can change it.'] : []),
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

function ledgerText(ledger: PageLedger | undefined): string {
  if (ledger === undefined) return 'none was read for this page';
  const signed = ledger.keyId === null ? 'not signed' : `signed with the key ${ledger.keyId}`;
  return `${ledger.entries} entries, the last one ${ledger.lastDigest ?? 'missing'}, ${signed}`;
}
