import { formatDuration } from '../../model/units.ts';
import type { PageLedger, PageSource } from './page-source.ts';
import type { ProvenanceView } from './page-view.ts';

/** Where the figures come from, and how a reader can check them without trusting this page. */
export function provenanceOf({ run, places, ledger }: PageSource): ProvenanceView {
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
    ['ledger', ledger === undefined ? undefined : ledgerText(ledger)],
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
      verification(ledger),
    ],
    limits: [
      'This page is a rendering. The record is the evidence.',
      'Anybody who can write the page or the record can change it. Only the ledger shows that nobody did, and only if its entries are signed.',
    ],
  };
}

function ledgerText({ at, entries }: PageLedger): string {
  if (entries === null) return `${at} does not hold this run`;
  const { first, last, keyIds } = entries;
  const range = first === last ? `entry ${first}` : `entries ${first} to ${last}`;
  const signed = keyIds.map((keyId) => (keyId === null ? 'not signed' : `signed with key ${keyId}`));
  return `${at}, ${range} (${signed.join(', and ')})`;
}

/** Without signatures a verification shows less, and its reader must know. */
function verification(ledger: PageLedger | undefined): ProvenanceView['verify'][number] {
  const option = ledger?.option ?? '';
  if (ledger?.entries?.keyIds.every((keyId) => keyId === null) === true) {
    return {
      command: `npx dr-contracts verify${option}`,
      shows:
        'The ledger holds this run, and its chain is unbroken. Its entries are not signed, so anybody could have written them.',
    };
  }
  return {
    command: `npx dr-contracts verify${option} --key ledger.pub.pem`,
    shows:
      'The ledger holds this run. No entry was edited, removed, reordered or inserted, and each is signed with that public key. Get the key from its owner, not from the sender of this page.',
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
