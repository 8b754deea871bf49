import { isAbsolute } from 'node:path';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { Secrets } from '../model/secrets.ts';
import type { LosablePlace, OwnPlaceRequest } from '../model/service.ts';
import { isRunning, type ProcessIdentity } from '../process/identity.ts';
import type { OwnSupplier, Provider, Runtime, SharedSupplier } from '../registered/provider.ts';
import type { Check, Course } from './options.ts';

/** Options of the suite that every provider must pass. */
export interface ProviderConformanceOptions {
  /**
   * Paths of the programs in `suppliedBy.local.tools`, by name. Programs of a target that vitest has started for the project can be left
   * out.
   */
  readonly tools?: Readonly<Record<string, string>>;
  /**
   * Returns the request for a place of this service. When left out, a request has only a `label`.
   * @param label part of the names of the programs that the provider starts.
   */
  readonly requestFor?: (service: string, label: string) => OwnPlaceRequest;
  /** Budget of one test, in milliseconds; 120,000 when left out. */
  readonly budgetMs?: number;
}

/** Opens a runtime in a session of its own, as the local target does. */
export type OpenRuntime = () => Promise<{ readonly runtime: Runtime } & AsyncDisposable>;

/** Names of all targets. */
const TARGETS: readonly string[] = ['local', 'docker'];

/** Returns all courses of the suite: the data of the provider, then one course for each service that gives each drill its own place. */
export function providerCourses(
  provider: Provider,
  options: ProviderConformanceOptions,
  openRuntime: OpenRuntime,
): readonly Course[] {
  const described: Course = {
    title: `provider of ${provider.capability}`,
    checks: [{ title: 'says what it is', run: async () => requireWellFormed(provider) }],
    end: async () => undefined,
  };
  const courses = (provider.suppliers ?? []).map((supplier) =>
    supplier.isShared === true
      ? sharedCourse(provider, supplier, openRuntime)
      : new PlaceCourse(provider, supplier, options, openRuntime).course(),
  );
  return [described, ...courses];
}

/** Returns the course for the one place that all drills of a run share. The place ends with the session. */
function sharedCourse({ capability }: Provider, { service, start }: SharedSupplier, openRuntime: OpenRuntime): Course {
  const run = async (signal: AbortSignal): Promise<void> => {
    const trace = new Trace();
    const opened = await openRuntime();
    try {
      await start(traced(opened.runtime, trace), signal);
      const { length } = trace.processes;
      if (trace.alive().length < length) {
        throw fault(`${capability}, ${service.name}`, {
          member: 'start()',
          expected: 'programs that keep running',
          observed: `${length - trace.alive().length} of ${length} ended already`,
          nextStep: 'Wait with untilServing() until each serves.',
        });
      }
    } finally {
      await opened[Symbol.asyncDispose]();
    }
    const [left] = trace.alive();
    if (left === undefined) return;
    throw fault(`${capability}, ${service.name}`, {
      member: 'start()',
      expected: 'programs that end with the session',
      observed: `${left} still runs`,
      nextStep: 'Start every program with runtime.startProgram(), and let it start no program that leaves the session.',
    });
  };
  const checks = [{ title: 'starts, and ends with its session', run }];
  return { title: `service ${service.name}`, checks, end: async () => undefined };
}

/** Wraps the runtime and records each program in the trace. */
const traced = (runtime: Runtime, trace: Trace, onProgram?: () => void): Runtime => ({
  ...runtime,
  startProgram: async (program) => {
    const starting = await runtime.startProgram(program);
    trace.processes.push({ name: program.name, identity: starting.identity, args: program.args });
    onProgram?.();
    return starting;
  },
});

