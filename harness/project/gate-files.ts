import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterwards } from '../base/afterwards.ts';
import type { BaseCommits } from '../evidence/gate/base-runs.ts';
import { defaultPolicy, type GatePolicy, keysIn, parsePolicy, withKeyIds } from '../evidence/gate/policy.ts';
import { parseWaivers, type Waiver, type WaiverLimits } from '../evidence/gate/waivers.ts';
import { type PublicKey, parsePublicKey } from '../evidence/ledger/public-key.ts';
import { ExplainedError } from '../model/errors.ts';
import { commitOf, git, gitIfAny } from '../process/git.ts';
import { unlessMissing } from '../reporting/system-error.ts';
import type { Environment } from '../reporting/terminal.ts';
import { type IsolatedIo, loadIsolated, moduleFailure } from './module-failure.ts';

const POLICY_NAMES = ['ts', 'mts', 'js', 'mjs'].map((ending) => `dr-gate.${ending}`);
const WAIVER_NAMES = ['yaml', 'yml', 'json'].map((ending) => `dr-waivers.${ending}`);

/** Places of policies and waivers. */
interface GateFilePlaces {
  /** The project's folder. An absolute path. */
  readonly folder: string;
  /** Branch from which files are read instead of the checkout; undefined where no base branch is named. */
  readonly base: BaseBranch | undefined;
  /** Path from the command line, relative to the project's folder. */
  readonly policy?: string | undefined;
  readonly waivers?: string | undefined;
}

/** Origin of a file, for the reader: the content holds for this place only. */
export interface ReadFrom {
  /** Relative to the project's folder; null where there is no such file. */
  readonly file: string | null;
  /** e.g. `origin/main (1a2b3c4d5e)`; null for the checkout. */
  readonly ref: string | null;
  /** A file of the checkout that is ignored, because the base branch has none. */
  readonly ignored: string | null;
}

export interface LoadedPolicy {
  /** With the identities of its keys. */
  readonly policy: GatePolicy;
  readonly keys: readonly PublicKey[];
  readonly from: ReadFrom;
}

export interface LoadedWaivers {
  readonly waivers: readonly Waiver[];
  readonly from: ReadFrom;
}

/** Returns true where {@link loadPolicy} would read a file. */
export async function isPolicyThere(places: GateFilePlaces): Promise<boolean> {
  return (await find(places, places.policy, POLICY_NAMES)).from.file !== null;
}

/**
 * Reads the policy; without a file, the default one.
 * @param given keys from the command line, which explain identities in the policy.
 * @throws {ExplainedError} for a named file that is missing, does not load, or is invalid.
 */
export async function loadPolicy(
  places: GateFilePlaces,
  given: readonly PublicKey[],
  io: IsolatedIo,
): Promise<LoadedPolicy> {
  const { policy, from } = await readPolicy(places, io);
  const keys = new Map<string, PublicKey>();
  for (const name of keysIn(policy)) keys.set(name, await keyNamed(name, from.file ?? '', places, given));
  const keyIds = new Map([...keys].map(([name, { keyId }]) => [name, keyId]));
  return { policy: withKeyIds(policy, keyIds), keys: [...keys.values()], from };
}

/**
 * Returns the policy's limits for waivers. Does not read its keys: an export needs none.
 * @throws {ExplainedError} as {@link loadPolicy} does.
 */
export async function loadWaiverLimits(places: GateFilePlaces, io: IsolatedIo): Promise<WaiverLimits> {
  return (await readPolicy(places, io)).policy.waivers;
}

/** Reads the policy with its keys as written. */
async function readPolicy(places: GateFilePlaces, io: IsolatedIo): Promise<Pick<LoadedPolicy, 'policy' | 'from'>> {
  const { from, text } = await find(places, places.policy, POLICY_NAMES);
  const { file } = from;
  if (text === undefined || file === null) return { policy: defaultPolicy(), from };
  return { policy: parsePolicy(await exportedBy({ file, text }, places, io), file), from };
}

/**
 * Reads the waivers; without a file there are none.
 * @throws {ExplainedError} for a named file that is missing or invalid.
 */
export async function loadWaivers(places: GateFilePlaces): Promise<LoadedWaivers> {
  const { from, text } = await find(places, places.waivers, WAIVER_NAMES);
  return { waivers: text === undefined ? [] : parseWaivers(text, from.file ?? ''), from };
}

