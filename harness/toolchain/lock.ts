import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../base/files.ts';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import {
  identify,
  identifySelf,
  isRunning,
  type Machine,
  machineSchema,
  processIdentitySchema,
  thisMachine,
} from '../process/identity.ts';
import { signalGroup } from '../process/supervised.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../wait/wait.ts';

const claimSchema = z.object({
  owner: processIdentitySchema,
  machine: machineSchema,
  /** Leader of the process group that works for the owner: it survives a killed owner. */
  worker: processIdentitySchema.optional(),
});
type Claim = z.infer<typeof claimSchema>;

/** More than a build of Kubernetes takes on one slow core. */
const WAIT_BUDGET_MS = 3_600_000;
/** A claim from another machine or container cannot be checked; after this time it counts as abandoned. */
const FOREIGN_CLAIM_MS = 3_600_000;

export interface HeldLock extends AsyncDisposable {
  /** Records the process group that works under this lock, so that the next owner can end it after the present one was killed. */
  noteWorker(pid: number): Promise<void>;
}

export interface LockOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with the holder's pid, whenever the holder changes. */
  readonly onWaiting: (ownerPid: number) => void;
}

/**
 * Takes the lock in `dir`. Waits for a living owner and removes a dead one.
 *
 * Every contender writes a claim under a unique name, then lists all claims: it holds the lock when there is no other living claim. Of two
 * contenders, the one that writes its claim later must see the other's, so both can never hold the lock. The one with the greater name
 * withdraws, so one of them gets it. Because no name is ever used twice, removing a dead claim cannot hit a living one. Locks of a single
 * file have that race when they are taken over.
 *
 * @throws {ExplainedError} when a living owner keeps it for an hour; the signal's reason on abort.
 */
export async function takeLock(dir: string, options: LockOptions): Promise<HeldLock> {
  await makeFolder(dir);
  const mine = new OwnClaim(dir);
  let holderPid = 0;
  try {
    await waitFor(
      {
        for: `the lock ${dir}`,
        budgetMs: WAIT_BUDGET_MS,
        intervalMs: 100,
        look: async () => {
          const before = await livingClaims(dir, mine.name, options.clock);
          if (!mine.isDown && before[0] !== undefined) return waiting(before[0].claim);
          await mine.putDown();
          const others = await livingClaims(dir, mine.name, options.clock);
          const [other] = others;
          if (other === undefined) return arrived(undefined);
          if (others.some(({ name }) => name < mine.name)) await mine.withdraw();
          return waiting(other.claim);
        },
      },
      options.clock,
      options.signal,
    );
  } catch (error) {
    await mine.withdraw();
    if (!(error instanceof WaitTimeoutError)) throw error;
    throw new ExplainedError(
      {
        thing: `the lock ${dir}`,
        expected: 'to be free within an hour',
        observed: error.lastSeen,
        nextStep: `See what process ${holderPid} does; end it if it hangs, then run this again.`,
      },
      { cause: error },
    );
  }
  return { noteWorker: async (pid) => mine.noteWorker(pid), [Symbol.asyncDispose]: async () => mine.withdraw() };

  function waiting(claim: Claim) {
    holderPid = claim.owner.pid;
    options.onWaiting(holderPid);
    return notYet(`process ${holderPid} holds it`);
  }
}

class OwnClaim {
  readonly name = `${process.pid}-${randomBytes(6).toString('hex')}.json`;
  isDown = false;
  private readonly dir: string;
  private readonly claim: Claim = { owner: identifySelf(), machine: thisMachine() };

  constructor(dir: string) {
    this.dir = dir;
  }

  async putDown(): Promise<void> {
    if (this.isDown) return;
    await this.write(this.claim);
    this.isDown = true;
  }

  async noteWorker(pid: number): Promise<void> {
    const worker = identify(pid);
    if (worker !== undefined && this.isDown) await this.write({ ...this.claim, worker });
  }

  async withdraw(): Promise<void> {
    this.isDown = false;
    await rm(join(this.dir, this.name), { force: true });
  }

  /** Never half-written under its name, so a reader always gets a whole claim. */
  private async write(claim: Claim): Promise<void> {
    const draft = join(this.dir, `.${this.name}`);
    await writeFile(draft, JSON.stringify(claim));
    await rename(draft, join(this.dir, this.name));
  }
}

interface NamedClaim {
  readonly name: string;
  readonly claim: Claim;
}

async function livingClaims(dir: string, ownName: string, clock: Clock): Promise<readonly NamedClaim[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  const machine = thisMachine();
  const living: NamedClaim[] = [];
  for (const name of names.filter((one) => one !== ownName).sort()) {
    const path = join(dir, name);
    const claim = await readClaim(path);
    if (claim === 'gone') continue;
    if (claim !== 'unreadable' && (await isLiving(claim, machine, path, clock))) living.push({ name, claim });
    else await clearAway(path, claim, machine);
  }
  return living;
}

async function isLiving(claim: Claim, machine: Machine, path: string, clock: Clock): Promise<boolean> {
  if (isSameMachine(claim.machine, machine)) return isRunning(claim.owner);
  if (claim.machine.host === machine.host && claim.machine.bootId !== machine.bootId) return false;
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && Date.parse(clock.now().utc) - written.mtimeMs < FOREIGN_CLAIM_MS;
}

async function clearAway(path: string, claim: Claim | 'unreadable', machine: Machine): Promise<void> {
  const worker = claim === 'unreadable' || !isSameMachine(claim.machine, machine) ? undefined : claim.worker;
  if (worker !== undefined && isRunning(worker)) signalGroup(worker.pid, 'SIGKILL');
  await rm(path, { force: true });
}

const isSameMachine = (one: Machine, other: Machine): boolean =>
  one.host === other.host && one.bootId === other.bootId && one.pidNamespace === other.pidNamespace;

async function readClaim(path: string): Promise<Claim | 'gone' | 'unreadable'> {
  try {
    return claimSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data ?? 'unreadable';
  } catch (error) {
    if (error instanceof SyntaxError) return 'unreadable';
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'gone';
    throw error;
  }
}
