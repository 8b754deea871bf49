/** A folder's purpose, and the imports that its files may have. Tests and folders called `testing` may import everything. */
export interface ImportRule {
  /** A folder below `harness/`; `systems/*` stands for each folder of a system. */
  readonly folder: string;
  readonly is: string;
  /** Folders or single files below `harness/`, besides the folder itself; or everything. */
  readonly mayImport: readonly string[] | 'everything';
  /** The folder only computes: it may not even import a module of Node. */
  readonly pure?: true;
  /** The linter's message for a breach. */
  readonly message: string;
}

/** Folders whose files run programs, wait, or talk to servers, and that depend on no system. */
const primitives = ['base', 'clock', 'wait', 'process', 'clients'] as const;

/**
 * The only table of allowed imports. `npm run import-rules` writes the linter's rules and the table of docs/architecture.md from it. A test
 * fails when one of them differs, when a folder imports something outside its row, and when a row allows an unused import.
 */
export const importRules: readonly ImportRule[] = [
  {
    folder: 'model',
    is: 'contract, record, verdict, and the small interfaces; pure',
    mayImport: ['clock'],
    pure: true,
    message: "The model is pure: it imports nothing but the clock's types and zod.",
  },
  {
    folder: 'clock',
    is: 'the injected clock',
    mayImport: [],
    message: 'The clock imports nothing of the project.',
  },
  {
    folder: 'base',
    is: 'scopes, budgets, work through a queue, what a run does and when',
    mayImport: ['clock', 'wait', 'model/errors.ts'],
    message: "The base serves everybody: it imports the clock, the waits and the model's errors, nothing else.",
  },
  {
    folder: 'wait',
    is: 'waits with a budget, which say what was seen last',
    mayImport: ['base', 'clock', 'model'],
    message: 'A wait imports the base, the clock and the model, nothing else.',
  },
  {
    folder: 'process',
    is: 'commands, supervised servers, and the sandbox in which every program of the platform runs',
    mayImport: ['base', 'clock', 'model', 'wait'],
    message: 'The runner of programs imports the base, the clock, the model and the waits: no system and no target.',
  },
  {
    folder: 'clients',
    is: "one factory for each client: S3, Route 53, NATS, Kubernetes, HTTP; none reads the user's settings or credentials",
    mayImport: ['model'],
    message: 'A factory of clients imports only the model.',
  },
  {
    folder: 'verdict',
    is: 'record in, judgement out; pure',
    mayImport: ['model'],
    pure: true,
    message: 'A verdict is computed from a record alone: harness/verdict imports only the model.',
  },
  {
    folder: 'drill',
    is: 'the engine: runs the phases of a drill and writes the record',
    mayImport: ['base', 'clock', 'model', 'verdict', 'wait'],
    message: 'The drill engine knows no system and no target by name.',
  },
  {
    folder: 'asset-kit',
    is: 'what every asset is made of: fingerprint files that are verified when they are read, sorted comparison, lines, bounded concurrency',
    mayImport: ['model'],
    message: 'The asset kit is what every asset is made of: it imports nothing but the model.',
  },
  {
    folder: 'procedure-kit',
    is: 'what every procedure is made of: the machines that programs run on, their variables, what a backup left at its destination, whether a restore left it alone',
    mayImport: ['clock', 'model', 'process', 'verdict/schedule-gap.ts', 'wait'],
    message:
      'The procedure kit is what every procedure is made of: it knows the model and what runs programs, and no system.',
  },
  {
    folder: 'posture-kit',
    is: 'what every posture check is made of: its options, the documents of the platform that it reads, the objective that it judges',
    mayImport: ['base/json-text.ts', 'model', 'process/platform-folder.ts'],
    message: 'The posture kit is what every posture check is made of: it knows the model, and no system.',
  },
  {
    folder: 'conformance',
    is: '`dr-contracts/conformance`: what every asset, procedure and provider must do, as plain checks and as suites of vitest',
    mayImport: [
      'base',
      'clock',
      'contract/attach-target.ts',
      'drill/credentials.ts',
      'drill/journal.ts',
      'drill/until-gone.ts',
      'manifests/render.ts',
      'model',
      'node-version.ts',
      'process/identity.ts',
      'project/config.ts',
      'registered/provider.ts',
      'targets/trial-runtime.ts',
      'wait',
    ],
    message: 'The conformance suite knows no system and no target: it imports what a plug-in is made of.',
  },
  {
    folder: 'manifests',
    is: 'what manifests declare, as `kubectl kustomize` renders them when a run is prepared',
    mayImport: ['model', 'process'],
    message: 'Manifests are read for everybody: harness/manifests imports the model and the runner of programs.',
  },
  {
    folder: 'systems',
    is: 'what holds for each system: an asset with a bystander that must not notice the disaster',
    mayImport: ['base', 'model', 'process', 'wait'],
    message: 'What holds for each system knows none of them.',
  },
  {
    folder: 'systems/*',
    is: 'one system: its driver (seed, fingerprint, markers, probe, destroy, compare), its own procedures, and its own posture checks',
    mayImport: [
      ...primitives,
      'asset-kit',
      'manifests',
      'model',
      'posture-kit',
      'procedure-kit',
      'registered/first-contract.ts',
      'registered/provider.ts',
      'registered/recipe.ts',
      'systems/*/access.ts',
      'systems/*/backup-store.ts',
      'systems/*/provided.ts',
      'systems/*/service.ts',
      'systems/s3/bucket-reads.ts',
      'systems/s3/bucket-transfer.ts',
      'systems/s3/compare-settings.ts',
      'verdict/cron-expression.ts',
    ],
    message:
      'A system knows the model, the primitives and the kits, and of other systems what they offer (access.ts, service.ts, backup-store.ts, provided.ts): no target, no engine, no other driver.',
  },
  {
    folder: 'registered',
    is: 'every provider and every program, one line each: what contracts may need, the tools, the images and what `init` offers are derived from these lists',
    mayImport: ['clock', 'model', 'process', 'systems/*/programs.ts', 'systems/*/providers.ts'],
    message: 'The lists of providers and programs know the model, what starts programs, and what the systems list.',
  },
  {
    folder: 'procedures',
    is: 'what takes backups of any system and restores them: CronJob, script, commands, failover',
    mayImport: [
      'base',
      'clients',
      'manifests',
      'model',
      'procedure-kit',
      'process',
      'systems/*/access.ts',
      'systems/*/backup-store.ts',
      'systems/*/service.ts',
      'wait',
    ],
    message:
      'A procedure knows the model and the primitives, and of a system what it offers (access.ts, service.ts): no target, no engine.',
  },
  {
    folder: 'posture',
    is: 'runs the posture checks, and has those that compare several systems',
    mayImport: [
      ...primitives,
      'drill/credentials.ts',
      'model',
      'posture-kit',
      'registered',
      'systems/iam',
      'systems/kubernetes',
      'systems/nats/service.ts',
      'systems/s3',
      'systems/velero',
      'verdict',
    ],
    message: "A posture check knows the systems' drivers and the verdict: no target, no report, no contract.",
  },
  {
    folder: 'toolchain',
    is: 'obtains the real programs',
    mayImport: [...primitives, 'model', 'registered'],
    message: 'The toolchain obtains programs: it knows no system, no target and no engine.',
  },
  {
    folder: 'targets',
    is: 'starts and stops the real parts, and hands out their addresses',
    mayImport: [...primitives, 'model', 'registered', 'systems/*/service.ts', 'systems/nats/regions.ts', 'toolchain'],
    message:
      "A target starts the real parts and hands out their addresses: it knows service tokens and providers, no system's driver and no engine.",
  },
  {
    folder: 'reporting',
    is: 'record in, tables, run folder and runbook out',
    mayImport: [
      'base',
      'clock',
      'evidence/compliance/report-schema.ts',
      'evidence/exports/result-row.ts',
      'evidence/gate/decision.ts',
      'evidence/gate/waivers.ts',
      'evidence/ledger/statement.ts',
      'model',
      'process',
      'verdict',
    ],
    message: 'A report is made from a record: reporting never imports drill, systems or targets.',
  },
  {
    folder: 'evidence',
    is: 'what the ledger holds, and what is made of it: `ledger/` (chain, signatures), `gate/`, `page/` (of a run), `compliance/` (the report of a period), `exports/`, `history/`, `notify/`',
    mayImport: ['asset-kit', 'base', 'clients', 'clock', 'model', 'process', 'reporting', 'verdict'],
    message: 'Evidence is made of records: it knows no system, no target and no command.',
  },
  {
    folder: 'project',
    is: 'configuration, contract files, and what both front ends do to prepare a run (`prepare-run.ts`) and to start its target',
    mayImport: [
      'base',
      'clock',
      'drill',
      'evidence',
      'manifests',
      'model',
      'process',
      'registered',
      'reporting',
      'targets',
      'toolchain',
    ],
    message: 'A project is prepared for both front ends: it knows no contract language and no command.',
  },
  {
    folder: 'contract',
    is: 'the contract language, loading, running; the glue to vitest',
    mayImport: [
      'base',
      'clock',
      'drill',
      'evidence',
      'manifests',
      'model',
      'node-version.ts',
      'posture',
      'procedures',
      'process',
      'project',
      'registered',
      'reporting',
      'systems',
      'systems/gcs',
      'systems/iam',
      'systems/kubernetes',
      'systems/nats',
      'systems/s3',
      'systems/velero',
      'targets',
      'toolchain',
      'verdict',
      'wait',
    ],
    message: 'The contract language and its runs know no command of the command line.',
  },
  {
    folder: 'cli',
    is: 'the command line; `real-parts.ts` is the one place where it meets the real systems',
    mayImport: [
      'base',
      'clock',
      'contract',
      'evidence',
      'model',
      'node-version.ts',
      'process',
      'project',
      'registered',
      'reporting',
      'targets',
      'toolchain',
      'verdict',
    ],
    message: "A command works through project and contract: it knows no system's driver, no procedure and no engine.",
  },
  {
    folder: 'bench',
    is: 'what the harness costs (`npm run bench`)',
    mayImport: 'everything',
    message: '',
  },
  {
    folder: 'testing',
    is: 'what tests of several folders share',
    mayImport: 'everything',
    message: '',
  },
];
