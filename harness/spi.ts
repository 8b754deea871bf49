// The declarations name AsyncDisposable, which a project that compiles for an older library has to be given.
/// <reference lib="esnext.disposable" preserve="true" />
import './node-version.ts';

/** What the author of an asset, a procedure or a posture check needs: `dr-contracts/spi`. docs/extend.md leads through it. */
export { forEachBounded, inBatches, mapOrdered } from './asset-kit/bounded.ts';
export { type Compared, type Keyed, mergeByKey, type Pair, Tally } from './asset-kit/comparison.ts';
export { type ContentItem, compareContent, fingerprintContent } from './asset-kit/content.ts';
export { PROTECTION, type ProtectingSetting, withProtection } from './asset-kit/protection.ts';
export {
  LineReader,
  LineWriter,
  linesOf,
  type RecordFile,
  readRecords,
  writeRecords,
} from './asset-kit/record-file.ts';
export { afterwards } from './base/afterwards.ts';
export { withinBudget } from './base/budget.ts';
export { parseJsonText } from './base/json-text.ts';
export { Scope } from './base/scope.ts';
export { Slot, uniqueLabel } from './base/slot.ts';
export { type Clock, type Moment, systemClock } from './clock/clock.ts';
export { type Access, environmentAccess, offersOf, replicaAccess, type Ways, type WaysOf } from './model/access.ts';
export type {
  AbsenceCheck,
  AssetKind,
  AssetProbe,
  AssetProof,
  Clearing,
  DestroyControl,
  Destruction,
  Disaster,
  Fingerprint,
  Identity,
  LostPlace,
  LostPlaceProof,
  MarkerLane,
  ObservedMarker,
  OpenAsset,
  OpenOptions,
  ProofRead,
  Replica,
  ReplicaSight,
  Seeded,
  SpeedControl,
  WriteAttempt,
} from './model/asset.ts';
export type {
  BackupStore,
  ClusterStore,
  Destination,
  ListedObject,
  Standpoint,
  StoreVariable,
} from './model/backup-store.ts';
export type { Cause, UndecidedItem } from './model/causes.ts';
export { comparisonOf } from './model/comparison.ts';
export {
  ContractMistakeError,
  ExplainedError,
  type Explanation,
  IndeterminateWriteError,
  isExplained,
  isIndeterminateWrite,
  isTimeOut,
  messagesOf,
  NotProvableHereError,
  summaryOf,
} from './model/errors.ts';
export { instead } from './model/instead.ts';
export { type MadeOf, noteMadeOf } from './model/made-of.ts';
export { parsedOptions } from './model/options-mistake.ts';
export type {
  ObservedRecoveryPoint,
  PostureCheck,
  PostureContext,
  PostureDifference,
  PostureProject,
} from './model/posture.ts';
export type {
  BackupMachine,
  BackupSync,
  BackupWait,
  FailBack,
  LeftOut,
  Procedure,
  ProcedureContext,
  RecoveryPoint,
  RestoreContext,
  RestoreReport,
} from './model/procedure.ts';
export type { Assurance, AssurancePromise, Comparison, Difference, ItemCounts } from './model/record-parts.ts';
export type { RenderManifests } from './model/rendering.ts';
export { preparable } from './model/rendering.ts';
export type { Schedule } from './model/schedule.ts';
export { Secrets } from './model/secrets.ts';
export {
  type Asked,
  type Capability,
  type LosablePlace,
  type OwnPlaceRequest,
  type Service,
  type ServiceDefinition,
  service,
} from './model/service.ts';
export type { Step } from './model/step.ts';
export { type PerformedStep, performing, type RecoveryStep, type RecoveryVariable } from './model/step.ts';
export type { Target } from './model/target.ts';
export { compareText, counted, issuesInWords } from './model/text.ts';
export { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from './model/units.ts';
export { nameSchema, parseOptions, pathSchema, readDocument } from './posture-kit/check-options.ts';
export { executableOf, type ProcessOfDrill, runProcess } from './procedure-kit/as-process.ts';
export { backupMachine, OPERATOR, restoreMachine } from './procedure-kit/machines.ts';
export { lastLine, lastLines, type ObservedBackup } from './procedure-kit/observe.ts';
export { requireTaken } from './procedure-kit/require-taken.ts';
export { madeWithSchedule, scheduleOption } from './procedure-kit/schedule-option.ts';
export { variablesOfScript } from './procedure-kit/script-variables.ts';
export { observeBackup } from './procedures/usual-store.ts';
export { machineControl } from './process/machine-control.ts';
export { requireProgram } from './process/named-program.ts';
export { platformPath } from './process/platform-folder.ts';
export type { ProgramRun } from './process/program.ts';
export { type Command, type CommandResult, runCommand } from './process/run.ts';
export type { StartedProcess, StartingProcess } from './process/supervised.ts';
export {
  type ProgramOfProvider,
  type Provider,
  type Runtime,
  type Supplier,
  type Supplies,
  sharedSupplier,
  supplier,
} from './registered/provider.ts';
export { type S3Place, s3Store } from './systems/s3/service.ts';
export { untilAborted } from './wait/until-aborted.ts';
export { Vigil } from './wait/vigil.ts';
export { arrived, HopelessError, type Look, notYet, type Wait, WaitTimeoutError, waitFor } from './wait/wait.ts';
