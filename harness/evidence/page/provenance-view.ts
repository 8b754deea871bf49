import { compareText, counted } from '../../model/text.ts';
import { formatDuration } from '../../model/units.ts';
import type { PageLedger, PageSource } from './page-source.ts';
import type { ProvenanceView } from './page-view.ts';

/** Returns the sources of the figures, and how a reader can check them without trusting this page. */
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
    ['ledger', ledger === undefined ? undefined : ledgerText(ledger, run.drills.length)],
  ];
  const tools = new Map(
    environments.flatMap((environment) => environment.tools).map((tool) => [`${tool.name} ${tool.version}`, tool]),
  );
  return {
    facts: facts.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
    tools: [...tools.values()].toSorted((one, other) => compareText(one.name, other.name)),
    runFile,
    verify: [
      ...(runFile === null
        ? []
        : [
            {
              command: `sha256sum ${path}`,
              shows: `The record is the one from which this page was made: ${runFile.digest}.`,
            },
          ]),
      {
        command: `npx dr-contracts verdict ${path}`,
        shows: 'The verdicts follow from what was observed. They are computed again from the record.',
      },
      verification(ledger, run.drills),
    ],
    limits: [
      'This page is a rendering. The record is the evidence.',
      'The signatures of the ledger were not checked for this page. `dr-contracts verify` checks them.',
      'Anybody who can write the page or the record can change it. Only the ledger shows that nobody did, and only if its entries are signed.',
    ],
  };
}

function ledgerText({ at, entries, problem }: PageLedger, drills: number): string {
  if (entries === null) return problem === null ? `${at} does not hold this run` : `${at}, which could not be read`;
  const { first, last, count, unsigned, keyIds, drillIds } = entries;
  const range = first === last ? `entry ${first}` : `entries ${first} to ${last}`;
  const signed = keyIds.map((keyId) => `signed with key ${keyId}`);
  const notSigned =
    unsigned === 0
      ? []
      : [unsigned === count ? 'not signed' : `${unsigned} of ${counted(count, 'entry', 'entries')} not signed`];
  const held =
    problem !== null
      ? '; not read to the end'
      : drillIds.length < drills
        ? `; it holds ${drillIds.length} of ${counted(drills, 'drill')}`
        : '';
  return `${at}, ${range} (${[...signed, ...notSigned].join(', and ')}${held})`;
}

/** Returns commands that verify this run; they depend on the entries of the run in the ledger. */
function verification(
  ledger: PageLedger | undefined,
  drills: PageSource['run']['drills'],
): ProvenanceView['verify'][number] {
  const option = ledger?.option ?? '';
  const withKey = `npx dr-contracts verify${option} --key ledger.pub.pem`;
  const entries = ledger?.entries ?? null;
  if (entries === null) {
    const isAbsent = ledger !== undefined && ledger.problem === null;
    return {
      command: withKey,
      shows: isAbsent
        ? 'Whether the ledger is unbroken. It does not hold this run, so it shows nothing of what is on this page.'
        : 'Whether the ledger is unbroken. Whether it holds this run was not known when this page was written.',
    };
  }
  const absent = drills.filter(({ drillId }) => !entries.drillIds.includes(drillId)).length;
  const lacking =
    ledger?.problem !== null
      ? ' It was not read to the end for this page.'
      : absent === 0
        ? ''
        : ` It does not hold ${absent} of the ${drills.length} drills on this page.`;
  if (entries.unsigned === entries.count) {
    return {
      command: `npx dr-contracts verify${option}`,
      shows: `The ledger holds this run, and its chain is unbroken. Its entries are not signed, so anybody could have written them.${lacking}`,
    };
  }
  const signed =
    entries.unsigned === 0
      ? 'each entry of this run is signed with that public key'
      : `${entries.count - entries.unsigned} of the ${entries.count} entries of this run are signed with that public key. Anybody could have written the others`;
  return {
    command: withKey,
    shows: `The ledger holds this run. No entry was edited, removed, reordered or inserted, and ${signed}.${lacking} Get the key from its owner, not from the sender of this page.`,
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