async function find(
  { folder, base }: GateFilePlaces,
  named: string | undefined,
  names: readonly string[],
): Promise<{ readonly from: ReadFrom; readonly text: string | undefined }> {
  const wanted = named === undefined ? names : [fromFolder(folder, named)];
  const ref = base === undefined ? null : `${base.ref} (${base.commit.slice(0, 10)})`;
  for (const file of wanted) {
    const text = await (base === undefined ? textOf(resolve(folder, file)) : base.read(file));
    if (text !== undefined) return { from: { file, ref, ignored: null }, text };
  }
  if (named !== undefined) {
    throw new ExplainedError({
      thing: named,
      expected: base === undefined ? 'a file' : `a file on ${base.ref}`,
      observed: 'there is none',
      nextStep:
        base === undefined ? 'Correct the path.' : `Merge it there first: the gate reads it from the base branch.`,
    });
  }
  let ignored: string | null = null;
  if (base !== undefined) {
    for (const file of names) if ((await textOf(resolve(folder, file))) !== undefined) ignored ??= file;
  }
  return { from: { file: null, ref, ignored }, text: undefined };
}

/** Returns a path relative to the folder in which git runs. */
function fromFolder(folder: string, path: string): string {
  return isAbsolute(path) ? relative(folder, path) : normalize(path);
}

const textOf = (path: string): Promise<string | undefined> => unlessMissing(() => readFile(path, 'utf8'));

interface PolicyText {
  readonly file: string;
  readonly text: string;
}

async function exportedBy(policy: PolicyText, { folder, base }: GateFilePlaces, io: IsolatedIo): Promise<unknown> {
  if (base === undefined) return await imported(resolve(folder, policy.file), policy.file, folder, io);
  // A commit never changes, and a server repeats the query.
  const key = JSON.stringify([folder, base.commit, policy.file]);
  if (!fromBase.has(key)) fromBase.set(key, await importedFromBase(policy, folder, base, io));
  return fromBase.get(key);
}

/** Exports of base branches' policies, by project, commit and file. */
const fromBase = new Map<string, unknown>();

async function importedFromBase(
  policy: PolicyText,
  folder: string,
  base: BaseBranch,
  io: IsolatedIo,
): Promise<unknown> {
  // Below the project's folder, because the policy imports `dr-contracts` from its node_modules.
  const copy = await mkdtemp(join(folder, '.dr-gate-'));
  await using _removal = afterwards(() => rm(copy, { recursive: true, force: true }));
  await writeBelow(copy, policy, base);
  return await imported(join(copy, policy.file), `${policy.file} of ${base.ref}`, copy, io);
}

