import { isTimeKey, type KeyValue, timesToTry, valuesToTry } from './condition-values.ts';
import { type Caller, isPossible, possibleValues, regionsToTry, SAMPLE_ACCOUNT } from './facts.ts';
import type { Condition, Statement } from './policy-document.ts';
import type { CatalogueAction } from './requests.ts';
import type { PolicySimulator } from './simulator.ts';

export type Context = Readonly<Record<string, string | readonly string[]>>;

/** Decision of the policies on one action on one resource, over every request of it that the caller could make. */
export interface Access {
  /** Circumstances under which it is allowed, the least demanding first; empty if it is always denied. */
  readonly allowed: readonly AllowedCase[];
  /** Circumstances under which no statement denies it explicitly; undefined if one always does. */
  readonly notForbidden: Context | undefined;
  /** Statements that deny it in some circumstances, those that deny it most often first. */
  readonly deniedBy: readonly Statement[];
  /** Statements that would allow it if their conditions held. */
  readonly conditional: readonly Statement[];
  /** Statements with too many conditions to try; their decision is unknown. */
  readonly undecided: readonly Statement[];
}

export interface AllowedCase {
  readonly context: Context;
  readonly by: readonly Statement[];
}

export interface AskedRequest {
  readonly entry: CatalogueAction;
  readonly resource: string;
  /** Keys whose value is part of the request, such as `s3:prefix`; undefined for a request without the key. */
  readonly fixed: Readonly<Record<string, string | undefined>>;
}

/** Maximum number of contexts tried for one set of statements. A set that needs more is undecided. */
const MAX_CONTEXTS = 4_096;

/**
 * Decides requests under every combination of the conditions in the relevant statements: each fulfilled, not fulfilled and absent. The
 * simulator decides separately what a statement matches and whether its conditions hold, so each pair is decided once.
 */
export class AccessDecider {
  readonly #simulator: PolicySimulator;
  readonly #statements: readonly Statement[];
  readonly #caller: Caller | 'anonymous';
  readonly #nowMs: number;
  readonly #isOfResource: boolean;
  readonly #matches = new Map<string, boolean>();
  readonly #outcomes = new Map<string, Access>();

  readonly #ids: ReadonlyMap<Statement, number>;

  constructor(given: {
    readonly simulator: PolicySimulator;
    readonly statements: readonly Statement[];
    readonly caller: Caller | 'anonymous';
    readonly nowMs: number;
    /** True for a bucket policy, whose statements name principals. */
    readonly isOfResource: boolean;
  }) {
    this.#simulator = given.simulator;
    this.#statements = given.statements;
    this.#ids = new Map(given.statements.map((statement, index) => [statement, index]));
    this.#caller = given.caller;
    this.#nowMs = given.nowMs;
    this.#isOfResource = given.isOfResource;
  }