function requireWellFormed({ capability, suppliedBy, suppliers = [], commandLines = {} }: Provider): void {
  const alien = Object.keys(suppliedBy).find((name) => !TARGETS.includes(name));
  if (alien !== undefined || Object.keys(suppliedBy).length === 0) {
    throw fault(capability, {
      member: 'suppliedBy',
      expected: `one or more of the targets ${TARGETS.join(' and ')}`,
      observed: alien === undefined ? 'it names none' : `it names "${alien}"`,
      nextStep: 'Name the targets on which the capability can be used.',
    });
  }
  const stray = suppliers.find(({ service }) => service.capability !== capability);
  if (stray !== undefined) {
    throw fault(capability, {
      member: 'suppliers',
      expected: 'services of its own capability',
      observed: `${stray.service.name} stands on ${stray.service.capability}`,
      nextStep: 'Move it to the provider of that capability, or correct `capability` of the service.',
    });
  }
  const relative = Object.entries(commandLines).find(([, path]) => !isAbsolute(path));
  if (relative === undefined) return;
  throw fault(capability, {
    member: 'commandLines',
    expected: 'absolute paths',
    observed: `${relative[0]} is at ${relative[1]}`,
    nextStep: 'Scripts run in folders of their own: write the absolute path.',
  });
}

/** A started place, with the programs that its start made. */
interface StartedPlace {
  readonly place: AsyncDisposable;
  readonly trace: Trace;
}

/** The programs that one place has started so far. */
class Trace {
  readonly processes: {
    readonly name: string;
    readonly identity: ProcessIdentity;
    readonly args: readonly string[];
  }[] = [];

  alive(): string[] {
    return this.processes.filter(({ identity }) => isRunning(identity)).map(({ name }) => name);
  }
}

/** Course that starts places of one service and checks the promises of the interface. */
class PlaceCourse {
  readonly #provider: Provider;
  readonly #supplier: OwnSupplier;
  readonly #options: ProviderConformanceOptions;
  readonly #openRuntime: OpenRuntime;
  #opened: Awaited<ReturnType<OpenRuntime>> | undefined;
  #first: StartedPlace | undefined;
  #second: StartedPlace | undefined;

  constructor(
    provider: Provider,
    supplier: OwnSupplier,
    options: ProviderConformanceOptions,
    openRuntime: OpenRuntime,
  ) {
    this.#provider = provider;
    this.#supplier = supplier;
    this.#options = options;
    this.#openRuntime = openRuntime;
  }

  course(): Course {
    const checks: Check[] = [
      { title: 'starts two places side by side, also for the same label', run: (signal) => this.#startTwo(signal) },
      { title: 'keeps credentials out of argument lists', run: () => this.#requireSecretArguments() },
      { title: 'loses a place whole, spares the other one, and replaces it', run: (signal) => this.#lose(signal) },
      {
        title: 'ends every program of a place that is disposed, and may be disposed twice',
        run: () => this.#dispose(),
      },
      { title: 'leaves no program when its start is aborted', run: () => this.#abort() },
    ];
    return {
      title: `service ${this.#supplier.service.name}`,
      checks,
      end: async () => {
        await this.#opened?.[Symbol.asyncDispose]();
      },
    };
  }

  async #startTwo(signal: AbortSignal): Promise<void> {
    this.#first = await this.#start(signal);
    this.#second = await this.#start(signal);
    for (const { place, trace } of [this.#first, this.#second]) {
      if (isLosable(place) && !(await place.isAlive())) {
        throw this.#fault(
          'isAlive()',
          'true for a place that has just started',
          'it returns false',
          'Check a process.',
        );
      }
      const dead = trace.processes.find(({ identity }) => !isRunning(identity));
      if (dead !== undefined) {
        const observed = `${dead.name} has ended already`;
        throw this.#fault(
          'start()',
          'programs that keep running',
          observed,
          'Wait with untilServing() until it serves.',
        );
      }
    }
  }

  async #requireSecretArguments(): Promise<void> {
    const { place, trace } = required(this.#first);
    const secrets = new Secrets();
    // The token's type determines the place that its supplier starts.
    await this.#supplier.service.tellCredentials(place as never, secrets);
    const loose = trace.processes.find(({ args }) => args.some((argument) => secrets.redact(argument) !== argument));
    if (loose === undefined) return;
    throw this.#fault(
      'startProgram()',
      'no credential in an argument list, which every user of the machine can read',
      `an argument of ${loose.name} contains a credential that tellCredentials() reports`,
      'Hand it over in `env` or in a file.',
    );
  }

  async #lose(signal: AbortSignal): Promise<void> {
    const [first, second] = [required(this.#first), required(this.#second)];
    if (!isLosable(first.place) || !isLosable(second.place)) return;
    const exercised = await first.place.lose();
    if (exercised.trim() === '') {
      throw this.#fault(
        'lose()',
        'a sentence that says what was done',
        'it is empty',
        'Say what was killed or removed.',
      );
    }
    const alive = first.trace.alive();
    if (alive.length > 0 || (await first.place.isAlive())) {
      const observed = alive.length > 0 ? `${alive.join(', ')} still runs` : 'isAlive() still returns true';
      throw this.#fault('lose()', 'every process of the place to end', observed, 'Kill all of them and wait for it.');
    }
    if (!(await second.place.isAlive()) || second.trace.alive().length < second.trace.processes.length) {
      const nextStep = 'Share no process and no folder between places.';
      throw this.#fault('lose()', 'the other place to keep running', 'the other place ended too', nextStep);
    }
    await first.place.replace(signal);
    if (await first.place.isAlive()) return;
    throw this.#fault(
      'replace()',
      'a place that is alive',
      'isAlive() returns false',
      'Wait until the new one serves.',
    );
  }

