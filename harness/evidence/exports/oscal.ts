import { createHash } from 'node:crypto';
import { onOneLine } from '../../reporting/text.ts';
import { canonicalText, sha256Of } from '../ledger/statement.ts';
import { jsonText } from '../well-formed.ts';
import type { ExportedRun } from './exported-run.ts';
import { type ResultCase, type ResultGroup, waivedText } from './result-groups.ts';

const OSCAL_VERSION = '1.2.3';
/** Names in `props` that are not OSCAL's own carry a namespace. */
const PROP_NAMESPACE = 'urn:dr-contracts:oscal';

/**
 * OSCAL assessment-results (https://pages.nist.gov/OSCAL-Reference/models/v1.2.3/assessment-results/): a finding for each disaster of a
 * contract, an observation for each finding of its record. OSCAL knows only satisfied and not-satisfied: unproven and waived results
 * are not satisfied, and a remark says which. Every identifier is derived from the digest of the record, so the same run always gives
 * the same file.
 * @param the source of the results, as text.
 */
export function renderOscal(run: ExportedRun, groups: readonly ResultGroup[], what = `run ${run.runId}`): string {
  const runUuid = (part: string) => uuidOfName('run', run.runId, part);
  const digests = groups.map((group) => digestOf(run, group));
  const toolUuid = runUuid('tool');
  const planUuid = runUuid('no assessment plan');
  const controls = [...new Set(groups.flatMap((group) => group.controls))].toSorted();
  const ended = run.ended ?? run.began;
  const findings = groups.map((group, index) => findingsOf(group, digests[index] ?? '', ended, toolUuid));
  const document = {
    'assessment-results': {
      uuid: uuidOfName('assessment-results', run.runId, ...digests),
      metadata: {
        title: line(`Disaster recovery drills, ${what}`),
        'last-modified': ended,
        version: line(run.runId),
        'oscal-version': OSCAL_VERSION,
        ...(run.commit === null ? {} : { props: [prop('commit', run.commit)] }),
      },
      'import-ap': {
        href: `#${planUuid}`,
        remarks: 'There is no assessment plan in OSCAL. The contracts of the commit say what is assessed, and how.',
      },
      results: [
        {
          uuid: runUuid('result'),
          title: line(`Drills of ${what}`),
          description: `Result of \`${line(run.command)}\`${run.target === null ? '' : ` on the target ${line(run.target)}`}.`,
          start: run.began,
          ...(run.ended === null ? {} : { end: run.ended }),
          'local-definitions': {
            components: [
              {
                uuid: toolUuid,
                type: 'software',
                title: 'dr-contracts',
                description: 'Seeds, backs up, destroys and restores real systems, and compares what came back.',
                ...(run.harnessVersion === null ? {} : { props: [prop('version', run.harnessVersion, null)] }),
                status: { state: 'operational' },
              },
            ],
          },
          'reviewed-controls': {
            'control-selections': [
              controls.length === 0
                ? { description: 'The contracts name no controls.' }
                : {
                    description: `As the contracts name them: ${controls.map(line).join('; ')}.`,
                    'include-controls': [...new Set(controls.map(token))].map((id) => ({ 'control-id': id })),
                  },
            ],
          },
          ...(findings.length === 0
            ? {}
            : {
                observations: findings.flatMap(({ observations }) => observations),
                findings: findings.map(({ finding }) => finding),
              }),
        },
      ],
      'back-matter': {
        resources: [
          {
            uuid: planUuid,
            title: 'No assessment plan',
            description: 'Stands in for the plan that OSCAL requires to be imported.',
          },
          ...findings.map(({ resource }) => resource),
        ],
      },
    },
  };
  return `${jsonText(document, 2)}\n`;
}

/** Returns the digest of the record in canonical JSON (RFC 8785), or of the stated result if there is no record. */
function digestOf(run: ExportedRun, { drill, contract, disaster, cases }: ResultGroup): string {
  return sha256Of(canonicalText(drill ?? { runId: run.runId, contract, disaster, cases }));
}