  /** Time for which it decides. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** @param alwaysAllowed true if another policy allows the request, so that only a Deny could stop it. */
  decide(request: AskedRequest, alwaysAllowed = false): Access {
    const inQuestion = this.#statements.filter((statement) => this.applies(statement, request));
    if (!alwaysAllowed && !inQuestion.some(({ effect }) => effect === 'Allow') && !this.#isOfResource) return DENIED;
    const keys = this.#keysOf(inQuestion, request);
    const fixed = Object.entries(request.fixed).filter(([key]) => keys.has(key.toLowerCase()));
    const signature = JSON.stringify([
      inQuestion.map((each) => this.#idOf(each)),
      [...keys.keys()],
      fixed,
      alwaysAllowed,
    ]);
    const known = this.#outcomes.get(signature);
    if (known !== undefined) return known;
    const made = this.#tried(inQuestion, keys, request.fixed, alwaysAllowed);
    this.#outcomes.set(signature, made);
    return made;
  }

  /** Identifies a statement by its index: policies may share a name, and so may their statements. */
  #idOf(statement: Statement): string {
    return String(this.#ids.get(statement) ?? statement.name);
  }

  /** Returns whether a statement applies to the request, apart from its conditions. */
  applies(statement: Statement, { entry, resource }: Pick<AskedRequest, 'entry' | 'resource'>): boolean {
    return (
      this.matchesAction(statement, entry.action) &&
      this.#matchesResource(statement, resource) &&
      this.#matchesCaller(statement)
    );
  }

  matchesAction(statement: Statement, action: string): boolean {
    const { Action, NotAction } = statement.written;
    const about = NotAction === undefined ? { Action } : { NotAction };
    return this.#matched(
      `${this.#idOf(statement)} action ${action}`,
      { ...about, Resource: '*' },
      action,
      ANY_RESOURCE,
    );
  }

  #matchesResource(statement: Statement, resource: string): boolean {
    const { resources, isNotResource, written } = statement;
    // A request without a resource is made on "*". Only a statement about everything matches it, not one about "every bucket".
    if (resource === '*') return resources.some((each) => /^\*+$/.test(each)) !== isNotResource;
    const { Resource, NotResource } = written;
    const about = NotResource === undefined ? { Resource: Resource ?? '*' } : { NotResource };
    return this.#matched(
      `${this.#idOf(statement)} resource ${resource}`,
      { ...about, Action: '*' },
      ANY_ACTION,
      resource,
    );
  }

  #matchesCaller(statement: Statement): boolean {
    if (!this.#isOfResource) return true;
    const { Principal, NotPrincipal } = statement.written;
    const about = NotPrincipal === undefined ? { Principal } : { NotPrincipal };
    const written = { ...about, Action: '*', Resource: '*', Effect: 'Deny' };
    const denied = 'denied by an explicit Deny';
    return this.#cached(
      `${this.#idOf(statement)} caller`,
      () => this.#simulate([written], ANY_ACTION, ANY_RESOURCE, {}, false) === denied,
    );
  }

  /** Uses a Deny, because some services allow nothing without a resource policy. */
  #matched(name: string, about: object, action: string, resource: string): boolean {
    return this.#cached(name, () => {
      const asked = { action, resource, context: this.#facts() };
      const policies = {
        identity: documentOf([{ Effect: 'Deny', ...about }]),
        caller: callerArn(this.#caller) ?? SAMPLE_CALLER,
      };
      return this.#simulator.decide(asked, policies) === 'denied by an explicit Deny';
    });
  }

  #cached(name: string, make: () => boolean): boolean {
    const known = this.#matches.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.#matches.set(name, made);
    return made;
  }

  #facts(): Context {
    return this.#caller === 'anonymous' ? {} : this.#caller.facts;
  }

  #keysOf(statements: readonly Statement[], { entry, fixed }: AskedRequest): ReadonlyMap<string, readonly Condition[]> {
    const keys = new Map<string, Condition[]>();
    for (const condition of statements.flatMap(({ conditions }) => conditions)) {
      const name = condition.key.toLowerCase();
      if (!this.#simulator.carries(entry, name) && !Object.keys(fixed).some((key) => key.toLowerCase() === name))
        continue;
      keys.set(name, [...(keys.get(name) ?? []), condition]);
    }
    return keys;
  }

  #tried(
    statements: readonly Statement[],
    keys: ReadonlyMap<string, readonly Condition[]>,
    fixed: Readonly<Record<string, string | undefined>>,
    alwaysAllowed: boolean,
  ): Access {
    const choices = [...keys].map(([name, conditions]) => ({
      key: conditions[0]?.key ?? name,
      values: this.#choicesFor(name, conditions, fixed),
    }));
    const denies = statements.filter(({ effect }) => effect === 'Deny');
    const combinations = choices.reduce((product, { values }) => product * values.length, 1);
    if (combinations > MAX_CONTEXTS) {
      return { ...DENIED, deniedBy: denies, undecided: statements.filter(({ conditions }) => conditions.length > 0) };
    }
    const written = statements.map((statement) => everywhere(statement));
    const allowed: AllowedCase[] = [];
    let notForbidden: Context | undefined;
    const timesDenied = new Map<Statement, number>();
    for (const context of combined(choices)) {
      const decision = this.#simulate(written, ANY_ACTION, ANY_RESOURCE, context, alwaysAllowed);
      if (decision === 'denied by an explicit Deny') {
        for (const statement of denies.filter((each) => this.#denies(each, context))) {
          timesDenied.set(statement, (timesDenied.get(statement) ?? 0) + 1);
        }
      } else notForbidden ??= context;
      if (decision !== 'allowed') continue;
      const by = statements.filter(
        (statement) =>
          statement.effect === 'Allow' &&
          this.#simulate([everywhere(statement)], ANY_ACTION, ANY_RESOURCE, context, false) === 'allowed',
      );
      allowed.push({ context: this.#withoutGivens(context), by });
    }
    return {
      allowed: allowed.toSorted((one, other) => Object.keys(one.context).length - Object.keys(other.context).length),
      notForbidden,
      conditional: statements.filter(({ effect, conditions }) => effect === 'Allow' && conditions.length > 0),
      deniedBy: [...timesDenied].toSorted(([, one], [, other]) => other - one).map(([statement]) => statement),
      undecided: [],
    };
  }

  #denies(statement: Statement, context: Context): boolean {
    const denied = 'denied by an explicit Deny';
    return this.#simulate([everywhere(statement)], ANY_ACTION, ANY_RESOURCE, context, false) === denied;
  }

  /** Removes the present time and the caller's own identity, which every request has. */
  #withoutGivens(context: Context): Context {
    const isGiven = ([key, value]: [string, KeyValue]) => {
      const name = key.toLowerCase();
      if (isTimeKey(name)) return isNow(value, this.#nowMs);
      return (
        this.#caller !== 'anonymous' &&
        (name === 'aws:principalarn' ? value === this.#caller.arn : value === this.#caller.facts[name])
      );
    };
    return Object.fromEntries(Object.entries(context).filter((entry) => !isGiven(entry)));
  }

  #choicesFor(
    key: string,
    conditions: readonly Condition[],
    fixed: Readonly<Record<string, string | undefined>>,
  ): readonly KeyValue[] {
    const given = Object.entries(fixed).find(([name]) => name.toLowerCase() === key);
    if (given !== undefined) return [given[1]];
    if (isTimeKey(key)) {
      const times = new Set(timesToTry(conditions, this.#nowMs));
      return [...times].filter((time) => isPossible(key, time, this.#caller, this.#nowMs));
    }
    const facts = this.#facts();
    const variables = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)]));
    const values = [
      ...this.#ownValues(key),
      ...(key === 'aws:principalarn' ? this.#arnsOfCaller(conditions) : []),
      ...possibleValues(key),
      ...valuesToTry(conditions, variables, this.#nowMs),
      ...(key === 'aws:requestedregion' ? regionsToTry(conditions) : []),
    ];
    const unique = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
    return unique.filter((value) => isPossible(key, value, this.#caller, this.#nowMs));
  }

  /** Returns the caller's ARN in the accounts and below the paths that conditions name. */
  #arnsOfCaller(conditions: readonly Condition[]): readonly string[] {
    if (this.#caller === 'anonymous' || !this.#caller.isKnown) return [];
    const name = this.#caller.arn.split('/').at(-1) ?? '';
    return conditions
      .flatMap(({ values }) => values)
      .filter((value) => value.includes('/'))
      .map((value) => `${value.slice(0, value.lastIndexOf('/'))}/${name}`.replaceAll('*', SAMPLE_ACCOUNT));
  }

  /** Returns the known values that the caller's own requests carry under a key. */
  #ownValues(key: string): readonly string[] {
    if (this.#caller === 'anonymous') return [];
    const own = key === 'aws:principalarn' ? this.#caller.arn : this.#caller.facts[key];
    return own === undefined ? [] : [own];
  }

  #simulate(statements: readonly object[], action: string, resource: string, context: Context, alwaysAllowed: boolean) {
    const asked = { action, resource, context: { ...this.#facts(), ...context } };
    const caller = callerArn(this.#caller);
    const document = documentOf(statements);
    if (!this.#isOfResource) return this.#simulator.decide(asked, { identity: document, caller });
    const identity = alwaysAllowed ? { identity: ALLOWS_ALL } : {};
    return this.#simulator.decide(asked, { resource: document, caller, ...identity });
  }
}

/** Accepts both forms of a time. */
const isNow = (value: KeyValue, nowMs: number): boolean =>
  value === new Date(nowMs).toISOString() || value === String(Math.floor(nowMs / 1_000));

const DENIED: Access = { allowed: [], notForbidden: {}, conditional: [], deniedBy: [], undecided: [] };
const SAMPLE_CALLER = `arn:aws:iam::${SAMPLE_ACCOUNT}:user/sample`;
const ANY_ACTION = 's3:GetObject';
const ANY_RESOURCE = 'arn:aws:s3:::some-bucket/some-key';

const documentOf = (statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements });
const ALLOWS_ALL = documentOf([{ Effect: 'Allow', Action: '*', Resource: '*' }]);
const callerArn = (caller: Caller | 'anonymous') => (caller === 'anonymous' ? undefined : caller.arn);

/** Returns the statement with its conditions only; what it matches is already decided. */
function everywhere({ written, principals }: Statement): object {
  const { Effect, Condition } = written;
  const about = { Effect, Action: '*', Resource: '*' };
  const condition = Condition === undefined ? {} : { Condition };
  return principals.length === 0 && written['Principal'] === undefined && written['NotPrincipal'] === undefined
    ? { ...about, ...condition }
    : { ...about, Principal: '*', ...condition };
}

/** Yields every combination of values; those with the fewest keys come early. */
function* combined(
  choices: readonly { readonly key: string; readonly values: readonly KeyValue[] }[],
): Generator<Context> {
  const [first, ...rest] = choices;
  if (first === undefined) {
    yield {};
    return;
  }
  for (const value of first.values) {
    for (const others of combined(rest)) yield value === undefined ? others : { ...others, [first.key]: value };
  }
}