/** Writes the policy and its relative imports, all from the base branch. */
async function writeBelow(copy: string, first: PolicyText, base: BaseBranch): Promise<void> {
  const open = [first];
  const written = new Set([first.file]);
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { file, text } = next;
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await writeFile(join(copy, file), text);
    for (const [, path = ''] of text.matchAll(/['"`](\.{1,2}\/[^'"`\n$]{1,512})(?=['"`])/g)) {
      const named = normalize(join(dirname(file), path));
      if (named.startsWith('..')) throw importsFromAbove(file, path);
      const there = written.has(named) ? undefined : await base.read(named);
      if (there === undefined) continue;
      written.add(named);
      open.push({ file: named, text: there });
    }
  }
}

const importsFromAbove = (file: string, path: string) =>
  new ExplainedError({
    thing: file,
    expected: 'to import only files in or below its own folder, because it is read from the base branch',
    observed: `it imports ${path}`,
    nextStep: 'Move the imported code into the policy, or into a file beside it.',
  });

async function imported(path: string, shown: string, folder: string, io: IsolatedIo): Promise<unknown> {
  const wrong = (observed: string, nextStep = 'Correct the file; docs/ci.md shows one.') =>
    new ExplainedError({
      thing: shown,
      expected: 'a module with `export default gatePolicy({ … })`',
      observed,
      nextStep,
    });
  const module = await loadIsolated(pathToFileURL(path).href, io);
  switch (module.kind) {
    case 'loaded':
      return module.value;
    case 'no default':
      throw wrong('it has no default export');
    case 'no data':
      throw wrong(`its default export is not plain data: ${module.message}`);
    case 'ended':
      throw wrong(module.observed, 'A policy is plain data: remove the code that ends the program or waits.');
    case 'thrown': {
      // gatePolicy() itself names the invalid field.
      if (module.explanation !== undefined) throw new ExplainedError({ ...module.explanation, thing: shown });
      const { observed, nextStep } = moduleFailure(Object.assign(new Error(), module.error), folder);
      throw wrong(observed, nextStep);
    }
  }
}

async function keyNamed(
  name: string,
  policyFile: string,
  { folder, base }: GateFilePlaces,
  given: readonly PublicKey[],
): Promise<PublicKey> {
  if (name.includes('-----BEGIN')) return parsePublicKey(name, `${policyFile}: signedBy`);
  const keyId = name.replace(/^sha256:/, '');
  const known = given.find((key) => key.keyId === keyId);
  if (known !== undefined) return known;
  const wrong = (observed: string) =>
    new ExplainedError({
      thing: `${policyFile}: signedBy`,
      expected: 'public keys: paths from the folder of the policy, or PEM texts',
      observed,
      nextStep: 'Name the file of the public key, such as keys/ledger.pub.pem, or give it with --key.',
    });
  if (/^[0-9a-f]{64}$/.test(keyId)) {
    throw wrong(`${keyId.slice(0, 12)}… is only the identity of a key, which cannot check a signature`);
  }
  const path = join(dirname(policyFile), name);
  const text = await (base === undefined ? textOf(resolve(folder, path)) : base.read(path));
  if (text === undefined) throw wrong(`there is no ${path}${base === undefined ? '' : ` on ${base.ref}`}`);
  return parsePublicKey(text, `public key ${path}`);
}

// A pull request must not change the rules that judge it: policy and waivers are read from the branch into which it is to be merged.

/** Maximal number of commits in which a run of the base branch is searched. */
const MOST_COMMITS = 5_000;

/** The branch into which a change is to be merged. */
export interface BaseBranch {
  /** Its local name in git, e.g. `origin/main`. */
  readonly ref: string;
  readonly commit: string;
  /** Reads its last commits. */
  history(): Promise<BaseCommits>;
  /** Reads the text of a file there, by its path relative to the project's folder; undefined where there is none. */
  read(path: string): Promise<string | undefined>;
}

/** Returns the name of the base branch: from the command line, or from GitHub's or GitLab's pipeline of a pull request. */
export function baseNamed(environment: Environment, given?: string): string | undefined {
  const named = [given, environment.GITHUB_BASE_REF, environment.CI_MERGE_REQUEST_TARGET_BRANCH_NAME];
  return named.find((name) => name !== undefined && name !== '');
}

/**
 * Finds the base branch in the repository of a folder: the one of the remote first, because a pipeline does not update a local one.
 * @throws {ExplainedError} when it was not fetched.
 */
export async function findBase(folder: string, name: string, signal: AbortSignal): Promise<BaseBranch> {
  for (const ref of [`refs/remotes/origin/${name}`, name]) {
    const commit = await commitOf(folder, ref, signal);
    if (commit === undefined) continue;
    const shown = ref.replace('refs/remotes/', '');
    return {
      ref: shown,
      commit,
      async history() {
        const listed = await git(folder, ['rev-list', `--max-count=${MOST_COMMITS}`, commit], signal);
        const isShallow = (await git(folder, ['rev-parse', '--is-shallow-repository'], signal)).trim() === 'true';
        return { ref: shown, commits: listed.split('\n').filter((each) => each !== ''), isShallow };
      },
      async read(path) {
        const there = `${commit}:./${path}`;
        const found = await gitIfAny(folder, ['cat-file', '-e', there], signal);
        return found === undefined ? undefined : await git(folder, ['show', there], signal);
      },
    };
  }
  throw new ExplainedError({
    thing: `base branch ${name}`,
    expected: 'to be in this checkout, because policy and waivers are read from it',
    observed: `git finds neither origin/${name} nor ${name} here`,
    nextStep: `Fetch it: git fetch --depth=1 origin ${name}:refs/remotes/origin/${name}`,
  });
}
