import { z } from 'zod';
import { type Framework, type FrameworkId, frameworkSchema } from './catalogue-schema.ts';

// Requirements of each clause, and the parts that a drill cannot show. A new version of a text changes only this file.

/** Date of the sources below, so that readers know their age. */
export const CATALOGUE_DATE = '2026-11-26';

const TSC =
  'https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022';
const ISO = 'https://www.iso.org/standard/27001';
const NIST = 'https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final';
const DORA = 'https://eur-lex.europa.eu/eli/reg/2022/2554/oj';
const RTS = 'https://eur-lex.europa.eu/eli/reg_del/2024/1774/oj';
const NIS2 = 'https://eur-lex.europa.eu/eli/reg_impl/2024/2690/oj';
const FEDRAMP = 'https://github.com/FedRAMP/docs';

const written: unknown = [
  {
    id: 'soc2',
    name: 'SOC 2, Trust Services Criteria',
    version: '2017, with revised points of focus of 2022',
    source: TSC,
    namedAs: ['SOC 2', 'SOC2'],
    clauses: [
      {
        id: 'A1.2',
        title: 'Environmental protections, backup and recovery infrastructure',
        asks: 'Backup processes and recovery infrastructure are designed, operated and monitored to meet the objectives.',
        everyDays: null,
        cadence: 'Throughout the period (Type II).',
        evidence: 'content',
        cannotShow: [
          'that environmental protections (power, fire, cooling) exist',
          'that scheduled backups ran on the days without a drill',
        ],
        source: TSC,
      },
      {
        id: 'A1.3',
        title: 'Recovery plan procedures are tested',
        asks: 'Recovery procedures are tested, and with them integrity and completeness of the backup data.',
        everyDays: 366,
        cadence: 'At least yearly, usually quarterly. Type II: it operated throughout the period.',
        evidence: 'recovery',
        cannotShow: [
          'that people know the plan, their roles and whom to call',
          'that the plan was approved and is revised after tests',
        ],
        source: TSC,
      },
      {
        id: 'CC7.5',
        title: 'Recovery from identified security incidents',
        asks: 'Activities that recover from incidents are identified, developed and carried out, and improved after tests.',
        everyDays: 366,
        cadence: 'Periodic testing of the incident recovery plan.',
        evidence: 'recovery',
        cannotShow: ['that a real incident is detected and contained', 'that its root cause is found and communicated'],
        source: TSC,
      },
    ],
  },
  {
    id: 'iso27001',
    name: 'ISO/IEC 27001, Annex A',
    version: '2022',
    source: ISO,
    namedAs: ['ISO 27001', 'ISO/IEC 27001', 'ISO/IEC 27001:2022'],
    clauses: [
      {
        id: 'A.8.13',
        title: 'Information backup',
        asks: 'Backup copies are kept and tested according to a policy; restoration is logged and its integrity verified.',
        everyDays: null,
        cadence: 'At planned intervals.',
        evidence: 'content',
        cannotShow: [
          'that the backup policy covers every asset of the asset register',
          'that copies are encrypted and protected at their place, except where a posture check says so',
        ],
        source: ISO,
      },
      {
        id: 'A.5.30',
        title: 'ICT readiness for business continuity',
        asks: 'ICT readiness is planned, implemented and tested against continuity objectives that come from an impact analysis.',
        everyDays: null,
        cadence: 'At planned intervals.',
        evidence: 'objectives',
        cannotShow: ['that the objectives are those of the business impact analysis', 'that staff can work elsewhere'],
        source: ISO,
      },
    ],
  },
  {
    id: 'nist-800-53',
    name: 'NIST SP 800-53',
    version: 'Revision 5',
    source: NIST,
    namedAs: ['NIST SP 800-53', 'NIST 800-53'],
    clauses: [
      {
        id: 'CP-4',
        title: 'Contingency plan testing',
        asks: 'The contingency plan is tested at a stated frequency, results are reviewed, and corrective action begins.',
        everyDays: 366,
        cadence: 'At the frequency that the organization defines; here: yearly.',
        evidence: 'recovery',
        cannotShow: [
          'that the plan itself is complete and known to its readers',
          'that the results were reviewed, unless there is a sign-off',
        ],
        source: NIST,
      },
      {
        id: 'CP-9(1)',
        title: 'Testing for reliability and integrity',
        asks: 'Backup information is tested for reliability of its media and integrity of its content.',
        everyDays: 366,
        cadence: 'At the frequency that the organization defines; FedRAMP: yearly.',
        evidence: 'content',
        cannotShow: ['that the media of production keep what they hold', 'content that a drill did not write'],
        source: NIST,
      },
      {
        id: 'CP-10',
        title: 'System recovery and reconstitution',
        asks: 'The system is recovered to a known state within the recovery time and recovery point objectives.',
        everyDays: null,
        cadence: 'At the frequency that the organization defines.',
        evidence: 'recovery',
        cannotShow: ['reconstitution of hardware, buildings and staff', 'a recovery of the whole production at once'],
        source: NIST,
      },
    ],
  },
  {
    id: 'dora',
    name: 'DORA, with the RTS on ICT risk management',
    version: 'Regulation (EU) 2022/2554; Delegated Regulation (EU) 2024/1774',
    source: DORA,
    namedAs: ['DORA'],
    clauses: [
      {
        id: 'Art. 12(2)',
        title: 'Periodic testing of backup, restoration and recovery',
        asks: 'Backup procedures and restoration and recovery procedures are tested periodically.',
        everyDays: 366,
        cadence: 'Periodic; Art. 11(6) asks for tests of the plans yearly and after substantive changes.',
        evidence: 'recovery',
        cannotShow: [
          'that activating backup systems does not endanger the security of production',
          'that the scope follows the criticality of functions',
        ],
        source: DORA,
      },
      {
        id: 'Art. 12(3)',
        title: 'Segregated restoration',
        asks: 'Data is restored on ICT systems that are physically and logically segregated from the source system.',
        everyDays: 366,
        cadence: 'With each test.',
        evidence: 'recovery',
        cannotShow: [
          'physical segregation in production: a drill restores on the target that it names',
          'protection of those systems from unauthorized access',
        ],
        source: DORA,
      },
      {
        id: 'RTS Art. 25(2)',
        title: 'Tests with severe but plausible scenarios, and switchover',
        asks: 'Tests simulate severe but plausible disruptions, third parties, and the switchover to redundant capacity and backups.',
        everyDays: 366,
        cadence: 'Yearly.',
        evidence: 'switchover',
        cannotShow: [
          'failure or insolvency of third parties',
          'governance, crisis communication and the response of staff',
        ],
        source: RTS,
      },
      {
        id: 'RTS Art. 25(5)',
        title: 'Documented results and deficiencies',
        asks: 'Results are documented. Deficiencies are analysed, addressed and reported to the management body.',
        everyDays: null,
        cadence: 'With each test.',
        evidence: 'record',
        cannotShow: [
          'that the management body received the report',
          'an analysis that was not recorded as a deviation',
        ],
        source: RTS,
      },
    ],
  },
  {
    id: 'nis2',
    name: 'NIS2, implementing regulation, Annex',
    version: 'Implementing Regulation (EU) 2024/2690',
    source: NIS2,
    namedAs: ['NIS2', 'NIS 2'],
    clauses: [
      {
        id: '4.2.2',
        title: 'Backup plans',
        asks: 'Plans state recovery times and keep copies complete and accurate, with configuration, away from the network of the system.',
        everyDays: null,
        cadence: 'Following the risk assessment.',
        evidence: 'content',
        cannotShow: ['approval of restores and access control of copies', 'the distance between sites'],
        source: NIS2,
      },
      {
        id: '4.2.3',
        title: 'Integrity checks',
        asks: 'Backup copies undergo regular integrity checks.',
        everyDays: null,
        cadence: 'Regularly.',
        evidence: 'content',
        cannotShow: ['integrity of copies that no drill restored'],
        source: NIS2,
      },
      {
        id: '4.2.6',
        title: 'Testing of recovery',
        asks: 'Recovery of copies and redundancies is tested regularly and covers copies, processes and knowledge. Results are documented, and corrective action is taken.',
        everyDays: null,
        cadence: 'Regularly.',
        evidence: 'recovery',
        cannotShow: [
          'the knowledge of the people who recover',
          'corrective action that was not recorded as a deviation',
        ],
        source: NIS2,
      },
    ],
  },
  {
    id: 'fedramp-20x',
    name: 'FedRAMP 20x, key security indicators',
    version: 'FRMR documentation of 2026-04-08',
    source: FEDRAMP,
    namedAs: ['FedRAMP 20x', 'FedRAMP'],
    clauses: [
      {
        id: 'KSI-RPL-TRC',
        title: 'Testing recovery capabilities',
        asks: 'The capability to recover is tested persistently, in line with the recovery objectives.',
        everyDays: 3,
        cadence: 'Validated by machine every 3 days (Moderate) or 7 days (Low): PVA-CSX-PMV.',
        evidence: 'recovery',
        cannotShow: ['recovery from contingencies that no contract names as a disaster'],
        source: FEDRAMP,
      },
      {
        id: 'KSI-RPL-ABO',
        title: 'Aligning backups with objectives',
        asks: 'The alignment of backups with the recovery objectives is reviewed persistently.',
        everyDays: 3,
        cadence: 'Validated by machine every 3 days (Moderate) or 7 days (Low): PVA-CSX-PMV.',
        evidence: 'exposure',
        cannotShow: ['that each scheduled backup of production ran'],
        source: FEDRAMP,
      },
      {
        id: 'KSI-RPL-ARP',
        title: 'Aligning the recovery plan',
        asks: 'The alignment of the recovery plan with the recovery objectives is reviewed persistently.',
        everyDays: 3,
        cadence: 'Validated by machine every 3 days (Moderate) or 7 days (Low): PVA-CSX-PMV.',
        evidence: 'objectives',
        cannotShow: ['that the written plan was reviewed by a person'],
        source: FEDRAMP,
      },
      {
        id: 'KSI-RPL-RRO',
        title: 'Reviewing recovery objectives',
        asks: 'Recovery time and recovery point objectives are defined and reviewed persistently.',
        everyDays: 3,
        cadence: 'Validated by machine every 3 days (Moderate) or 7 days (Low): PVA-CSX-PMV.',
        evidence: 'objectives',
        cannotShow: ['that the objectives are the right ones'],
        source: FEDRAMP,
      },
      {
        id: 'PVA-CSX-FAV',
        title: 'Failures of the validation are findings',
        asks: 'A validation process that fails is a finding by itself.',
        everyDays: null,
        cadence: 'With each run.',
        evidence: 'record',
        cannotShow: ['a run that was never started and that no contract promised'],
        source: FEDRAMP,
      },
      {
        id: 'PVA-TPX-UNP',
        title: 'Effectiveness and coverage of the validation',
        asks: 'An assessor verifies effectiveness, completeness, integrity and coverage of the automated validation.',
        everyDays: null,
        cadence: 'With each assessment.',
        evidence: 'record',
        cannotShow: ['resources that no contract names', 'the judgement of the assessor'],
        source: FEDRAMP,
      },
    ],
  },
];

/** Every framework, checked once when this module is loaded. */
export const catalogue: readonly Framework[] = z.array(frameworkSchema).parse(written);

/** Returns the requested frameworks, in the order of the catalogue. */
export const frameworksNamed = (ids: readonly FrameworkId[]): readonly Framework[] =>
  catalogue.filter(({ id }) => ids.includes(id));