  async #dispose(): Promise<void> {
    for (const { place, trace } of [required(this.#first), required(this.#second)]) {
      await place[Symbol.asyncDispose]();
      const alive = trace.alive();
      if (alive.length > 0) {
        const observed = `${alive.join(', ')} still runs`;
        throw this.#fault('disposal', 'every program of the place to have ended', observed, 'End it, and wait for it.');
      }
      try {
        await place[Symbol.asyncDispose]();
      } catch (error) {
        const nextStep = 'Make disposal idempotent.';
        throw this.#fault('disposal', 'to be possible twice', `the second call failed: ${summaryOf(error)}`, nextStep);
      }
    }
  }

  /** Aborts a start as soon as the first program runs, or at once if the place has no program. */
  async #abort(): Promise<void> {
    const abort = new AbortController();
    const trace = new Trace();
    const starting = this.#startWith(trace, abort.signal, () => abort.abort(new Error('aborted by the suite')));
    const place = await starting.catch(() => undefined);
    // A start that ended before it noticed the abort has made a place, which belongs to the caller.
    await place?.[Symbol.asyncDispose]();
    const alive = trace.alive();
    if (alive.length === 0) return;
    throw this.#fault(
      'start()',
      'an aborted start to end what it has started',
      `${alive.join(', ')} still runs`,
      'Pass the signal on to untilServing(), and release in the reverse order, e.g. with Scope.',
    );
  }

  async #start(signal: AbortSignal): Promise<StartedPlace> {
    const trace = new Trace();
    const place = await this.#startWith(trace, signal);
    if (typeof place?.[Symbol.asyncDispose] === 'function') return { place, trace };
    throw this.#fault('start()', 'a place that can be disposed', 'it has no [Symbol.asyncDispose]', 'Add it.');
  }

  async #startWith(trace: Trace, signal: AbortSignal, onProgram?: () => void): Promise<AsyncDisposable> {
    this.#opened ??= await this.#openRuntime();
    const { runtime } = this.#opened;
    const { name } = this.#supplier.service;
    const request = this.#options.requestFor?.(name, 'conformance') ?? { label: 'conformance' };
    // The token's type determines the place that its supplier starts, and the request.
    return (await this.#supplier.start(request as never, traced(runtime, trace, onProgram), signal)) as AsyncDisposable;
  }

  #fault(member: string, expected: string, observed: string, nextStep: string): ExplainedError {
    return fault(`${this.#provider.capability}, ${this.#supplier.service.name}`, {
      member,
      expected,
      observed,
      nextStep,
    });
  }
}

const isLosable = (place: AsyncDisposable): place is LosablePlace =>
  'lose' in place && 'replace' in place && 'isAlive' in place;

function required(started: StartedPlace | undefined): StartedPlace {
  if (started !== undefined) return started;
  throw new ExplainedError({
    thing: 'this check',
    expected: 'two places that were started before it',
    observed: 'they could not be started',
    nextStep: 'See the first check.',
  });
}

const fault = (
  thing: string,
  { member, ...rest }: { member: string; expected: string; observed: string; nextStep: string },
): ExplainedError => new ExplainedError({ thing: `${thing}: ${member}`, ...rest });
