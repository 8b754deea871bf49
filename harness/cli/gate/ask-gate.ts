import { join } from 'node:path';
import type { PromiseFacts } from '../../evidence/entry.ts';
import { collectProofs, type GateProofs } from '../../evidence/gate/collect-proofs.ts';
import { decideGate } from '../../evidence/gate/decide.ts';
import type { GateDecision, GateProblem } from '../../evidence/gate/decision.ts';
import { defaultPolicy } from '../../evidence/gate/policy.ts';
import { asksForSignOff, type GateQuestion, keysFor } from '../../evidence/gate/question.ts';
import { forgedAmong } from '../../evidence/gate/verify-kept.ts';
import { openLedgerStore, readLedger } from '../../evidence/ledger/ledger-store.ts';
import type { PublicKey } from '../../evidence/ledger/public-key.ts';
import type { LedgerStore } from '../../evidence/ledger/store.ts';
import { summaryOf } from '../../model/errors.ts';
import { commitOf, gitState, uncommittedAmong } from '../../process/git.ts';
import {
  type BaseBranch,
  baseNamed,
  findBase,
  type LoadedPolicy,
  type LoadedWaivers,
  loadPolicy,
  loadWaivers,
  type ReadFrom,
} from '../../project/gate-files.ts';
import { ledgerSettings, openProject, type Project } from '../../project/prepare-run.ts';
import type { CommandIo } from '../command-io.ts';
import { shownPlace } from '../shown-place.ts';
import { readKeys, requireNamedLedger } from '../verify-command.ts';
import type { GateOptions } from './gate-options.ts';

/** A project's present promises, and the problems of reading them. */
interface StatedPromises {
  readonly promises: readonly PromiseFacts[];
  readonly mistakes: readonly { readonly contract: string | null; readonly file: string; readonly message: string }[];
}

/** Reads the contracts of a project; a project without contracts has no promises. */
export type LoadPromises = (project: Project) => Promise<StatedPromises>;

/** A decision, and its subject. */
export interface GateAnswer {
  readonly decision: GateDecision;
  /** All contracts of the project; undefined where they could not be read. */
  readonly contracts: readonly string[] | undefined;
}

export type Asked = Pick<GateOptions, 'policy' | 'waivers' | 'ledger' | 'commit' | 'at' | 'base' | 'key' | 'strict'>;

/**
 * Gathers the inputs of a decision, and decides. A missing input is a problem of the decision, so that all problems are reported: an
 * invalid policy (64) as well as a ledger that cannot be read (70).
 * @param opened the ledger, where the caller has opened it; this function does not close it.
 */
export async function askGate(
  asked: Asked,
  io: CommandIo,
  load: LoadPromises,
  opened?: LedgerStore,
): Promise<GateAnswer> {
  const problems: GateProblem[] = [];
  const noted: Noted = async (kind, work) => {
    try {
      return await work();
    } catch (error) {
      io.signal.throwIfAborted();
      const told = toldOf(error);
      problems.push(failed(kind, io.secrets?.redact(told) ?? told));
      return undefined;
    }
  };
  const project = await noted('gate-failed', () => openProject(io.cwd, io.config));
  const folder = project?.folder ?? io.cwd;
  const baseName = baseNamed(io.environment, asked.base);
  const base =
    baseName === undefined ? undefined : await noted('gate-failed', () => findBase(folder, baseName, io.signal));
  const given = (await noted('file-invalid', () => readKeys(asked.key, io))) ?? [];
  // Without the named base branch, no file of this checkout may replace its files.
  const isReadable = baseName === undefined || base !== undefined;
  const files = await readFiles(asked, { folder, base, given, isReadable, io }, noted);
  const stated = project && (await noted('gate-failed', () => load(project)));
  const checkedOut = await commitState(folder, asked.commit, io.signal);
  const inputs = (stated?.promises ?? []).flatMap((promise) => promise.inputs.map(({ path }) => path));
  const uncommitted = checkedOut.workTree === 'elsewhere' ? [] : await uncommittedAmong(folder, inputs, io.signal);
  const now = new Date(io.clock.now().utc);
  const question: GateQuestion = {
    policy: files.policy?.policy ?? defaultPolicy(),
    promises: stated?.promises ?? [],
    at: asked.at ?? now,
    asksAboutPast: asked.at !== undefined && asked.at.getTime() < now.getTime(),
    ...checkedOut,
    uncommitted,
    base: await baseCommits(base, noted),
    keyIds: given.map(({ keyId }) => keyId),
  };
  const place = opened === undefined ? ledgerPlace(asked.ledger, project, io.cwd) : { at: opened.at, folder: io.cwd };
  const keys = [...given, ...(files.policy?.keys ?? [])];
  const read = await noted('gate-failed', async () => {
    if (opened !== undefined) return await readProofs(opened, question, keys, io);
    if (asked.ledger !== undefined) await requireNamedLedger(asked.ledger, io.cwd);
    using store = await openLedgerStore(place.at, place.folder);
    return await readProofs(store, question, keys, io);
  });
  problems.push(...(read?.forged ?? []));
  const decision = decideGate({
    ...question,
    proofs: read?.proofs,
    waivers: files.waivers?.waivers ?? [],
    isStrict: asked.strict,
    mistakes: stated?.mistakes ?? [],
    problems,
    notes: notesOf(files, question, checkedOut),
    sources: {
      policy: sourceOf(files.policy?.from, 'built-in defaults', isReadable),
      waivers: sourceOf(files.waivers?.from, 'none', isReadable),
      ledger: shownPlace(place.at, io.cwd, place.folder),
    },
  });
  const { promises, mistakes } = stated ?? {};
  const contracts = [...(promises ?? []), ...(mistakes ?? [])].flatMap(({ contract }) => contract ?? []);
  return { decision, contracts: stated === undefined ? undefined : contracts };
}