function findingsOf(group: ResultGroup, digest: string, ended: string, toolUuid: string) {
  const { contract, disaster, drill, sentence, outcome, controls, cases } = group;
  const uuid = (...parts: readonly string[]) => uuidOfName(digest, contract, disaster, ...parts);
  const resourceUuid = uuid('record');
  const at = group.ended ?? group.began ?? ended;
  const observations = cases.map((each) => ({
    uuid: uuid('observation', each.name),
    title: line(`${contract} › ${disaster} › ${each.name}`),
    description: line(each.sentence),
    props: [prop('verdict', each.verdict), prop('finding', each.name)],
    methods: ['TEST'],
    types: ['finding'],
    origins: [{ actors: [{ type: 'tool', 'actor-uuid': toolUuid }] }],
    subjects: [{ 'subject-uuid': toolUuid, type: 'component' }],
    'relevant-evidence': [{ href: `#${resourceUuid}`, description: 'The record of the drill.' }],
    collected: at,
    ...withRemarks(remarkOf(each)),
  }));
  const isSatisfied = outcome === 'passed';
  const finding = {
    uuid: uuid('finding'),
    title: line(`${contract} survives ${disaster}`),
    description: line(sentence),
    ...(controls.length === 0 ? {} : { props: controls.map((control) => prop('control', control)) }),
    origins: [{ actors: [{ type: 'tool', 'actor-uuid': toolUuid }] }],
    target: {
      type: 'objective-id',
      'target-id': token(`${contract}_${disaster}`),
      status: {
        state: isSatisfied ? 'satisfied' : 'not-satisfied',
        reason: isSatisfied ? 'pass' : outcome === 'failed' ? 'fail' : 'other',
        ...withRemarks(cases.map(remarkOf).find((remark) => remark !== undefined)),
      },
    },
    'related-observations': observations.map((each) => ({ 'observation-uuid': each.uuid })),
  };
  const resource = {
    uuid: resourceUuid,
    title: line(`Record of ${contract} › ${disaster}`),
    description:
      drill === null
        ? 'The run record; this result has no drill record of its own.'
        : line(`runs/${drill.runId}/drills/${drill.drillId}.json, in canonical JSON (RFC 8785) with this digest.`),
    props: [prop('sha256', digest)],
  };
  return { observations, finding, resource };
}

function remarkOf({ verdict, waiver, sentence }: ResultCase): string | undefined {
  if (waiver !== null) return line(`Not satisfied, and ${waivedText(waiver)}`);
  if (verdict === 'unproven') return line(`Not proved, which is neither kept nor breached. ${sentence}`);
  return verdict === 'at-risk' ? line(`Kept, with little margin. ${sentence}`) : undefined;
}

const withRemarks = (remarks: string | undefined) => (remarks === undefined ? {} : { remarks });

const prop = (name: string, value: string, ns: string | null = PROP_NAMESPACE) => ({
  name,
  ...(ns === null ? {} : { ns }),
  value: line(value),
});

/** OSCAL's strings neither begin nor end with white space, and are never empty. */
function line(text: string): string {
  return onOneLine(text) || '-';
}

/** OSCAL's tokens begin with a letter and hold letters, digits, points, hyphens and underscores. */
function token(text: string): string {
  const plain = line(text).replaceAll(/[^\p{L}\p{N}.\-_]+/gu, '-');
  return /^[\p{L}_]/u.test(plain) ? plain : `_${plain}`;
}

/** The namespace of every identifier here: the UUIDv5 of `urn:dr-contracts` in the namespace of URLs of RFC 9562. */
const NAMESPACE = '5decc089-cffa-50ed-9a35-d5a8583a25ae';

/** Returns a UUID version 5 (RFC 9562, 5.5): the same name always has the same identifier. */
function uuidOfName(...parts: readonly string[]): string {
  const hash = createHash('sha1')
    .update(Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(JSON.stringify(parts))
    .digest()
    .subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