type Noted = <T>(kind: 'gate-failed' | 'file-invalid', work: () => Promise<T>) => Promise<T | undefined>;

const baseCommits = async (base: BaseBranch | undefined, noted: Noted) =>
  base === undefined ? undefined : await noted('gate-failed', () => base.history());

/** Returns the text of an error. An explained error is complete; its cause is only a library's wording. */
const toldOf = (error: unknown): string =>
  error instanceof Error && error.name === 'ExplainedError' ? error.message : summaryOf(error);

function failed(kind: 'gate-failed' | 'file-invalid', sentence: string): GateProblem {
  const code = kind === 'gate-failed' ? 70 : 64;
  const nextStep = 'Nothing may be promoted until then.';
  return { kind, code, contract: null, disaster: null, findings: [], sentence, nextStep };
}

interface Files {
  readonly policy: LoadedPolicy | undefined;
  readonly waivers: LoadedWaivers | undefined;
}

interface ReadingFiles {
  readonly folder: string;
  readonly base: BaseBranch | undefined;
  readonly given: readonly PublicKey[];
  readonly isReadable: boolean;
  readonly io: CommandIo;
}

async function readFiles(
  { policy, waivers }: Asked,
  { folder, base, given, isReadable, io }: ReadingFiles,
  noted: Noted,
): Promise<Files> {
  if (!isReadable) return { policy: undefined, waivers: undefined };
  const places = { folder, base, policy, waivers };
  return {
    policy: await noted('file-invalid', () => loadPolicy(places, given, io)),
    waivers: await noted('file-invalid', () => loadWaivers(places)),
  };
}

type CheckedOut = Pick<GateQuestion, 'commit' | 'workTree'>;

/** Returns the commit in question, and whether its contracts are those that were read. */
async function commitState(folder: string, asked: string | undefined, signal: AbortSignal): Promise<CheckedOut> {
  const head = await gitState(folder, signal);
  const workTree = head.dirty === false ? 'at-commit' : 'changed';
  if (asked === undefined) return { commit: head.commit, workTree };
  const commit = (await commitOf(folder, asked, signal)) ?? asked;
  return commit === head.commit ? { commit, workTree } : { commit, workTree: 'elsewhere' };
}

interface ReadProofs {
  readonly proofs: GateProofs;
  readonly forged: readonly GateProblem[];
}

async function readProofs(
  store: LedgerStore,
  question: GateQuestion,
  keys: readonly PublicKey[],
  io: CommandIo,
): Promise<ReadProofs> {
  const proofs = await collectProofs(readLedger(store, io.signal), question);
  const asked = { proofs: question.promises.some((promise) => keysFor(question, promise).length > 0) };
  const forged =
    asked.proofs || asksForSignOff(question) ? await forgedAmong(store, proofs, keys, asked, io.signal) : [];
  return {
    proofs,
    forged: forged.map(({ sequence, observed }) => ({
      kind: 'broken-ledger',
      code: 2,
      contract: null,
      disaster: null,
      findings: [],
      sentence: `Entry ${sequence} of the ledger ${observed}, so nothing that rests on it is proved.`,
      nextStep: 'Run `npx dr-contracts verify`, which names what is wrong.',
    })),
  };
}

interface LedgerPlace {
  readonly at: string;
  /** Folder to which `at` is relative. */
  readonly folder: string;
}

function ledgerPlace(asked: string | undefined, project: Project | undefined, cwd: string): LedgerPlace {
  if (asked !== undefined) return { at: asked, folder: cwd };
  return project === undefined ? { at: join(cwd, 'reports', 'ledger'), folder: cwd } : ledgerSettings(project);
}

function sourceOf(from: ReadFrom | undefined, none: string, isReadable: boolean): string {
  if (from === undefined) return isReadable ? 'not valid' : 'not read';
  const what = from.file ?? none;
  return from.ref === null
    ? what
    : from.file === null
      ? `${what}, because ${from.ref} has none`
      : `${what} on ${from.ref}`;
}

function notesOf(
  { policy, waivers }: Files,
  { asksAboutPast }: GateQuestion,
  { commit, workTree }: CheckedOut,
): string[] {
  const ignored = [policy, waivers].flatMap((each) => {
    const { ignored: file = null, ref = null } = each?.from ?? {};
    return file === null ? [] : [`${file} of this checkout does not count: ${ref} has none yet.`];
  });
  const elsewhere =
    workTree === 'elsewhere'
      ? [`Commit ${commit?.slice(0, 10)} is not checked out: only proofs of that very commit count.`]
      : [];
  // No history of promises is kept, so today's apply.
  const past = asksAboutPast ? ['Contracts, policy and waivers are those of today.'] : [];
  return [...ignored, ...elsewhere, ...past];
}
